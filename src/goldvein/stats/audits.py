"""How often the filter errs, from blind second answers on the work of some labelers.

A standing says what its labeler may be. The filter that wrote it may be too sure of itself, think people
abler than they are, overlook shortcuts, or be fooled outright by a few; that is what audits are for. So the
truth behind a standing ``p`` is taken as

    (1 - fooled) prior (p / prior)^worth exp(lean theta) exp(shortcuts [is one])  +  fooled (somebody bad)

with all of it unknown, beside how much harder ordinary work is than benchmarks and how right auditors are.
Nobody is known to be good or bad after an audit: agreements move the probability, the rest stays uncertain.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from goldvein.stats.arrays import Array, BoolArray, IntArray, ShapeError, frozen
from goldvein.stats.second_answers import agreement, between, overlapping, state_likelihoods
from goldvein.stats.slices import elliptical_slices

if TYPE_CHECKING:
    from collections.abc import Mapping

    from goldvein.stats.model import Model

CELLS: Final = frozen([0.01, 0.1, 0.5, 0.9, 0.97, 0.995])
"""Where the filter's probabilities are cut into strata."""
INTERVAL: Final = 0.9
"""Mass of all intervals here."""
_SHARED: Final = 6
"""Values that all labelers share; then one for each stratum."""
_BELIEVED: Final = 800
"""Draws of what is believed before any audit."""
_LEAST: Final = 1e-12
_AT_ONCE: Final = 2_000_000


@dataclass(frozen=True, slots=True)
class Prior:
    """What was thought of the filter before anybody was audited: spreads, in logits where not said otherwise.

    Where many ordinary tasks were mined, they say how hard these are: ``shift`` with its ``shift_sd``.
    """

    worth: float = 0.35  # of its logarithm
    lean: float = 0.8  # for each logit of ability
    shortcuts: float = 1.0
    fooled: float = 0.004  # a share: the median
    fooled_sd: float = 1.3  # of its logarithm
    own: float = 0.25  # lean of a stratum of its own
    shift: float = 0.4
    shift_sd: float = 0.8
    auditor: float = 2.3
    auditor_sd: float = 0.7


@dataclass(frozen=True, slots=True)
class Values:
    """What the filter's word is worth: draws from all that is as likely.

    Attributes
    ----------
    worth, lean, shortcuts, fooled : (n_draws,) float
    shift : (n_draws,) float
        By how many logits ordinary tasks are harder than benchmarks.
    auditor : (n_draws,) float
        Log odds that an auditor is right.
    own : (n_draws, n_strata) float
    """

    worth: Array
    lean: Array
    shortcuts: Array
    fooled: Array
    shift: Array
    auditor: Array
    own: Array


def believed(rng: np.random.Generator, prior: Prior, n_strata: int) -> Values:
    """What is believed before anybody was audited."""
    return values_of(rng.standard_normal((_BELIEVED, _SHARED + n_strata)), prior)


def values_of(x: Array, prior: Prior) -> Values:
    """Standard normal values, (n_draws, 6 + n_strata), as what they stand for."""
    return Values(
        worth=np.exp(prior.worth * x[:, 0]), lean=prior.lean * x[:, 1], shortcuts=prior.shortcuts * x[:, 2],
        fooled=np.minimum(prior.fooled * np.exp(prior.fooled_sd * x[:, 3]), 0.5),
        shift=prior.shift + prior.shift_sd * x[:, 4], auditor=prior.auditor + prior.auditor_sd * x[:, 5],
        own=prior.own * x[:, _SHARED:],
    )  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Setting:
    """What is given: the states, how right each is on ordinary work, and what was thought before.

    Attributes
    ----------
    model : Model
    right : (n_shifts, n_states) float
        From ``second_answers.ordinary_right``.
    n_options : float
    prior : Prior
    """

    model: Model
    right: Array
    n_options: float
    prior: Prior = Prior()

    @property
    def good(self) -> BoolArray:
        """Which states are good: (n_states,)."""
        return self.model.space.good

    @property
    def curves(self) -> Array:
        """P(agree): (n_shifts, n_auditors, n_states)."""
        return agreement(self.right, self.n_options)

    @property
    def abilities(self) -> Array:
        """How far each ability lies over the bar, 0 for shortcuts: (n_states,)."""
        over = np.zeros(self.model.space.size)
        over[: self.model.space.n_abilities] = self.model.space.thetas - self.model.bar_theta
        return over

    @property
    def bad(self) -> Array:
        """What somebody is who fooled the filter: (n_states,), sums to one."""
        turned = np.where(self.good, 0.0, self.model.turns)
        return np.asarray(turned / turned.sum())


def strata_of(p: Array, group: IntArray) -> IntArray:
    """Stratum of each labeler, by the group of its state and by the filter's probability: (n,)."""
    return np.asarray(group * (len(CELLS) + 1) + np.searchsorted(CELLS, p, side="right"), dtype=np.int64)


def behind(setting: Setting, posteriors: Array, strata: IntArray, values: Values) -> Array:
    """The truth behind standings: (n_draws, n, n_states).

    Parameters
    ----------
    setting : Setting
    posteriors : (n, n_states) float
        Under benchmarks; rows sum to one.
    strata : (n,) int
        Places in ``values.own``.
    values : Values
    """
    start = np.log(setting.model.prior)
    said = np.log(np.maximum(posteriors, _LEAST)) - start
    is_rule = np.arange(setting.model.space.size) >= setting.model.space.n_abilities
    lean = values.lean[:, None] + values.own[:, strata]
    logs = start + values.worth[:, None, None] * said + lean[:, :, None] * setting.abilities
    logs += values.shortcuts[:, None, None] * is_rule
    truth = np.exp(logs - logs.max(axis=2, keepdims=True))
    truth *= ((1 - values.fooled)[:, None] / truth.sum(axis=2))[:, :, None]
    return np.asarray(truth + values.fooled[:, None, None] * setting.bad)


# --- what audits say --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Overlap:
    """Second answers of two auditors to the same task: how many, and how often they were the same."""

    agreed: int = 0
    of: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """Labelers who were audited: what the filter said before, and how often an auditor agreed.

    Attributes
    ----------
    posteriors : (n, n_states) float
        Under benchmarks, when the audit was drawn; rows sum to one.
    strata : (n,) int
    agreed, of : (n,) int
        Second answers that were the labeler's, of how many.
    overlap : Overlap
    """

    posteriors: Array
    strata: IntArray
    agreed: IntArray
    of: IntArray
    overlap: Overlap = Overlap()

    def with_(self, more: Found) -> Found:
        """These and more."""
        one, other = self.overlap, more.overlap
        return Found(
            np.concatenate([self.posteriors, more.posteriors]),
            np.concatenate([self.strata, more.strata]),
            np.concatenate([self.agreed, more.agreed]),
            np.concatenate([self.of, more.of]),
            Overlap(one.agreed + other.agreed, one.of + other.of),
        )


def calibrate(rng: np.random.Generator, setting: Setting, found: Found, n_strata: int) -> Values:
    """What the filter's word is worth, given the audits; what was believed before, if there are none."""
    present, place = np.unique(found.strata, return_inverse=True)
    told = state_likelihoods(setting.curves, found.agreed, found.of)
    likelihood = partial(_log_likelihood, setting=setting, found=found, place=place, told=told)
    x = elliptical_slices(rng, likelihood, _SHARED + len(present))
    # A stratum of which nobody was audited may lie anywhere around the others.
    own = rng.standard_normal((len(x), n_strata))
    own[:, present] = x[:, _SHARED:]
    return values_of(np.concatenate([x[:, :_SHARED], own], axis=1), setting.prior)


def _log_likelihood(x: Array, *, setting: Setting, found: Found, place: IntArray, told: Array) -> Array:
    """Log P(all agreements | values), for each row of values."""
    values = values_of(x, setting.prior)
    truth = behind(setting, found.posteriors, place, values)
    chance = (truth * between(told, values.shift, values.auditor)).sum(axis=2)
    same = overlapping(values.auditor, setting.n_options)
    yes, of = found.overlap.agreed, found.overlap.of
    return np.asarray(np.log(chance).sum(axis=1) + yes * np.log(same) + (of - yes) * np.log1p(-same))


# --- what follows -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its 90% interval."""

    estimate: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """Everybody whom a filter judges, as it stands now.

    Attributes
    ----------
    posteriors : (n, n_states) float
        Under benchmarks; of those who were audited, as they were before.
    strata : (n,) int
    delivers, kept_out : (n,) bool
        Whose labels go out, and whose do not though there was time to test them.
    audited : (n,) int
        Place of each in ``Found``; -1 where nobody looked, or what was found is in the posterior.
    """

    posteriors: Array
    strata: IntArray
    delivers: BoolArray
    kept_out: BoolArray
    audited: IntArray

    def only(self, places: IntArray) -> People:
        """Some of them."""
        return People(
            self.posteriors[places], self.strata[places], self.delivers[places], self.kept_out[places],
            self.audited[places],
        )  # fmt: skip


def goodness(setting: Setting, people: People, found: Found, values: Values) -> Array:
    """P(good), given all audits, by each draw: (n_draws, n)."""
    draws, n = len(values.lean), len(people.posteriors)
    probability = np.empty((draws, n))
    told = state_likelihoods(setting.curves, found.agreed, found.of)
    size = max(1, _AT_ONCE // (draws * setting.model.space.size))
    for first in range(0, n, size):
        part = slice(first, first + size)
        truth = behind(setting, people.posteriors[part], people.strata[part], values)
        looked = np.flatnonzero(people.audited[part] >= 0)
        if len(looked):
            own = told[:, :, people.audited[part][looked]]
            truth[:, looked] *= between(own, values.shift, values.auditor)
            truth[:, looked] /= truth[:, looked].sum(axis=2, keepdims=True)
        probability[:, part] = truth[:, :, setting.good].sum(axis=2)
    return probability


def worlds(rng: np.random.Generator, goodness: Array) -> BoolArray:
    """Who is good, in worlds that are as likely: (n_draws, n)."""
    return np.asarray(rng.random(goodness.shape) < goodness)


def share(worlds: BoolArray, among: BoolArray) -> Interval | None:
    """Share of the good among some labelers with its interval; None where there are none of them."""
    return interval(worlds[:, among].mean(axis=1)) if among.any() else None


def interval(draws: Array) -> Interval:
    """Mean and equal-tailed interval of draws."""
    if not len(draws):
        raise ShapeError("no draws: an interval needs some")
    mean = float(draws.mean())  # of few people it may lie outside: shares of them are steps
    low, high = np.quantile(draws, [(1 - INTERVAL) / 2, (1 + INTERVAL) / 2])
    return Interval(mean, min(float(low), mean), max(float(high), mean))


@dataclass(frozen=True, slots=True)
class Bar:
    """What another bar would do: how many deliver, how many of them bad, and how many good are kept out."""

    at: float
    delivering: int
    bad: Interval
    good_kept_out: Interval


def bars(people: People, over: Mapping[float, BoolArray], worlds: BoolArray) -> list[Bar]:
    """What each bar would cost, among all who were tested; ``over`` says whom it lets deliver, (n,) each."""
    shown = []
    for at, delivering in over.items():
        bad = (~worlds[:, delivering]).sum(axis=1).astype(float)
        lost = worlds[:, (people.delivers | people.kept_out) & ~delivering].sum(axis=1).astype(float)
        shown.append(Bar(at, int(delivering.sum()), interval(bad), interval(lost)))
    return shown
