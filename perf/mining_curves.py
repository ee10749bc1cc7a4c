"""Is it worth knowing each panel member's own ability when a candidate is settled?

    python -m perf.mining_curves [--tasks N] [--seeds N] [--spreads 0.5,1.0]

On the mixed pool (mining/mixed) with trusted people of unequal ability: the rule of
``decisions.mining.settle`` by the average panel member's curve, and by everybody's own, abilities known
exactly: the most that a live standing could ever tell. Each at several promote_at, beside the labels that the
best rule needs which does not know who answers (``Lattice.frontier``) at as many wrong keys. Both meet the
same people and answers: compare `own` with `average`. The optimum is that of the average panel, and a panel
of 24 drawn anew lies above or under it.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from goldvein.domain.policy import Policy
from goldvein.sim.builtin import path_of
from goldvein.sim.contest.table import markdown
from goldvein.sim.mining.lattice import Lattice, fewest_labels
from goldvein.sim.mining.pools import Pool, draw_tasks
from goldvein.sim.mining.rules import ASK, DROP, PROMOTE
from goldvein.sim.mining.scenario import read_mining
from goldvein.stats.arrays import Array
from goldvein.stats.mining import Evidence, labeler_curve, panel_curve, task_evidence
from goldvein.stats.model import AnswerModel, make_answer_model

SCENARIO = path_of("mining/mixed")
PROMOTE_AT = (0.75, 0.80, 0.835, 0.86)


def decide(
    answers: AnswerModel, k: int, said: Sequence[int], curves: Sequence[Array], policy: Policy
) -> tuple[str, int]:
    """``settle`` where there is always somebody left to ask, with a curve for each answer."""
    evidence = task_evidence(answers, k, said, curves)
    left = policy.panel_max - len(said)
    if promotes(evidence, policy):
        return PROMOTE, evidence.best
    hopeless = len(said) >= 2 and evidence.clean_probability(policy.ease_at_least) <= policy.abandon_below
    if hopeless or left <= 0:
        return DROP, evidence.best
    to_come = [panel_curve(answers, k)] * left
    agreed = task_evidence(answers, k, [*said, *[evidence.best] * left], [*curves, *to_come])
    return (ASK if promotes(agreed, policy) else DROP), evidence.best


def promotes(evidence: Evidence, policy: Policy) -> bool:
    sure = evidence.answer_probs[evidence.best] >= policy.promote_key_at
    return bool(sure and evidence.clean_probability(policy.ease_at_least) >= policy.promote_at)


def play(pool: Pool, tasks: int, seed: int, policy: Policy, *, own: bool) -> tuple[int, int, int]:
    """Labels, benchmarks and wrong keys of one seed."""
    draw = draw_tasks(np.random.default_rng(seed), pool, tasks, policy.panel_max)
    answers = make_answer_model(panel_sd=pool.spread)
    one, average = np.ones(1), panel_curve(answers, pool.options)
    curves = [labeler_curve(answers, pool.options, np.array([theta]), one) for theta in draw.abilities]
    known: dict[tuple[int, ...], tuple[str, int]] = {}
    labels = promoted = wrong = 0
    for row, people, key in zip(draw.answers.tolist(), draw.people.tolist(), draw.key.tolist(), strict=True):
        for count in range(1, len(row) + 1):
            said = tuple(row[:count]) if own else tuple(sorted(row[:count]))
            if own:
                mine = [curves[person] for person in people[:count]]
                word, best = decide(answers, pool.options, said, mine, policy)
            else:
                if said not in known:
                    known[said] = decide(answers, pool.options, said, [average] * count, policy)
                word, best = known[said]
            if word != ASK:
                break
        labels += count
        promoted += word == PROMOTE
        wrong += word == PROMOTE and best != key
    return labels, promoted, wrong


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tasks", type=int, default=3_000)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--spreads", default="0.5,1.0")
    options = parser.parse_args()
    base, body = read_mining(SCENARIO), []
    for spread in map(float, options.spreads.split(",")):
        pool = replace(base.pool, spread=spread)
        frontier = Lattice(pool, 14).frontier()
        for own in (False, True):
            for at in PROMOTE_AT:
                policy = Policy(promote_at=at, promote_exhausted_at=min(at, 0.75))
                runs = [
                    play(pool, options.tasks, seed, policy, own=own) for seed in range(1, options.seeds + 1)
                ]
                labels, promoted, wrong = np.sum(runs, axis=0).tolist()
                per, share = labels / promoted, wrong / promoted
                best = fewest_labels(frontier, share)
                cells = [f"{spread:g}", "own" if own else "average", f"{at:g}"]
                body.append([*cells, f"{per:.2f}", f"{share:.2%}", f"{best:.2f}", f"{per / best - 1:+.1%}"])
    print(markdown(("spread", "curve", "promote_at", "labels", "wrong keys", "optimum", "over it"), body))


if __name__ == "__main__":
    main()
