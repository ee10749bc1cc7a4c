"""What a crowd answers: everybody's next answer at once.

A labeler does the job, or follows its habit: guesses, a position, a content rule. Doing the job means to find
the option that its circle holds for right with the probability that its ability gives; mistakes go where
mistakes go on that task. Seconds are log-normal and alike for all, unless a group says otherwise: time gives
nothing away by default.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from goldvein.sim.contest.borrowed import Borrowed, another
from goldvein.sim.contest.items import Items, finding
from goldvein.sim.contest.people import FIRST, LAST, RANDOM, draw_people
from goldvein.sim.contest.tastes import Tastes
from goldvein.stats.arrays import Array, BoolArray, IntArray

if TYPE_CHECKING:
    from collections.abc import Sequence

    from goldvein.sim.contest.groups import Group
    from goldvein.sim.contest.items import World

SECONDS_BASE, SECONDS_PER_CHARACTER, SECONDS_SPREAD = 4.0, 0.03, 0.4


@dataclass(slots=True, eq=False)
class Served:
    """What is shown to some labelers, each of whom stands here once.

    Attributes
    ----------
    who : (n,) int
    is_benchmark : (n,) bool
    item : (n,) int
        Index into the world's benchmarks or ordinary tasks.
    order : (n, K) int
        ``order[i, position]`` is the option shown there.
    exposures : (n,) int
        Servings of that benchmark before this one.
    rate : (n,) float
        Share of benchmarks that the labeler is served at present.
    """

    who: IntArray
    is_benchmark: BoolArray
    item: IntArray
    order: IntArray
    exposures: IntArray
    rate: Array


@dataclass(slots=True, eq=False)
class Given:
    """What they answer.

    Attributes
    ----------
    choice : (n,) int
        Option in content order.
    seconds : (n,) float
    good : (n,) bool
        Whether the labeler was good while it gave this answer.
    """

    choice: IntArray
    seconds: Array
    good: BoolArray


class Crowd:
    """Labelers who live through a contest.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws the people; answers take the generator that they are given.
    world : World
    size : int, optional
        The scenario's size when not given.
    groups : sequence of Group, optional
        The scenario's groups when not given.

    Attributes
    ----------
    kinds, behaviours : tuple of str
        Names of the groups, and the kind of labeler behind each name.
    kind_of : (N,) int
        Index into ``kinds``.
    changed_at : (N,) int
        Answers after which a labeler stops doing the job for good; -1 for those who do not change.
    answered : (N,) int
        Answers given so far.
    """

    def __init__(
        self,
        rng: np.random.Generator,
        world: World,
        size: int | None = None,
        groups: Sequence[Group] | None = None,
    ) -> None:
        scenario, groups = world.scenario, world.scenario.groups if groups is None else groups
        self._n_benchmarks, self._bar = len(world.benchmarks), scenario.quality_bar
        self._pool = _joined(world.benchmarks, world.ordinary)
        self._rules = tuple(self._pool.picks)
        self._picks = np.array([self._pool.picks[rule] for rule in self._rules])
        self._wrong_below = self._pool.wrong.cumsum(axis=1)[:, :-1]
        self._tastes = Tastes(rng, groups, self._pool, self._n_benchmarks)
        self._people = people = draw_people(
            rng, groups, scenario.size if size is None else size, self._tastes, self._rules
        )
        self.kinds, self.behaviours, self.kind_of = people.kinds, people.behaviours, people.kind_of
        self.changed_at = np.where(people.sleeper, people.turns_at, -1)
        self.answered = np.zeros(people.size, dtype=np.int64)
        self._guessing = np.zeros(people.size, dtype=bool)
        self._rate = np.ones(people.size)
        self._borrowed = Borrowed(rng, people, self._pool, self._n_benchmarks)

    @property
    def size(self) -> int:
        """Number of labelers, N."""
        return self._people.size

    @property
    def good_at_work(self) -> BoolArray:
        """(N,) who is over the bar while it does the job, whatever else it does."""
        return self._over_the_bar(np.arange(self.size))

    def good(self) -> BoolArray:
        """(N,) who is good at its next answer: over the bar on the benchmarks, doing the job.

        An adapter is judged at the rate that it was served last.
        """
        return self._good(np.arange(self.size), self._rate)

    def answer(self, rng: np.random.Generator, served: Served) -> Given:
        """Let everybody who is served answer, and live on by one answer."""
        who, n_options = served.who, self._pool.n_options
        item = np.where(served.is_benchmark, served.item, served.item + self._n_benchmarks)
        self._rate[who] = served.rate
        guessing, off = self._next_guessing(rng, who), self._off_work(who, served.rate)
        good = self._good(who, served.rate)
        choice = self._at_work(rng, who, item)
        self._borrowed.copy(rng, who, item, choice)
        self._follow_habits(rng, served, item, off, choice)
        benchmark = np.where(served.is_benchmark, served.item, -1)
        self._borrowed.tell(rng, who, benchmark, served.exposures, off, choice)
        choice[guessing] = rng.integers(n_options, size=int(guessing.sum()))
        seconds = self._seconds(rng, who, item, guessing)
        self._live_on(rng, who)
        return Given(choice, seconds, good)

    def accuracy(self) -> Array:
        """(N,) mean accuracy on the benchmarks at the next answer, of somebody who does the job."""
        everybody = np.arange(self.size)
        return self._tastes.accuracy(self._ability(everybody), self._people.taste)

    def ability(self) -> Array:
        """(N,) ability at the next answer, logits: for tests of what a policy infers, not for policies."""
        return self._ability(np.arange(self.size))

    def _ability(self, who: IntArray) -> Array:
        """Ability at the next answer: what is learned by then, less what the day took."""
        people, answered = self._people, self.answered[who]
        theta: Array = people.theta[who]
        if people.learning.any():
            theta = theta - people.learning[who] * np.exp(-answered / people.learning_answers[who])
        if people.fatigue.any():
            theta = theta - people.fatigue[who] * (answered % people.day[who]) / (people.day[who] - 1)
        return theta

    def _over_the_bar(self, who: IntArray) -> BoolArray:
        """Whose mean accuracy on the benchmarks reaches the bar; odd guesses count into the mean."""
        people = self._people
        reached = self._tastes.accuracy(self._ability(who), people.taste[who])
        share = np.where(people.spell[who] > 1, 0.0, people.guesses[who])
        over: BoolArray = (1 - share) * reached + share / self._pool.n_options >= self._bar
        return over & (people.model[who] < 0)

    def _off_work(self, who: IntArray, rate: Array) -> BoolArray:
        """Who follows its habit now."""
        people = self._people
        off: BoolArray = (self.answered[who] >= people.turns_at[who]) | (rate < people.over[who])
        return off

    def _good(self, who: IntArray, rate: Array) -> BoolArray:
        in_spell = self._guessing[who] & (self._people.spell[who] > 1)
        return self._over_the_bar(who) & ~self._off_work(who, rate) & ~in_spell

    def _next_guessing(self, rng: np.random.Generator, who: IntArray) -> BoolArray:
        """Who guesses this answer: a two-state chain with the group's share and mean spell."""
        people = self._people
        if not people.guesses.any():
            return np.zeros(len(who), dtype=bool)
        share, spell = people.guesses[who], people.spell[who]
        free = np.maximum(1 - share, 1e-12)
        # Spells of one answer are independent guesses; longer ones end with probability 1 / spell.
        starts = np.where(spell > 1, np.minimum(share / free / spell, 1.0), share)
        stays = np.where(spell > 1, np.where(share < 1, 1 - 1 / spell, 1.0), share)
        chance = np.where(self.answered[who] == 0, share, np.where(self._guessing[who], stays, starts))
        guessing: BoolArray = rng.random(len(who)) < chance
        self._guessing[who] = guessing
        return guessing

    def _at_work(self, rng: np.random.Generator, who: IntArray, item: IntArray) -> IntArray:
        """Choices of people who do the job."""
        finds, rolls = finding(self._pool, self._ability(who), item), rng.random((2, len(who)))
        astray: IntArray = (rolls[1][:, None] >= self._wrong_below[item]).sum(axis=1)
        # Where the circle holds another option for right, what would have been a mistake for it is the key.
        prefers = self._tastes.prefers[self._people.taste[who], item]
        astray = np.where(astray == prefers, self._pool.key[item], astray)
        return np.where(rolls[0] < finds, prefers, astray)

    def _follow_habits(
        self, rng: np.random.Generator, served: Served, item: IntArray, off: BoolArray, choice: IntArray
    ) -> None:
        """Replace the choices of those who do not do the job."""
        at = np.flatnonzero(off)
        habit, n_options = self._people.habit[served.who[at]], self._pool.n_options
        picked = rng.integers(n_options, size=len(at))
        for code, position in ((FIRST, 0), (LAST, -1)):
            picked = np.where(habit == code, served.order[at, position], picked)
        content = habit > LAST
        picked[content] = self._picks[habit[content] - LAST - 1, item[at][content]]
        lapses = (habit > RANDOM) & (rng.random(len(at)) < self._people.lapse[served.who[at]])
        choice[at] = np.where(lapses, another(rng, picked, n_options), picked)

    def _seconds(self, rng: np.random.Generator, who: IntArray, item: IntArray, guessing: BoolArray) -> Array:
        """Seconds: longer for more text, with a pace of one's own; guesses only where a group says so."""
        people = self._people
        factor = people.speed[who] * np.where(guessing, people.guess_speed[who], 1.0)
        noise = np.exp(people.pace[who] + rng.normal(0, SECONDS_SPREAD, len(who)))
        seconds: Array = (SECONDS_BASE + SECONDS_PER_CHARACTER * self._pool.characters[item]) * noise * factor
        return seconds

    def _live_on(self, rng: np.random.Generator, who: IntArray) -> None:
        """Count the answer, and let ability drift."""
        self.answered[who] += 1
        if self._people.drift.any():
            self._people.theta[who] += self._people.drift[who] * rng.normal(size=len(who))


def _joined(benchmarks: Items, ordinary: Items) -> Items:
    """Both sorts of tasks in one pool, benchmarks first."""
    both = (benchmarks, ordinary)
    plain = ("difficulty", "discrimination", "key", "stored_key", "wrong", "characters")
    return Items(
        **{name: np.concatenate([getattr(items, name) for items in both]) for name in plain},
        features={},
        picks={rule: np.concatenate([items.picks[rule] for items in both]) for rule in benchmarks.picks},
    )
