"""Colluders who pool what they saw: what they can infer, and the damage that they do.

After Checco, Bates, Demartini, "Adversarial attacks on crowdsourcing quality control", JAIR 67 (2020): who
works for several tells gold by its repeats. Here a task goes to one labeler, so what two of a ring have seen
is a benchmark, or a decoy. What is bounded is the damage, in the contest whose truth is known; the ring is
stronger than a real one: every member knows at once, and rightly, the key of all that another has seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from goldvein.domain.policy import Policy
from goldvein.sim.contest import player
from goldvein.sim.contest.behaviour import Crowd
from goldvein.sim.contest.course import play
from goldvein.sim.contest.decoys import Decoys
from goldvein.sim.contest.items import make_world
from goldvein.sim.contest.rounds import OURS, make_player
from goldvein.sim.contest.scenario import scenario_from_dict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from goldvein.sim.contest.behaviour import Served
    from goldvein.sim.contest.player import Record
    from goldvein.sim.contest.scenario import Scenario
    from goldvein.stats.arrays import IntArray

SIZE = 200
ANSWERS = 600
RINGS = (2, 3, 5, 10)
CAPS = (5, 15, 50, 200)
SUBSETS = 60
SERVINGS_EACH = 90
"""Benchmarks that a labeler is served in a run at most, roughly: a pool must hold so many."""
_REST: Sequence[Mapping[str, Any]] = (
    {"kind": "random", "share": 0.04},
    {"kind": "shortcut", "rule": "longest", "share": 0.04},
    {"kind": "sleeper", "accuracy": [0.75, 0.95], "after": 100, "share": 0.02},
)
KINDS: Mapping[str, Mapping[str, Any]] = {
    "at once": {},
    "honest for 20 to 60 tasks": {"accuracy": [0.75, 0.95], "after": [20, 60]},
    "honest for 150 to 300 tasks": {"accuracy": [0.75, 0.95], "after": [150, 300]},
}


@dataclass(frozen=True, slots=True)
class Played:
    """One run: its record, and who was shown what in every step."""

    record: Record
    who: IntArray
    content: IntArray
    n_benchmarks: int
    most_exposed: int


def ring_scenario(
    ring: int,
    kind: str,
    *,
    policy: Mapping[str, float] | None = None,
    answers: int = ANSWERS,
    size: int = SIZE,
) -> Scenario:
    """A population with one ring; the pool is as large as the exposure budget makes mining keep it."""
    chosen = dict(policy or {})
    budget = int(chosen.get("exposure_budget", Policy().exposure_budget))
    pool = max(300, round(1.1 * size * SERVINGS_EACH / min(budget, size)))
    share = ring / size
    honest = 1 - share - sum(float(one["share"]) for one in _REST)
    ringed = [{"kind": "colluder", "share": share, **KINDS[kind]}] if ring else []
    return scenario_from_dict(
        {
            "population": {"size": size, "answers_each": answers},
            "project": {"benchmarks": pool},
            "policy": chosen,
            "labelers": [
                {"kind": "honest", "share": honest, "accuracy": [0.75, 0.95]},
                *ringed,
                *(dict(one) for one in _REST),
            ],
        },
        "ring",
    )


def play_ring(scenario: Scenario, seed: int, progress: Callable[[int], None] | None = None) -> Played:
    """Play our policy, with its decoys, on one seed."""
    tasks, people, learning, course, repeats = (
        np.random.default_rng(stream) for stream in np.random.SeedSequence(seed).spawn(5)
    )
    world = make_world(tasks, scenario)
    policy, n_benchmarks = Policy.from_dict(scenario.policy), len(world.benchmarks)
    decoys = Decoys(policy.decoy_share, n_benchmarks, repeats)
    who: list[IntArray] = []
    content: list[IntArray] = []

    def watch(served: Served) -> None:
        who.append(served.who.copy())
        content.append(decoys.content.copy())

    record = play(
        world, Crowd(people, world), make_player(OURS, world, learning), course, progress, decoys, watch
    )
    shown = np.concatenate(content)
    exposed = np.bincount(shown[shown < n_benchmarks], minlength=n_benchmarks)
    return Played(record, np.concatenate(who), shown, n_benchmarks, int(exposed.max()))


def damage(
    seeds: Iterable[int],
    rings: Sequence[int] = (5,),
    policy: Mapping[str, float] | None = None,
    answers: int = ANSWERS,
) -> list[dict[str, Any]]:
    """What rings deliver while bad: a line for each size and kind of ring.

    ``bad_share``: of all delivered labels, those given by ring members while bad (withdrawn ones count as
    delivered; ``bad_share_kept`` leaves them out); ``checked``: decoys and benchmarks among all answers;
    ``most_exposed``: servings of the most served benchmark, never more than the budget.
    """
    seeds = list(seeds)
    lines = []
    for ring in rings:
        for kind in KINDS:
            runs = [
                play_ring(ring_scenario(ring, kind, policy=policy, answers=answers), seed) for seed in seeds
            ]
            each = [_damage_of(run.record) for run in runs]
            lines.append(
                {
                    "ring": ring,
                    "of": SIZE,
                    "kind": kind,
                    **{name: float(np.mean([one[name] for one in each])) for name in each[0]},
                    "bad_share_worst": max(one["bad_share"] for one in each),
                    "most_exposed": max(run.most_exposed for run in runs),
                    "seeds": len(seeds),
                }
            )
    return lines


def _damage_of(record: Record) -> dict[str, float]:
    fate = record.fate
    mine = record.kind_of == record.kinds.index("colluder")
    kept = fate == player.DELIVERED
    delivered = kept | (fate == player.WITHDRAWN)
    bad = record.bad & mine
    active, checked = fate != player.NONE, (fate == player.BENCHMARK) | (fate == player.DECOY)
    return {
        "bad_share": float((delivered & bad).sum() / max(1, delivered.sum())),
        "bad_share_kept": float((kept & bad).sum() / max(1, kept.sum())),
        "wrong_share": float((delivered & bad & ~record.correct).sum() / max(1, delivered.sum())),
        "dismissed": float((record.dismissed_at[mine] >= 0).mean()),
        "checked": float(checked.sum() / active.sum()),
        "benchmarks": float((fate == player.BENCHMARK).sum() / active.sum()),
        "decoys": float((fate == player.DECOY).sum() / active.sum()),
    }


def inference(
    seed: int,
    caps: Sequence[int] = CAPS,
    rings: Sequence[int] = RINGS,
    decoy_shares: Sequence[float] = (0.0, Policy().decoy_share, 0.05),
    answers: int = ANSWERS,
) -> list[dict[str, Any]]:
    """Precision and recall of "two of us have seen it, so it is a benchmark": by cap, decoys and ring."""
    lines = []
    for cap in caps:
        for share in decoy_shares:
            policy = {"exposure_budget": cap, "exposure_cap": cap, "decoy_share": share}
            played = play_ring(ring_scenario(0, "at once", policy=policy, answers=answers), seed)
            lines += [
                {"exposure_cap": cap, "decoy_share": share, "ring": ring, **pooled(played, ring, seed)}
                for ring in rings
            ]
    return lines


def pooled(played: Played, ring: int, seed: int, subsets: int = SUBSETS) -> dict[str, Any]:
    """What rings of so many random labelers could have inferred from a run.

    ``precision``: of what two or more of them saw, the share that were benchmarks; ``recall``: of the
    benchmarks that they were served, those that two or more saw; ``forewarned``: of their servings of
    benchmarks, those that another had seen before.
    """
    rng = np.random.default_rng(seed)
    flagged = right = benchmarks = servings = warned = 0
    order = np.argsort(played.who, kind="stable")
    starts = np.searchsorted(played.who[order], np.arange(played.record.fate.shape[1] + 1))
    for _ in range(subsets):
        members = rng.choice(played.record.fate.shape[1], size=ring, replace=False)
        shown = np.concatenate([played.content[order[starts[one] : starts[one + 1]]] for one in members])
        content, times = np.unique(shown, return_counts=True)
        is_benchmark = content < played.n_benchmarks
        flagged += int((times > 1).sum())
        right += int((is_benchmark & (times > 1)).sum())
        benchmarks += int(is_benchmark.sum())
        servings += int(times[is_benchmark].sum())
        warned += int((times[is_benchmark] - 1).sum())
    return {
        "precision": right / flagged if flagged else None,
        "recall": right / benchmarks if benchmarks else None,
        "forewarned": warned / servings if servings else None,
    }
