"""Goldvein's own policy with its upkeep: wrong keys are found, frozen or mended, and standings told anew."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from goldvein.decisions.gate import State
from goldvein.decisions.upkeep import Freeze, Keep, Rekey, Watched, is_due, is_plain, look, looked_until
from goldvein.sim.contest.replaying import Step, replay
from goldvein.sim.contest.searching import Searching
from goldvein.stats.items import as_served, item_table
from goldvein.stats.keys import key_evidence, said_by

if TYPE_CHECKING:
    from goldvein.decisions.upkeep import Upkeep
    from goldvein.domain.policy import Policy
    from goldvein.sim.contest.behaviour import Given, Served
    from goldvein.sim.contest.items import World
    from goldvein.sim.contest.knowledge import Knowledge
    from goldvein.sim.contest.player import Moves
    from goldvein.stats.arrays import BoolArray, IntArray


@dataclass(frozen=True, slots=True)
class Mended:
    """What upkeep did to a benchmark, and when, after how many servings."""

    step: int
    item: int
    exposures: int
    what: Freeze | Rekey


class Upkept(Searching):
    """The policy ``default``: searching its own answers, and looking after its benchmarks.

    Nothing is mined in a contest, so benchmarks do not retire. Who was dismissed and has gone stays away,
    whatever is found out later.

    Parameters
    ----------
    world : World
    size : int
    knowledge : Knowledge
    policy : Policy

    Attributes
    ----------
    mended : list of Mended
    """

    def __init__(self, world: World, size: int, knowledge: Knowledge, policy: Policy) -> None:
        super().__init__(world, size, knowledge, policy)
        self.mended: list[Mended] = []
        self.pool = np.array(self.pool)
        self._starts = knowledge.starts
        self._keys = knowledge.starts[:, :-1].sum(axis=2).argmax(axis=1)
        self._frozen = np.zeros(len(self._keys), dtype=bool)
        self._looked_at = np.zeros(len(self._keys), dtype=np.int64)
        self._answers: dict[int, list[IntArray]] = defaultdict(list)
        self._steps: list[Step] = []

    @property
    def servings(self) -> IntArray:
        """How often each benchmark was served: (n_items,)."""
        return self._exposures

    def draw(self, rng: np.random.Generator, who: IntArray, unseen: BoolArray) -> IntArray:
        """Draw none that is frozen."""
        return super().draw(rng, who, unseen & ~self._frozen)

    def judge(self, served: Served, given: Given, step: int) -> Moves:
        """Judge as ever, then look at the benchmarks that were served often enough since."""
        moves = super().judge(served, given, step)
        who, tested, item, choice, first, last, exposures = self._past[-1]
        self._steps.append(Step(who, tested == 1, item, choice, first, last, exposures, given.seconds))
        told = np.stack([who, choice, first, last, exposures], axis=1)
        for at in np.flatnonzero(served.is_benchmark).tolist():
            self._answers[int(item[at])].append(told[at])
        due = np.flatnonzero(is_due(self._exposures, self._looked_at) & ~self._frozen)
        found = [(item, self._inspected(item)) for item in due.tolist()]
        for item, what in found:
            self._looked_at[item] = looked_until(int(self._exposures[item]), what)
        self._mend(step, [(item, what) for item, what in found if isinstance(what, Freeze | Rekey)])
        return moves

    def _inspected(self, item: int) -> Upkeep:
        who, choices, first, last, exposures = np.array(self._answers[item]).T
        chosen = self.pool[:, item, choices]
        likelihood = as_served(self.model, chosen, (first == choices, last == choices), exposures)
        said = said_by(self.model, self.n_options, choices, likelihood, self._posterior_all[:, who])
        key = int(self._keys[item])
        if is_plain(said, key):
            return Keep(1.0)
        evidence = key_evidence(self.model.answers, self.n_options, self._starts[item], said)
        watched = Watched(key, evidence, said, len(who), 0.0, guessable=True)
        return look(watched, self.policy)

    def _mend(self, step: int, found: list[tuple[int, Freeze | Rekey]]) -> None:
        """Take wrong keys out of use, or mend them, and tell every standing that they touched anew."""
        if not found:
            return
        for item, what in found:
            self.mended.append(Mended(step, item, int(self._exposures[item]), what))
            if isinstance(what, Freeze):
                self._frozen[item] = True
            else:
                self._keys[item] = what.key
                self._lay(item, what)
        touched = {who for item, _ in found for who, *_ in self._answers[item]}
        self._rescore(np.array(sorted(touched), dtype=np.int64))

    def _lay(self, item: int, what: Rekey) -> None:
        """Likelihoods of a benchmark under its new key."""
        items, model = self._world.benchmarks, self.model
        keys, weights = what.key_probs, what.difficulty_weights
        picks = {rule: (int(items.picks[rule][item]),) for rule in model.space.content_rules}
        self.pool[:, item] = item_table(model, keys, weights, picks)

    def _rescore(self, who: IntArray) -> None:
        """Standings of these labelers, as if what is frozen had never been asked."""
        own = np.isin(self._held % self.size, who)
        known = replay(self, who, self._steps, self._frozen, self._held[own], self.size)
        self._posterior_benchmarks[:, who] = known.posterior_benchmarks
        self._posterior_all[:, who] = known.posterior_all
        self.p_benchmarks[who], self.p_all[who] = known.p_benchmarks, known.p_all
        self.benchmarks[who], self.undecided[who] = known.benchmarks, known.undecided
        here = self._grace[who] >= 0
        back = here & (self.state[who] == State.DISMISSED) & (known.state != State.DISMISSED)
        self._grace[who[back]] = self.policy.dismissal_grace
        self.state[who[here]] = known.state[here]
        self._joints[:, own] = known.joints
