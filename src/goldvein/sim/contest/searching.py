"""Goldvein's own policy with its hourly look for unlisted shortcuts, and a state for each once found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from goldvein.sim.contest.ours import Ours
from goldvein.stats.choices import Choices, leans_of
from goldvein.stats.discovery import Shortcut, discover, with_rules
from goldvein.stats.items import as_served
from goldvein.stats.model import convert
from goldvein.stats.states import RANDOM

if TYPE_CHECKING:
    from goldvein.domain.policy import Policy
    from goldvein.sim.contest.behaviour import Given, Served
    from goldvein.sim.contest.items import World
    from goldvein.sim.contest.knowledge import Knowledge
    from goldvein.sim.contest.player import Moves
    from goldvein.stats.arrays import Array, IntArray

LOOKS = (120, 240, 480, 960, 1920, 3840)
"""Steps after which all answers are searched: first after an hour, as in the service, then less often."""
_OTHERS = 100_000


@dataclass(frozen=True, slots=True)
class Found:
    """A shortcut, and the step after which it was named."""

    step: int
    shortcut: Shortcut


class Searching(Ours):
    """The policy ``default``, searching its own answers.

    Parameters
    ----------
    world : World
    size : int
    knowledge : Knowledge
    policy : Policy

    Attributes
    ----------
    found : list of Found
    """

    def __init__(self, world: World, size: int, knowledge: Knowledge, policy: Policy) -> None:
        super().__init__(world, size, knowledge, policy)
        self.found: list[Found] = []
        self._world = world
        self._past: list[IntArray] = []

    def judge(self, served: Served, given: Given, step: int) -> Moves:
        """Judge as ever; now and then look back."""
        moves = super().judge(served, given, step)
        ends = served.order[:, 0], served.order[:, -1]
        self._past.append(
            np.stack(
                [served.who, served.is_benchmark, served.item, given.choice, *ends, served.exposures]
            ).astype(np.int32)
        )
        if step + 1 in LOOKS:
            self._look(step)
        return moves

    def _look(self, step: int) -> None:
        """Search what there is, and judge by what is found from the next answer on."""
        answers = self._choices(np.concatenate(self._past, axis=1), np.random.default_rng(step))
        found = discover(self.model, answers, self.p_benchmarks, np.ones(self.size))
        self.found += [Found(step, one) for one in found.shortcuts]
        rules = [one.rule for one in found.shortcuts]
        if rules:
            grown = with_rules(self.model, rules)
            self._grow(rules, leans_of(answers, self.p_benchmarks, grown.space.content_rules))

    def _grow(self, rules: list[str], leaning: dict[str, float]) -> None:
        """Give rules a state: in the model, on every benchmark, and in every standing."""
        before, self.model = self.model, with_rules(self.model, rules, leaning)
        rows = np.array([self._row(rule) for rule in rules])
        self.pool = np.concatenate([self.pool, rows])
        self._posterior_benchmarks = convert(self._posterior_benchmarks, before, self.model)
        self._posterior_all = convert(self._posterior_all, before, self.model)
        self._joints = convert(self._joints, before, self.model)
        self._hindsight.grow(self.model, len(rules), RANDOM)

    def _row(self, rule: str) -> Array:
        """What a follower answers to each benchmark: (n_items, K + 1)."""
        model, items = self.model, self._world.benchmarks
        row = np.full((len(items), items.n_options + 1), (1 - model.random_none) / items.n_options)
        row[:, -1] = model.random_none
        row *= model.lapse
        row[np.arange(len(items)), items.picks[rule]] += 1 - model.lapse
        return row

    def _choices(self, past: IntArray, rng: np.random.Generator) -> Choices:
        """All answers to benchmarks, ordinary ones of suspects, and some of the others for how they lean."""
        suspect = self.p_benchmarks < 0.5
        ordinary = past[1] == 0
        kept = ~ordinary | suspect[past[0]]
        others = np.flatnonzero(~kept)
        kept[rng.choice(others, min(_OTHERS, len(others)), replace=False)] = True
        who, is_benchmark, item, choice, first, last, exposures = past[:, kept]
        asked = is_benchmark == 1
        both = self._world.benchmarks, self._world.ordinary
        rules = sorted(both[0].picks)
        picked = [np.where(asked, *(_at(one.picks[rule], item) for one in both)) for rule in rules]
        marks = np.arange(both[0].n_options)[:, None] == np.stack(picked, axis=1)[:, None, :]
        likelihood = np.ones((self.model.space.size, len(who)))
        chosen = self.pool[:, item[asked], choice[asked]]
        shown = first[asked] == choice[asked], last[asked] == choice[asked]
        likelihood[:, asked] = as_served(self.model, chosen, shown, exposures[asked])
        return Choices(
            who, choice, np.full(len(who), both[0].n_options), first, last, rules, marks, likelihood,
            np.where(asked, item, -1), np.where(asked, _at(both[0].stored_key, item), -1),
        )  # fmt: skip


def _at(values: IntArray, item: IntArray) -> IntArray:
    """Values of these items; of those beyond the last, whatever."""
    return values[np.minimum(item, len(values) - 1)]
