"""The contest of mining rules: all meet the same tasks and answers, beside the optimum for that pool."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING, Any

import numpy as np

from goldvein.sim.contest.ratios import Ratio, interval, pool
from goldvein.sim.mining.lattice import Lattice, fewest_labels
from goldvein.sim.mining.pools import draw_tasks
from goldvein.sim.mining.rules import ASK, GRID_ANSWERS, PROMOTE, all_rules, ordered
from goldvein.stats.model import make_answer_model

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from goldvein.sim.mining.lattice import Chances
    from goldvein.sim.mining.pools import Draw, Pool
    from goldvein.sim.mining.rules import Rule
    from goldvein.sim.mining.scenario import MiningScenario
    from goldvein.stats.arrays import IntArray

    Report = dict[str, Any]

FIGURES: Mapping[str, tuple[str, bool]] = {
    "labels_per_benchmark": ("labels per benchmark", False),
    "wrong_keys": ("wrong keys", True),
    "ambiguous_share": ("ambiguous", True),
    "lost": ("good tasks lost", True),
    "promoted": ("promoted", True),
}
"""Figures in the order in which they are shown: heading, and whether it is a share."""


def mine(rule: Rule, draw: Draw, options: int) -> tuple[IntArray, IntArray]:
    """Let a rule mine the tasks of a draw.

    Returns
    -------
    labels : (n_tasks,) int
        Answers spent on each.
    keys : (n_tasks,) int
        The key of each that was promoted, else -1. Where the panel runs out, a task is dropped.
    """
    labels, keys = np.zeros(len(draw.kind), dtype=np.int64), np.full(len(draw.kind), -1)
    for task, row in enumerate(draw.answers.tolist()):
        counts = [0] * (options + 1)
        for answer in row:
            counts[answer] += 1
            labels[task] += 1
            said = rule(ordered(tuple(counts)))
            if said == PROMOTE:
                keys[task] = int(np.argmax(counts[:options]))
            if said != ASK:
                break
    return labels, keys


def measure(pool_: Pool, draw: Draw, labels: IntArray, keys: IntArray) -> dict[str, Ratio]:
    """Sums behind the figures of one rule on one draw.

    Definitions. ``labels_per_benchmark``: trusted answers spent on all tasks, of those promoted.
    ``wrong_keys``, ``ambiguous_share``: of those promoted. ``lost``: of the tasks that have a key and are not
    ambiguous, those not promoted with their key. ``promoted``: of all tasks.
    """
    good = np.array([kind.good for kind in pool_.kinds])[draw.kind]
    promoted, right = keys >= 0, (keys == draw.key) & (keys >= 0)

    def ratio(top: Any, bottom: Any, *, share: bool = True) -> Ratio:
        return Ratio(np.asarray(top, float), np.asarray(bottom, float), of_labelers=share, share=share)

    return {
        "labels_per_benchmark": ratio(labels, promoted, share=False),
        "wrong_keys": ratio(promoted & ~right, promoted),
        "ambiguous_share": ratio(promoted & ~good, promoted),
        "lost": ratio(good & ~right, good),
        "promoted": ratio(promoted, np.ones(len(keys))),
    }


class MiningContest:
    """Every rule on every seed of a scenario."""

    def __init__(self, scenario: MiningScenario, seeds: int) -> None:
        self.scenario = scenario
        self.seeds = tuple(range(scenario.seed, scenario.seed + seeds))
        self.rules = all_rules(
            make_answer_model(), scenario.pool.options, scenario.policy, scenario.pool.trusted
        )
        self._found: dict[str, list[dict[str, Ratio]]] = {name: [] for name in self.rules}

    @property
    def steps(self) -> int:
        """Rounds to play: one for each rule and seed."""
        return len(self.rules) * len(self.seeds)

    def play(self, step: Callable[[str, int], None] = lambda *_: None) -> None:
        """Play all; ``step`` is told the rule and how many rounds are done."""
        pool_, done = self.scenario.pool, 0
        asked = max(GRID_ANSWERS, self.scenario.policy.panel_max)
        for seed in self.seeds:
            draw = draw_tasks(np.random.default_rng(seed), pool_, self.scenario.tasks, asked)
            for name, rule in self.rules.items():
                self._found[name].append(measure(pool_, draw, *mine(rule, draw, pool_.options)))
                done += 1
                step(name, done)

    def report(self) -> Report:
        """Figures of every rule with their intervals, and the optimum beside them."""
        scenario = self.scenario
        lattice = Lattice(scenario.pool, max(GRID_ANSWERS, scenario.policy.panel_max))
        frontier = lattice.frontier()
        rules = {}
        for name, rule in self.rules.items():
            exact = lattice.evaluate(rule)
            rules[name] = _figures(self._found[name]) | {
                "exact": _numbers(exact),
                "optimum_labels": _known(fewest_labels(frontier, exact.wrong_share)),
            }
        return {
            "scenario": scenario.name,
            "options": scenario.pool.options,
            "trusted": scenario.pool.trusted,
            "tasks": scenario.tasks,
            "seeds": list(self.seeds),
            "policy": scenario.policy.to_dict(),
            "rules": rules,
            "optimum": [_numbers(corner) for corner in frontier],
        }


def _figures(found: Sequence[dict[str, Ratio]]) -> Report:
    report: Report = {"intervals": {}}
    for name in FIGURES:
        ratios = [one[name] for one in found]
        value = pool(ratios).value
        report[name] = _known(value)
        report["intervals"][name] = [_known(end) for end in interval(ratios)] if not isnan(value) else None
    return report


def _numbers(chances: Chances) -> Report:
    """Expectations by name, as the contest's figures."""
    some = chances.promoted > 0
    return {
        "labels_per_benchmark": chances.labels_per_promoted if some else None,
        "wrong_keys": chances.wrong_share if some else None,
        "ambiguous_share": chances.ambiguous / chances.promoted if some else None,
        "lost": chances.lost,
        "promoted": chances.promoted,
    }


def _known(value: float) -> float | None:
    """JSON has no NaN."""
    return None if isnan(value) else value
