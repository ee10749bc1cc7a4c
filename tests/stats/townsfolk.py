"""Small crowds for discovery: people answer benchmarks until the filter dismisses them, and other work."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from goldvein.stats.choices import Choices
from goldvein.stats.items import item_table, served_likelihoods
from goldvein.stats.mining import task_evidence
from goldvein.stats.model import Model, make_model
from goldvein.stats.posterior import advance, condition, good_mass, newcomer
from goldvein.tasktypes.features import FEATURES, rules_of

RULES = tuple(rule for feature in FEATURES for rule in rules_of(feature))
MODEL = make_model(-1.5)
_K = 4


@dataclass
class Village:
    """A crowd: ``people`` says how many follow what; ``right`` how often a rule's option is the key."""

    people: dict[str, int]
    seed: int = 0
    right: dict[str, float] = field(default_factory=dict)
    lapse: float = 0.03
    benchmarks: int = 150
    tested: int = 25
    ordinary: int = 60
    model: Model = MODEL

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(self.seed)
        self.kinds = [kind for kind, count in self.people.items() for _ in range(count)]
        self.keys, self.picks = self._tasks(self.benchmarks)
        evidence = [task_evidence(self.model.answers, _K, [int(key)] * 5) for key in self.keys]
        self.tables = [
            item_table(
                self.model,
                one.key_probs,
                one.difficulty_weights(int(key)),
                {rule: (int(self.picks[item, f]),) for f, rule in enumerate(RULES)},
            )
            for item, (one, key) in enumerate(zip(evidence, self.keys, strict=True))
        ]
        self.attractor = (self.keys + self.rng.integers(1, _K, self.benchmarks)) % _K
        self.other = (self.keys + self.rng.integers(1, _K, self.benchmarks)) % _K
        self.apart = self.rng.random(self.benchmarks) < 0.5

    def _tasks(self, n: int) -> tuple[np.ndarray, np.ndarray]:
        """Keys, and the option that each rule picks."""
        keys = self.rng.integers(_K, size=n)
        picks = np.empty((n, len(RULES)), dtype=np.int64)
        for f, rule in enumerate(RULES):
            is_key = self.rng.random(n) < self.right.get(rule, 1 / _K)
            picks[:, f] = np.where(is_key, keys, (keys + self.rng.integers(1, _K, n)) % _K)
        return keys, picks

    def choose(self, kind: str, key: int, picks: np.ndarray, order: np.ndarray, item: int | None) -> int:
        """What somebody of a kind takes."""
        if kind == "random" or (kind not in {"honest", "poor", "taste", "expert"} and self._slips()):
            return int(self.rng.integers(_K))
        if kind == "first":
            return int(order[0])
        if kind in RULES:
            return int(picks[RULES.index(kind)])
        if kind == "taste" and item is not None and self.apart[item]:
            return int(self.other[item])
        accuracy = {"poor": 0.5, "expert": 0.99}.get(kind, self.rng.uniform(0.75, 0.95))
        if self.rng.random() < accuracy:
            return key
        if item is not None and self.rng.random() < 0.5:
            return int(self.attractor[item])
        return int((key + self.rng.integers(1, _K)) % _K)

    def _slips(self) -> bool:
        return bool(self.rng.random() < self.lapse)

    def work(self) -> tuple[Choices, np.ndarray, dict[str, list[Any]]]:
        """Everybody's answers, P(good) at the end, and the benchmark answers alone."""
        rows: list[tuple[int, int, np.ndarray, np.ndarray, np.ndarray, int, int]] = []
        served: dict[str, list[Any]] = {
            name: [] for name in ("tables", "orders", "choices", "exposures", "owners")
        }
        p_good = np.empty(len(self.kinds))
        for who, kind in enumerate(self.kinds):
            p, dismissed = newcomer(self.model), False
            for item in self.rng.choice(self.benchmarks, self.tested, replace=False):
                order = self.rng.permutation(_K)
                choice = self.choose(kind, int(self.keys[item]), self.picks[item], order, int(item))
                column = served_likelihoods(self.model, [self.tables[item]], [order], [choice], [3])
                p, _ = condition(advance(p, self.model), column)
                rows.append((who, choice, order, self.picks[item], column[:, 0], int(item), self.keys[item]))
                for name, value in zip(served, (self.tables[item], order, choice, 3, who), strict=True):
                    served[name].append(value)
                dismissed = bool(good_mass(p, self.model)[0] <= 0.002)
                if dismissed:
                    break
            p_good[who] = good_mass(p, self.model)[0]
            keys, picks = self._tasks(3 if dismissed else self.ordinary)
            for key, own in zip(keys, picks, strict=True):
                order = self.rng.permutation(_K)
                choice = self.choose(kind, int(key), own, order, None)
                rows.append((who, choice, order, own, np.ones(self.model.space.size), -1, -1))
        columns = list(zip(*rows, strict=True))
        picked = np.array(columns[3])
        orders = np.array(columns[2])
        answers = Choices(
            np.array(columns[0]), np.array(columns[1]), np.full(len(orders), _K), orders[:, 0],
            orders[:, -1], RULES,
            np.arange(_K)[None, :, None] == picked[:, None, :], np.array(columns[4]).T.copy(),
            np.array(columns[5]), np.array(columns[6]),
        )  # fmt: skip
        return answers, p_good, served
