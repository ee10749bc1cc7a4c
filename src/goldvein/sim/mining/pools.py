"""Pools of tasks to be mined: how often a trusted labeler is right on each kind, and where mistakes go."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from goldvein.stats.arrays import Array, IntArray

ABILITIES = np.linspace(-2.5, 2.5, 11)
"""Places, in standard deviations, at which the abilities of a panel are averaged."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of task in a pool.

    Attributes
    ----------
    name : str
    share : float
        Of the pool's tasks.
    accuracy : float
        P(right) of a trusted labeler of mean ability. Of a task that cannot be answered: P(says so).
    attractor : float
        Share of mistakes that fall on one and the same wrong option; the others spread evenly.
    none : float
        Share of mistakes that are "cannot be answered".
    ambiguous : bool
        Whether it would make a poor benchmark even with the right key.
    answerable : bool
        Whether it has a key.
    """

    name: str
    share: float
    accuracy: float
    attractor: float
    none: float = 0.0
    ambiguous: bool = False
    answerable: bool = True

    @property
    def good(self) -> bool:
        """Whether it is worth having as a benchmark."""
        return self.answerable and not self.ambiguous

    def answer_probs(self, options: int, theta: float = 0.0) -> Array:
        """P(each answer) of somebody ``theta`` logits over the panel's mean: (K + 1,).

        The key, or else the attractor, stands at 0, the attractor of a task with a key at 1, and
        "cannot be answered" at K.
        """
        right = self._accuracy_at(options, theta)
        probs = np.zeros(options + 1)
        if not self.answerable:
            probs[options] = right
            probs[:options] = (1 - right) * self._spread(options)
            return probs
        probs[0] = right
        probs[1:options] = (1 - right) * (1 - self.none) * self._spread(options - 1)
        probs[options] = (1 - right) * self.none
        return probs

    def _spread(self, wrong: int) -> Array:
        """Where mistakes go: the attractor first."""
        spread = np.full(wrong, (1 - self.attractor) / max(1, wrong - 1))
        spread[0] = self.attractor if wrong > 1 else 1.0
        return spread

    def _accuracy_at(self, options: int, theta: float) -> float:
        """P(right): tasks are solved, or guessed at one in K; ability moves what is solved."""
        chance = 1 / options if self.answerable else 0.0
        if theta == 0.0 or not chance < self.accuracy < 1:
            return self.accuracy
        solved = (self.accuracy - chance) / (1 - chance)
        moved = 1 / (1 + exp(-theta - log(solved / (1 - solved))))
        return chance + (1 - chance) * moved


@dataclass(frozen=True, slots=True)
class Pool:
    """Tasks to be mined and the panel that answers them.

    Attributes
    ----------
    options : int
        K.
    kinds : tuple of Kind
        Their shares sum to one.
    trusted : int
        People on the panel; each answers a task once at most.
    spread : float
        Standard deviation of their abilities, in logits.
    """

    options: int
    kinds: tuple[Kind, ...]
    trusted: int = 24
    spread: float = 0.0

    def mean_probs(self) -> Array:
        """P(answer) of somebody drawn from the panel, for each kind: (n_kinds, K + 1)."""
        if self.spread == 0:
            return np.array([kind.answer_probs(self.options) for kind in self.kinds])
        weights = np.exp(-0.5 * ABILITIES**2)
        curves = [
            weight * np.array([kind.answer_probs(self.options, self.spread * place) for kind in self.kinds])
            for place, weight in zip(ABILITIES, weights / weights.sum(), strict=True)
        ]
        mean: Array = np.sum(curves, axis=0)
        return mean


@dataclass(frozen=True, slots=True, eq=False)
class Draw:
    """Tasks of a pool, with what the first people asked would answer to each.

    Attributes
    ----------
    kind : (n_tasks,) int
    key : (n_tasks,) int
        K where it cannot be answered.
    answers : (n_tasks, n_asked) int
        K for "cannot be answered".
    people : (n_tasks, n_asked) int
        Who gives each answer.
    abilities : (n_trusted,) float
    roles : (n_tasks, K + 1) int
        Where the pool's roles stand: the option of the key, of the attractor, of each other; last K.
    """

    kind: IntArray
    key: IntArray
    answers: IntArray
    people: IntArray
    abilities: Array
    roles: IntArray


def draw_tasks(rng: np.random.Generator, pool: Pool, n_tasks: int, asked: int) -> Draw:
    """Draw tasks, and the answers of as many different people to each as anybody may ask for.

    Every rule meets these same answers in the same order, and stops where it wants to.
    """
    k, asked = pool.options, min(asked, pool.trusted)
    kind = rng.choice(len(pool.kinds), size=n_tasks, p=[one.share for one in pool.kinds])
    abilities = pool.spread * rng.standard_normal(pool.trusted)
    people = np.argsort(rng.random((n_tasks, pool.trusted)), axis=1)[:, :asked]
    table = np.array([[one.answer_probs(k, theta) for theta in abilities] for one in pool.kinds])
    reached = np.cumsum(table[kind[:, None], people], axis=2)
    role = (rng.random((n_tasks, asked, 1)) > reached[..., :-1]).sum(axis=2)
    # Roles (key, attractor, others) become options: a shuffle of its own for every task.
    places = np.concatenate([np.argsort(rng.random((n_tasks, k)), axis=1), np.full((n_tasks, 1), k)], axis=1)
    answerable = np.array([one.answerable for one in pool.kinds])[kind]
    return Draw(
        kind=kind,
        key=np.where(answerable, places[:, 0], k),
        answers=np.take_along_axis(places, role, axis=1),
        people=people,
        abilities=abilities,
        roles=places,
    )
