"""Whom to audit, so that a given number of audits tells most about how often the filter errs.

A random sample spends itself on people of whom everybody is sure. What is not known hangs on how far the
filter's word is off around the bar, on those of whom it knows little, and on a few who may have fooled it;
and where the good are hardly better than the bad, an audit tells little. All of it is in one rule: play what
audits may come to under all that is believed, and give the next one to where both shares are known best
afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from goldvein.stats.audits import behind
from goldvein.stats.second_answers import between, state_likelihoods

if TYPE_CHECKING:
    from goldvein.stats.arrays import Array, IntArray
    from goldvein.stats.audits import People, Setting, Values

PART: Final = 10
"""Audits that are drawn before it is looked at what they found: the next ones start from there."""
AT_RANDOM: Final = 0.2
"""Share of audits that go to anybody: nothing that nobody thought of stays unseen."""
_SPREADS: Final = 10
"""Parts of all people, by how closely the filter knows an ability: it errs where it knows little."""
_SAMPLE: Final = 30
"""People of a cell by whom it is judged what an audit in it may come to."""
_TRUTHS: Final = 100
"""Draws that are taken for the truth in turn."""


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """Who is audited, by places among the people, with the chance of each; the first came from all."""

    places: IntArray
    chance: Array
    at_random: int


def draw(
    rng: np.random.Generator, setting: Setting, people: People, values: Values, n_audits: int, answers: int
) -> Drawn:
    """Draw whom to audit: some at random from everybody, the others by ``allocation`` within cells.

    Within a cell everybody has the same chance, so that audits are a sample of it.

    Parameters
    ----------
    values : Values
        What is believed now: from ``audits.calibrate``, or from its prior. Who is drawn thus hangs on what
        audits have found, and never on anybody's truth.
    """
    n = len(people.strata)
    _, place, room = np.unique(cells_of(setting, people), return_inverse=True, return_counts=True)
    anybody = round(AT_RANDOM * min(n_audits, n))
    first = rng.permutation(n)[:anybody]
    taken = np.bincount(place[first], minlength=len(room))
    outlook = foresee(rng, setting, people, place, values, answers)
    given = allocation(rng, outlook, room, min(n_audits, n), taken)
    chosen = [first]
    for cell in range(len(room)):
        own = np.setdiff1d(np.flatnonzero(place == cell), first)
        chosen.append(rng.permutation(own)[: given[cell] - taken[cell]])
    places = np.concatenate(chosen)
    chance = anybody / n + (1 - anybody / n) * (given - taken) / np.maximum(room - taken, 1)
    return Drawn(places, chance[place[places]], anybody)


def cells_of(setting: Setting, people: People) -> IntArray:
    """Cell of each labeler: its stratum, and the part of all by how closely its ability is known: (n,)."""
    n_abilities = setting.model.space.n_abilities
    abilities = people.posteriors[:, :n_abilities] + 1e-12
    abilities = abilities / abilities.sum(axis=1, keepdims=True)
    thetas = setting.model.space.thetas
    spread = abilities @ thetas**2 - (abilities @ thetas) ** 2
    cuts = np.quantile(spread, np.arange(1, _SPREADS) / _SPREADS)
    return np.asarray(people.strata * _SPREADS + np.searchsorted(cuts, spread), dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Outlook:
    """What is believed of the shares, and of what audits would come to, by draws that are as likely.

    Attributes
    ----------
    chance : (n_cells, n_draws, answers + 1) float
        P(so many agree) of somebody of a cell.
    shares : (n_groups, n_draws) float
        Of the good, among those who deliver and those who are kept out, where there are any.
    unaudited : (n_groups,) float
        Variance of each share that is left when the draw is known: who is good is not.
    """

    chance: Array
    shares: Array
    unaudited: Array


def foresee(
    rng: np.random.Generator, setting: Setting, people: People, place: IntArray, values: Values, answers: int
) -> Outlook:
    """What is believed, by draws of ``values``; ``place`` is the cell of each, from 0 on: (n,)."""
    room = np.bincount(place)
    counts = np.arange(answers + 1)
    ways = np.concatenate([[1.0], np.cumprod((answers - counts[:-1]) / (counts[:-1] + 1))])
    told = state_likelihoods(setting.curves, counts, np.full(answers + 1, answers)) * ways[:, None]
    told = between(told, values.shift, values.auditor)
    chance, good, doubt = [], [], []
    for cell in range(len(room)):
        some = rng.permutation(np.flatnonzero(place == cell))[:_SAMPLE]
        truth = behind(setting, people.posteriors[some], people.strata[some], values)
        p = truth[:, :, setting.good].sum(axis=2)
        good.append(p.mean(axis=1))
        doubt.append((p * (1 - p)).mean())
        likely = np.einsum("ds,dks->dk", truth.mean(axis=1), told)
        chance.append(likely / likely.sum(axis=1, keepdims=True))
    groups = [who for who in (people.delivers, people.kept_out) if who.any()]
    within = np.array([np.bincount(place[who], minlength=len(room)) / who.sum() for who in groups])
    unaudited = within @ np.array(doubt) / [who.sum() for who in groups]
    return Outlook(np.array(chance), within @ np.array(good), unaudited)


def allocation(
    rng: np.random.Generator, outlook: Outlook, room: IntArray, n_audits: int, taken: IntArray
) -> IntArray:
    """How many audits each cell gets: (n_cells,).

    Each of some draws is taken for the truth, and audits come to what they then would; the other draws,
    weighted by how well they foretold it, say what would be believed. Each audit goes where the mean standard
    deviations of both shares, as logarithms, fall most.

    Parameters
    ----------
    room, taken : (n_cells,) int
        People, and audits that each has already.

    Source
    ------
    Bayesian design by simulation, one at a time (Ryan et al. 2016, International Statistical Review 84,
    section 3). With strata alone, and nothing that they share, it is Neyman's allocation.
    """
    n_cells, n_draws, _ = outlook.chance.shape
    truths = rng.permutation(n_draws)[:_TRUTHS]
    ranks = rng.random((n_cells, n_audits, len(truths), 1))
    ends = outlook.chance[:, None, truths].cumsum(axis=3)
    agreed = (ranks > ends[..., :-1]).sum(axis=3)
    centred = outlook.shares - outlook.shares.mean(axis=1, keepdims=True)
    powers = np.concatenate([np.ones((1, n_draws)), centred, centred**2]).T
    weight = np.ones((len(truths), n_draws))
    weight[np.arange(len(truths)), truths] = 0.0  # nobody is foretold by itself
    given = np.zeros(n_cells, dtype=np.int64)

    def after(cell: int) -> Array:
        """Weights once one more of a cell is audited: (n_truths, n_draws)."""
        told: Array = weight * outlook.chance[cell][:, agreed[cell, given[cell]]].T
        return told

    def unknown(cell: int) -> float:
        if given[cell] >= room[cell]:
            return np.inf
        total, *sums = (after(cell) @ powers).T
        mean, square = np.split(np.array(sums) / total, 2)
        variance = np.maximum(square - mean**2, 0.0) + outlook.unaudited[:, None]
        return float(np.log(np.sqrt(variance).mean(axis=1)).sum())

    for step in range(n_audits):
        left = np.flatnonzero(given < taken)
        cell = int(left[0]) if step < taken.sum() else int(np.argmin([unknown(c) for c in range(n_cells)]))
        weight = after(cell)
        weight /= weight.sum(axis=1, keepdims=True)
        given[cell] += 1
    return given
