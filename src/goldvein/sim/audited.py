"""Populations whose truth is known, judged by a filter that may be wrong about them, and audited."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from goldvein.stats.auditdesign import PART, draw
from goldvein.stats.audits import (
    CELLS,
    Found,
    Interval,
    Overlap,
    People,
    Prior,
    Setting,
    believed,
    calibrate,
    goodness,
    interval,
    share,
    strata_of,
    worlds,
)
from goldvein.stats.model import Model, make_model
from goldvein.stats.second_answers import SHIFTS, between, ordinary_right, state_likelihoods

if TYPE_CHECKING:
    from goldvein.stats.arrays import Array, BoolArray, IntArray

Flaw = Literal["none", "too sure", "leaked", "turned", "other crowd"]
FLAWS: Final[tuple[Flaw, ...]] = ("none", "too sure", "leaked", "turned", "other crowd")
"""What the filter does not know: nothing; that its benchmarks tell less than it thinks; that the bad know
some keys; that some turned bad since they were tested; that its crowd was another one when it learned."""
GROUPS: Final = 2
"""Of states: who delivers, who does not."""
OPTIONS: Final = 4
DELIVER_AT: Final = 0.9
OVERLAP: Final = 0.2
MINED_SD: Final = 0.3
N_STRATA: Final = GROUPS * (len(CELLS) + 1)
_ROUNDS: Final = 30


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """A population: what the filter says of everybody, and the truth, which no estimate reads.

    Attributes
    ----------
    posteriors : (n, n_states) float
    good : (n,) bool
    right : (n,) float
        P(right on ordinary work).
    auditor_right : float
    mined : float
        By how many logits mining thinks ordinary tasks harder, give or take ``MINED_SD``.
    """

    model: Model
    difficulty: Array
    posteriors: Array
    good: BoolArray
    right: Array
    auditor_right: float
    mined: float

    @property
    def p(self) -> Array:
        """The filter's P(good)."""
        return np.asarray(self.posteriors[:, self.model.space.good].sum(axis=1))

    @property
    def delivers(self) -> BoolArray:
        """Whose labels go out."""
        return np.asarray(self.p >= DELIVER_AT)

    @property
    def strata(self) -> IntArray:
        """Stratum of each."""
        return strata_of(self.p, (~self.delivers).astype(np.int64))

    def setting(self) -> Setting:
        """What the estimate takes for given."""
        space = self.model.space
        rules = np.full(len(space.shortcuts), 1 / OPTIONS)
        rules[space.shortcuts.index("longest")] = 0.4
        right = ordinary_right(self.model, self.difficulty, OPTIONS, rules)
        return Setting(self.model, right, OPTIONS, Prior(shift=self.mined, shift_sd=MINED_SD))

    def people(self, looked: IntArray) -> People:
        """Everybody, with the places of those who were audited."""
        audited = np.full(len(self.p), -1)
        audited[looked] = np.arange(len(looked))
        return People(self.posteriors, self.strata, self.delivers, ~self.delivers, audited)


@dataclass(frozen=True, slots=True, eq=False)
class _Crowd:
    """People as they are: how right on benchmarks, and how able where they do the job."""

    kind: IntArray  # honest, at random, the longest
    thetas: Array
    right: Array


def _crowd(
    rng: np.random.Generator, model: Model, curve: Array, shares: Array, mean: float, size: int
) -> _Crowd:
    space = model.space
    kind = rng.choice(3, size=size, p=shares)
    thetas = rng.normal(mean, 0.8, size)
    able = np.interp(thetas, space.thetas, curve[: space.n_abilities])
    rules = [able, np.full(size, 1 / OPTIONS)]
    right = np.select([kind == 0, kind == 1], rules, curve[space.state_of("longest")])
    return _Crowd(kind, thetas, right)


def _judged(curve: Array, prior: Array, hits: IntArray, tests: IntArray, sharpness: float = 1.0) -> Array:
    """Posteriors after so many right ones of so many benchmarks: (n, n_states)."""
    right, wrong = np.log(curve), np.log1p(-curve)
    logs = np.log(prior) + sharpness * (hits[:, None] * right + (tests - hits)[:, None] * wrong)
    posteriors = np.exp(logs - logs.max(axis=1, keepdims=True))
    posteriors /= posteriors.sum(axis=1, keepdims=True)
    return np.asarray(posteriors)


def _learned(model: Model, curve: Array, hits: IntArray, tests: IntArray) -> Array:
    """The population as the filter learned it, from another sample of people."""
    prior = model.prior
    for _ in range(_ROUNDS):
        prior = 0.95 * _judged(curve, prior, hits, tests).mean(axis=0) + 0.05 * model.prior
    return prior


def make_world(rng: np.random.Generator, flaw: Flaw, size: int = 1_000) -> World:
    """People of several kinds, tested on some benchmarks each, and what the filter makes of it."""
    model = make_model(0.0, content_rules=["longest"])
    space = model.space
    difficulty = np.exp(-0.5 * ((model.answers.difficulties + 1.3) / 0.8) ** 2)
    difficulty /= difficulty.sum()
    curves = ordinary_right(model, difficulty, OPTIONS, np.full(len(space.shortcuts), 1 / OPTIONS))
    curve = curves[int(np.argmin(np.abs(SHIFTS)))].copy()
    curve[space.state_of("longest")] = rng.uniform(0.4, 0.6)
    shares, mean = rng.dirichlet(np.array([0.6, 0.2, 0.2]) * 40), rng.uniform(0.8, 1.6)
    people = _crowd(rng, model, curve, shares, mean, size)
    good = (people.kind == 0) & (people.thetas >= model.bar_theta)
    was = _crowd(rng, model, curve, shares, mean - (0.6 if flaw == "other crowd" else 0.0), 3 * size)
    tests, before = (rng.negative_binomial(2, 2 / 52, n) + 4 for n in (size, 3 * size))
    prior = _learned(model, curve, rng.binomial(before, was.right), before)
    seen = np.where(~good & (flaw == "leaked"), people.right + 0.3 * (1 - people.right), people.right)
    sharpness = 1.5 if flaw == "too sure" else 1.0
    posteriors = _judged(curve, prior, rng.binomial(tests, seen), tests, sharpness)
    # Ordinary work: harder by something that nobody knows, and to everybody's taste a little differently.
    shift = rng.uniform(0.0, 1.3)
    harder = np.array([np.interp(shift, SHIFTS, curves[:, state]) for state in range(space.n_abilities)])
    able = np.interp(people.thetas + rng.normal(0.0, 0.15, size), space.thetas, harder)
    rules = [able, np.full(size, 1 / OPTIONS)]
    ordinary = np.select([people.kind == 0, people.kind == 1], rules, rng.uniform(0.25, 0.5))
    if flaw == "turned":
        gone = rng.random(size) < rng.uniform(0.01, 0.05)
        good, ordinary = good & ~gone, np.where(gone, 1 / OPTIONS, ordinary)
    mined = shift + rng.normal(0.0, MINED_SD)
    return World(
        replace(model, prior=prior), difficulty, posteriors, good, ordinary, rng.uniform(0.85, 0.97), mined
    )


def audit(rng: np.random.Generator, world: World, places: IntArray, answers: int) -> Found:
    """Blind second answers on the work of some people, a share of them by two auditors."""
    own, other = world.right[places], world.auditor_right
    chance = own * other + (1 - own) * (1 - other) / (OPTIONS - 1)
    agreed = rng.binomial(answers, chance)
    twice = int(OVERLAP * answers * len(places))
    both = other**2 + (1 - other) ** 2 / (OPTIONS - 1)
    return Found(
        world.posteriors[places],
        world.strata[places],
        agreed,
        np.full(len(places), answers),
        Overlap(int(rng.binomial(twice, both)), twice),
    )


@dataclass(frozen=True, slots=True)
class Errors:
    """Bad among those who deliver, and good among those who do not: estimates, and the truth beside them."""

    bad_delivering: Interval
    good_kept_out: Interval
    bad_truly: float
    good_truly: float


def estimate(rng: np.random.Generator, world: World, places: IntArray, found: Found) -> Errors:
    """Estimate how often the filter errs, from those who were audited."""
    setting, people = world.setting(), world.people(places)
    known = calibrate(rng, setting, found, N_STRATA)
    likely = worlds(rng, goodness(setting, people, found, known))
    bad, kept = share(~likely, people.delivers), share(likely, people.kept_out)
    assert bad is not None
    assert kept is not None
    return Errors(bad, kept, *_truth(world))


def _truth(world: World) -> tuple[float, float]:
    """Bad among those who deliver, and good among those who do not."""
    return float((~world.good)[world.delivers].mean()), float(world.good[~world.delivers].mean())


def by_boundary(
    rng: np.random.Generator, world: World, audits: int, answers: int, *, at_once: int = PART
) -> Errors:
    """Audit whom the design draws, some at a time: each time by what was found until then."""
    setting, people = world.setting(), world.people(np.empty(0, dtype=np.int64))
    known = believed(rng, setting.prior, N_STRATA)
    places, found = np.empty(0, dtype=np.int64), None
    while len(places) < audits:
        if found is not None:
            known = calibrate(rng, setting, found, N_STRATA)
        others = np.setdiff1d(np.arange(len(world.p)), places)
        drawn = draw(rng, setting, people.only(others), known, min(at_once, audits - len(places)), answers)
        new = others[drawn.places]
        more = audit(rng, world, new, answers)
        places, found = np.concatenate([places, new]), more if found is None else found.with_(more)
    assert found is not None
    return estimate(rng, world, places, found)


def at_random(rng: np.random.Generator, world: World, audits: int, answers: int) -> Errors:
    """Audit anybody."""
    places = rng.permutation(len(world.p))[:audits]
    return estimate(rng, world, places, audit(rng, world, places, answers))


def plainly(rng: np.random.Generator, world: World, audits: int, answers: int) -> Errors:
    """Audit anybody, and take the filter's word for nothing but whom it delivers; shares by Bayes' rule.

    What a random sample alone is worth, from a flat prior of each share; how hard ordinary work is, and how
    right auditors are, is taken as given.
    """
    places = rng.permutation(len(world.p))[:audits]
    found, setting = audit(rng, world, places, answers), world.setting()
    told = state_likelihoods(setting.curves, found.agreed, found.of)
    own = between(told, np.array([setting.prior.shift]), np.array([setting.prior.auditor]))[0]
    shares = np.linspace(0, 1, 1001)
    good, intervals = world.model.space.good, []
    for delivers in (True, False):
        who = world.delivers[places] == delivers
        mean = world.posteriors[world.delivers == delivers].mean(axis=0)
        well = own[who][:, good] @ (mean[good] / mean[good].sum())
        badly = own[who][:, ~good] @ (mean[~good] / mean[~good].sum())
        logs = np.log(shares[:, None] * well + (1 - shares[:, None]) * badly + 1e-300).sum(axis=1)
        weights = np.exp(logs - logs.max())
        drawn = rng.choice(shares, size=2_000, p=weights / weights.sum())
        intervals.append(interval(1 - drawn if delivers else drawn))
    bad, kept = intervals
    return Errors(bad, kept, *_truth(world))
