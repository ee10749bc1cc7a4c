"""Whom to audit, so that a given number of audits tells most about how often the filter errs.

A random sample spends itself on people of whom everybody is sure. What is not known hangs on how far the
filter's word is off around the bar, and on strata that are large; and where the good are hardly better than
the bad, an audit tells little. All of it is in one rule: the next audit goes where it shrinks both variances
most.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from goldvein.stats.audits import behind, values_of
from goldvein.stats.second_answers import between, state_likelihoods

if TYPE_CHECKING:
    from goldvein.stats.arrays import Array, IntArray
    from goldvein.stats.audits import People, Setting

AT_RANDOM: Final = 0.2
"""Share of audits that go to anybody: nothing that nobody thought of stays unseen."""
_STEP: Final = 0.1
_SHARED: Final = 6
_SAMPLE: Final = 100
"""People of a stratum by whom it is judged how much an audit in it tells."""


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """Who is audited, by places among the people, with the chance of each; the first came from all."""

    places: IntArray
    chance: Array
    at_random: int


def draw(rng: np.random.Generator, setting: Setting, people: People, n_audits: int, answers: int) -> Drawn:
    """Draw whom to audit: some at random from everybody, the others by ``allocation`` within strata.

    Within a stratum everybody has the same chance, so that audits are a sample of it.
    """
    n = len(people.strata)
    present, place, room = np.unique(people.strata, return_inverse=True, return_counts=True)
    anybody = round(AT_RANDOM * min(n_audits, n))
    first = rng.permutation(n)[:anybody]
    taken = np.bincount(place[first], minlength=len(present))
    given = allocation(rng, setting, people, n_audits, answers, taken)
    chosen = [first]
    for at in range(len(present)):
        own = np.setdiff1d(np.flatnonzero(place == at), first)
        chosen.append(rng.permutation(own)[: given[at] - taken[at]])
    places = np.concatenate(chosen)
    chance = anybody / n + (1 - anybody / n) * (given - taken) / np.maximum(room - taken, 1)
    return Drawn(places, chance[place[places]], anybody)


def allocation(
    rng: np.random.Generator, setting: Setting, people: People, n_audits: int, answers: int, taken: IntArray
) -> IntArray:
    """How many audits each stratum gets: (n_strata,), in the order of ``np.unique(people.strata)``.

    By a linear form of the model of ``audits``: the share of the good in a group moves by the mean gradient
    c of its people's P(good), and an audit adds its Fisher information to the precision of the values. Each
    goes where ``log Var(bad among those who deliver) + log Var(good among those kept out)`` falls most.

    Parameters
    ----------
    taken : (n_strata,) int
        Audits that each has already.

    Source
    ------
    Bayesian c-optimal design, one at a time (Chaloner & Verdinelli 1995, section 2). With strata alone, and
    nothing that they share, it is Neyman's allocation.
    """
    present, place, room = np.unique(people.strata, return_inverse=True, return_counts=True)
    some = np.concatenate(
        [rng.permutation(np.flatnonzero(place == at))[:_SAMPLE] for at in range(len(present))]
    )
    moves, tells = _sensitivity(setting, people.posteriors[some], place[some], len(present), answers)
    weight = (room / np.bincount(place[some]))[place[some]]
    wanted = np.array(
        [
            np.average(moves[who[some]], axis=0, weights=weight[who[some]])
            for who in (people.delivers, people.kept_out)
            if who.any()
        ]
    )
    told = np.array([tells[place[some] == at].mean(axis=0) for at in range(len(present))])
    precision = np.eye(moves.shape[1]) + np.tensordot(taken, told, axes=1)
    given = taken.copy()
    for _ in range(min(n_audits, len(place)) - int(taken.sum())):
        spread = np.linalg.inv(precision + told)  # one for each stratum that may be next
        after = np.log(np.einsum("gi,sij,gj->sg", wanted, spread, wanted)).sum(axis=1)
        best = int(np.argmin(np.where(given < room, after, np.inf)))
        given[best] += 1
        precision = precision + told[best]
    return given


def _sensitivity(
    setting: Setting, posteriors: Array, place: IntArray, n_strata: int, answers: int
) -> tuple[Array, Array]:
    """How each labeler's P(good) moves with the values, and what one audit tells of these.

    Returns
    -------
    moves : (n, n_values) float
    tells : (n, n_values, n_values) float
        Fisher information of how often an auditor agrees.
    """
    n, n_values = len(place), _SHARED + n_strata
    counts = np.arange(answers + 1)
    ways = np.concatenate([[1.0], np.cumprod((answers - counts[:-1]) / (counts[:-1] + 1))])
    told = state_likelihoods(setting.curves, counts, np.full(answers + 1, answers)) * ways[:, None]

    def at(values: Array, own: float) -> tuple[Array, Array]:
        x = np.concatenate([values, np.full(n_strata, own)])[None]
        drawn = values_of(x, setting.prior)
        truth = behind(setting, posteriors, place, drawn)[0]
        return truth[:, setting.good].sum(axis=1), truth @ between(told, drawn.shift, drawn.auditor)[0].T

    _, chance = at(np.zeros(_SHARED), 0.0)
    moves, slopes = np.zeros((n, n_values)), np.zeros((n, n_values, answers + 1))
    for value in range(_SHARED + 1):
        step = np.zeros(_SHARED + 1)
        step[value] = _STEP
        up, down = at(step[:_SHARED], step[_SHARED]), at(-step[:_SHARED], -step[_SHARED])
        column = np.full(n, value) if value < _SHARED else _SHARED + place
        moves[np.arange(n), column] = (up[0] - down[0]) / (2 * _STEP)
        slopes[np.arange(n), column] = (up[1] - down[1]) / (2 * _STEP)
    return moves, np.einsum("nik,njk,nk->nij", slopes, slopes, 1 / np.maximum(chance, 1e-12))
