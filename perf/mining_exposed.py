"""Wrong keys still active after a crowd has met each benchmark 20 times.

    python -m perf.mining_exposed [SCENARIO.toml] [--benchmarks N] [--exposures N] [--seeds N] [--json FILE]

Benchmarks are mined from the pool by our rule. Then a crowd answers them, known to nobody: 70% do the job,
with a mean accuracy of .75 to .95 on these benchmarks (on ambiguous ones they are split between key and
attractor, as the pool says), 15% answer at random, 10% take the longest option, which tells nothing of the
key, 5% the first shown. All that is known of a person is the filter's posterior (``stats.posterior``), from
the same answers. As in the service, a benchmark is looked at when its exposures have grown by a quarter and
5 at least (``decisions.upkeep``); what is frozen or retired is served no more, and who is dismissed works no
more. In the end every benchmark that is left is looked at once more.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from goldvein.decisions.mining import Promote, settle
from goldvein.decisions.upkeep import Freeze, Keep, Rekey, Retire, Upkeep, Watched, is_due, look, looked_until
from goldvein.sim.builtin import path_of
from goldvein.sim.contest.ratios import Ratio, interval, pool
from goldvein.sim.mining.contest import mine
from goldvein.sim.mining.pools import Kind, draw_tasks
from goldvein.sim.mining.rules import settled
from goldvein.sim.mining.scenario import MiningScenario, read_mining
from goldvein.stats.arrays import Array, BoolArray, IntArray
from goldvein.stats.items import bar_theta, item_table, served_likelihoods
from goldvein.stats.keys import key_evidence, panel_start, said_by
from goldvein.stats.model import Model, make_answer_model, make_model
from goldvein.stats.posterior import advance, condition, good_mass, newcomer

SCENARIO = path_of("mining/mixed")
ANSWERS = make_answer_model()
EACH = 50  # benchmarks that a person answers, on average
HONEST, RANDOM, LONGEST, FIRST = range(4)
SHARES = (0.70, 0.15, 0.10, 0.05)
LAPSE = 0.03


@dataclass
class Benchmark:
    """What is stored of a benchmark, and the truth, which is looked at in the end only."""

    kind: Kind
    roles: list[int]  # the key's option, the attractor's, the others'
    truth: int
    key: int
    panel: tuple[int, ...]
    longest: int
    table: Array
    active: bool = True
    looked_at: int = 0
    last: Upkeep | None = None
    choices: list[int] = field(default_factory=list)
    people: list[int] = field(default_factory=list)
    likelihoods: list[Array] = field(default_factory=list)


def mined(rng: np.random.Generator, scenario: MiningScenario, wanted: int) -> tuple[list[Benchmark], Model]:
    """Benchmarks by our rule, and the model that a project opens with on them."""
    pool_, policy = scenario.pool, scenario.policy
    draw = draw_tasks(rng, pool_, 4 * wanted, policy.panel_max)
    rule = settled(ANSWERS, pool_.options, policy, pool_.trusted)
    labels, keys = mine(rule, draw, pool_.options)
    rows = np.flatnonzero(keys >= 0)[:wanted]
    found = []
    for row in rows.tolist():
        panel = tuple(draw.answers[row, : labels[row]].tolist())
        settlement = settle(ANSWERS, pool_.options, panel, pool_.trusted - len(panel), policy)
        assert isinstance(settlement, Promote)
        found.append((row, panel, settlement))
    weights = [settlement.difficulty_weights for _, _, settlement in found]
    model = make_model(bar_theta(policy.quality_bar, ANSWERS, [pool_.options] * len(found), weights))
    benchmarks = []
    for row, panel, settlement in found:
        longest, shortest = rng.permutation(pool_.options)[:2].tolist()
        rules = {"longest": (longest,), "shortest": (shortest,)}
        table = item_table(model, settlement.key_probs, settlement.difficulty_weights, rules)
        kind, truth = pool_.kinds[draw.kind[row]], int(draw.key[row])
        benchmarks.append(
            Benchmark(kind, roles_of(draw.roles[row]), truth, settlement.key, panel, longest, table)
        )
    return benchmarks, model


def roles_of(places: IntArray) -> list[int]:
    return [int(place) for place in places]


def ability(accuracy: float, benchmarks: list[Benchmark], options: int) -> float:
    """Ability whose mean accuracy on these benchmarks, by their true keys, is the given one."""
    kinds = {one.kind.name: one.kind for one in benchmarks}
    counts = {name: sum(one.kind.name == name for one in benchmarks) for name in kinds}
    low, high = -8.0, 8.0
    for _ in range(40):
        middle = (low + high) / 2
        mean = sum(n * kinds[name].answer_probs(options, middle)[0] for name, n in counts.items())
        low, high = (middle, high) if mean / len(benchmarks) < accuracy else (low, middle)
    return (low + high) / 2


def answer(
    rng: np.random.Generator, who: int, theta: float, one: Benchmark, order: IntArray, options: int
) -> int:
    if who == HONEST:
        role = int(rng.choice(options + 1, p=one.kind.answer_probs(options, theta)))
        return options if role == options else one.roles[role]
    if who == RANDOM or rng.random() < LAPSE:
        return int(rng.integers(options))
    return one.longest if who == LONGEST else int(order[0])


def look_at(one: Benchmark, model: Model, standings: Array, scenario: MiningScenario) -> None:
    """What upkeep does with a benchmark after the answers it has."""
    k = scenario.pool.options
    columns = np.array(one.likelihoods).T.reshape(model.space.size, -1)
    said = said_by(model, k, np.array(one.choices, dtype=np.int64), columns, standings[:, one.people])
    evidence = key_evidence(ANSWERS, k, panel_start(ANSWERS, k, one.panel), said)
    guessable = one.longest == one.key
    watched = Watched(one.key, evidence, said, len(one.choices), 0.0, guessable=guessable)
    one.last = look(watched, scenario.policy)
    one.looked_at = looked_until(len(one.choices), one.last)
    if isinstance(one.last, Freeze | Retire):
        one.active = False
    if isinstance(one.last, Rekey):
        one.key = one.last.key


def expose(
    rng: np.random.Generator, scenario: MiningScenario, wanted: int, exposures: int
) -> tuple[list[Benchmark], Array, IntArray]:
    """Let a crowd meet the benchmarks; the filter follows it, upkeep the benchmarks."""
    benchmarks, model = mined(rng, scenario, wanted)
    k = scenario.pool.options
    n = wanted * exposures // EACH
    kind = rng.choice(4, size=n, p=SHARES)
    thetas = [ability(rng.uniform(0.75, 0.95), benchmarks, k) if who == HONEST else 0.0 for who in kind]
    standings, working = newcomer(model, n), np.ones(n, dtype=bool)
    unseen = np.ones((n, len(benchmarks)), dtype=bool)
    for _ in range(3 * EACH):
        for person in rng.permutation(np.flatnonzero(working)).tolist():
            open_ = np.array([one.active and len(one.choices) < exposures for one in benchmarks])
            choice_of = np.flatnonzero(open_ & unseen[person])
            if not len(choice_of):
                continue
            place = int(rng.choice(choice_of))
            one, order = benchmarks[place], rng.permutation(k)
            unseen[person, place] = False
            said = answer(rng, kind[person], thetas[person], one, order, k)
            column = served_likelihoods(model, [one.table], [order], [said], [len(one.choices)])
            moved, _ = condition(advance(standings[:, [person]], model), column)
            standings[:, [person]] = moved
            working[person] = good_mass(moved, model)[0] > scenario.policy.dismiss_at
            one.choices.append(said)
            one.people.append(person)
            one.likelihoods.append(column[:, 0])
        for one in benchmarks:
            if one.active and is_due(len(one.choices), one.looked_at):
                look_at(one, model, standings, scenario)
    for one in benchmarks:
        if one.active and one.choices:
            look_at(one, model, standings, scenario)
    return benchmarks, good_mass(standings, model), kind


def figures(benchmarks: list[Benchmark]) -> dict[str, Ratio]:
    """Shares of the benchmarks, before and after."""
    first = np.array([one.panel and max(set(one.panel), key=one.panel.count) for one in benchmarks])
    truth = np.array([one.truth for one in benchmarks])
    now = np.array([one.key for one in benchmarks])
    active = np.array([one.active for one in benchmarks])
    good = np.array([one.kind.good for one in benchmarks])

    def share(top: BoolArray, bottom: BoolArray) -> Ratio:
        return Ratio((top & bottom).astype(float), bottom.astype(float), of_labelers=True)

    everything = np.ones(len(benchmarks), dtype=bool)
    return {
        "wrong_as_mined": share(first != truth, everything),
        "wrong_active": share(now != truth, active),
        "wrong_found": share(~active | (now == truth), first != truth),
        "good_lost": share(~active | (now != truth), good & (first == truth)),
        "ambiguous_as_mined": share(~good, everything),
        "ambiguous_active": share(~good, active),
        "ambiguous_right_out": share(~active | (now != truth), ~good & (first == truth)),
        "active": share(active, everything),
    }


def ends(benchmarks: list[Benchmark]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for one in benchmarks:
        if one.last is not None and not isinstance(one.last, Keep):
            reason = one.last.reason.split(":")[0] if isinstance(one.last, Retire) else ""
            name = f"{type(one.last).__name__} {reason}".strip()
            name += ", good" if one.kind.good else ", ambiguous"
            counts[name] = counts.get(name, 0) + 1
    return counts


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("scenario", nargs="?", type=Path, default=SCENARIO)
    parser.add_argument("--benchmarks", type=int, default=1_000)
    parser.add_argument("--exposures", type=int, default=20)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first", type=int, default=1, help="first seed")
    parser.add_argument("--json", dest="json_path", type=Path)
    options = parser.parse_args()
    scenario, found, total = read_mining(options.scenario), [], dict[str, int]()
    for seed in range(options.first, options.first + options.seeds):
        rng = np.random.default_rng(seed)
        benchmarks, _, _ = expose(rng, scenario, options.benchmarks, options.exposures)
        found.append(figures(benchmarks))
        for name, count in ends(benchmarks).items():
            total[name] = total.get(name, 0) + count
    report: dict[str, Any] = {"benchmarks": options.benchmarks, "seeds": options.seeds, "ends": total}
    for name in found[0]:
        ratios = [one[name] for one in found]
        low, high = interval(ratios)
        report[name] = {"value": pool(ratios).value, "low": low, "high": high}
        print(f"{name:20} {pool(ratios).value:7.2%} ({100 * low:.2f}-{100 * high:.2f})")
    for name, count in sorted(total.items()):
        print(f"{count:5}  {name}")
    if options.json_path:
        options.json_path.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
