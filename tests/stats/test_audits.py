"""Audits: what second answers tell, how often the filter errs by them, and whom to audit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goldvein.stats.arrays import Array
from goldvein.stats.auditdesign import Outlook, allocation, cells_of, draw
from goldvein.stats.audits import (
    CELLS,
    Found,
    Overlap,
    People,
    Prior,
    Setting,
    behind,
    believed,
    calibrate,
    goodness,
    interval,
    strata_of,
    values_of,
)
from goldvein.stats.model import make_model
from goldvein.stats.second_answers import (
    AUDITORS,
    SHIFTS,
    agreement,
    between,
    ordinary_right,
    sigmoid,
    state_likelihoods,
)
from goldvein.stats.slices import elliptical_slices

N_STRATA = 2 * (len(CELLS) + 1)
FIXED = Prior(
    worth=0.0, lean=0.0, shortcuts=0.0, fooled=1e-15, fooled_sd=0.0, own=0.0, shift=0.5, shift_sd=0.0,
    auditor=2.5, auditor_sd=0.0,
)  # fmt: skip


def make_setting(prior: Prior | None = None) -> Setting:
    """A project of four options, its benchmarks somewhat easy."""
    model = make_model(0.0)
    weights = np.exp(-0.5 * ((model.answers.difficulties + 1.3) / 0.8) ** 2)
    rules = np.full(len(model.space.shortcuts), 0.25)
    right = ordinary_right(model, weights / weights.sum(), 4, rules)
    return Setting(model, right, 4, prior or Prior())


def crowd(setting: Setting, rng: np.random.Generator, n: int = 300) -> Array:
    """Posteriors of people after some benchmarks each: sure of most, in doubt of some."""
    states = rng.choice(setting.model.space.size, size=n, p=setting.model.prior)
    curve = setting.right[4]
    tests = rng.integers(4, 80, n)
    hits = rng.binomial(tests, curve[states])
    logs = np.log(setting.model.prior) + hits[:, None] * np.log(curve)
    logs += (tests - hits)[:, None] * np.log1p(-curve)
    p = np.exp(logs - logs.max(axis=1, keepdims=True))
    posteriors: Array = p / p.sum(axis=1, keepdims=True)
    return posteriors


def people_of(setting: Setting, posteriors: Array) -> People:
    """They, with nobody audited."""
    p = posteriors[:, setting.good].sum(axis=1)
    delivers = p >= 0.9
    return People(posteriors, strata_of(p, (~delivers).astype(int)), delivers, ~delivers, np.full(len(p), -1))


def test_slices_draw_from_the_posterior() -> None:
    """Mean and spread of a normal likelihood's posterior, which is known: N(1.6, 0.2) for a 2 observed."""

    def likelihood(x: Array) -> Array:
        return np.asarray(-0.5 * (x[:, 0] - 2.0) ** 2 / 0.25 - 0.5 * x[:, 1] ** 2 / 1.0)

    x = elliptical_slices(np.random.default_rng(1), likelihood, 2, chains=200, steps=60)
    assert x.shape == (200 * 60 // 4, 2)
    assert x[:, 0].mean() == pytest.approx(1.6, abs=0.05)
    assert x[:, 0].var() == pytest.approx(0.2, abs=0.03)
    assert x[:, 1].var() == pytest.approx(0.5, abs=0.06)


def test_agreement_is_what_counting_cases_gives() -> None:
    """Both right, or both wrong and in the same way: the slow sum over all answers of both."""
    right = np.array([[0.8, 0.25]])
    fast = agreement(np.repeat(right, len(SHIFTS), axis=0), 4)
    for auditor, odds in enumerate(AUDITORS):
        other = float(sigmoid(odds))
        for state, own in enumerate(right[0]):
            mine = [own, *[(1 - own) / 3] * 3]
            theirs = [other, *[(1 - other) / 3] * 3]
            slow = sum(a * b for a, b in zip(mine, theirs, strict=True))
            assert fast[0, auditor, state] == pytest.approx(slow, abs=1e-3)


def test_a_table_is_read_between_its_points() -> None:
    """At its points what stands there, half way between them the mean; beyond its ends, the ends."""
    rng = np.random.default_rng(2)
    table = rng.random((len(SHIFTS), len(AUDITORS), 3))
    at = between(table, SHIFTS[[0, 4, -1]], AUDITORS[[0, 7, -1]])
    np.testing.assert_allclose(at, table[[0, 4, -1], [0, 7, -1]], atol=1e-7)
    half = between(table, (SHIFTS[[4]] + SHIFTS[[5]]) / 2, AUDITORS[[7]])
    np.testing.assert_allclose(half[0], (table[4, 7] + table[5, 7]) / 2, atol=1e-9)
    np.testing.assert_allclose(between(table, np.array([99.0]), AUDITORS[[-1]])[0], table[-1, -1], atol=1e-7)


@given(st.integers(0, 20), st.integers(0, 20))
def test_more_agreement_speaks_more_for_the_good(yes: int, no: int) -> None:
    """The likelihood ratio of a good state against guessing rises with agreements, and falls with dissent."""
    curve = np.array([0.8, 0.3])
    agreed, of = np.array([yes, yes + 1, yes]), yes + no + np.array([0, 1, 1])
    told = state_likelihoods(curve, agreed, of)
    ratio = told[:, 0] / told[:, 1]
    assert ratio[1] > ratio[0] > ratio[2]


def test_a_filter_taken_at_its_word_is_updated_by_bayes_rule() -> None:
    """With nothing else unknown, P(good) after an audit is the posterior times the likelihood."""
    setting = make_setting(FIXED)
    posteriors = crowd(setting, np.random.default_rng(3), 40)
    agreed, of = 4 + np.arange(40) % 9, np.full(40, 12)  # fewer are what the floor of all doubt is for
    people = replace(people_of(setting, posteriors), audited=np.arange(40))
    found = Found(posteriors, people.strata, agreed, of)
    values = values_of(np.zeros((1, 6 + N_STRATA)), FIXED)
    fast = goodness(setting, people, found, values)[0]
    curve = between(setting.curves, np.array([0.5]), np.array([2.5]))[0]
    slow = posteriors * curve ** agreed[:, None] * (1 - curve) ** (12 - agreed)[:, None]
    expected = slow[:, setting.good].sum(axis=1) / slow.sum(axis=1)
    np.testing.assert_allclose(fast, expected, atol=1e-4)


def test_with_one_thing_unknown_the_draws_equal_an_exact_sum() -> None:
    """Only how far people lean: mean and spread by quadrature over a fine grid."""
    prior = replace(FIXED, lean=0.6)
    setting = make_setting(prior)
    rng = np.random.default_rng(4)
    posteriors = crowd(setting, rng, 60)
    people = people_of(setting, posteriors)
    curve = between(setting.curves, np.array([0.5]), np.array([2.5]))[0]
    agreed = rng.binomial(12, posteriors @ curve)
    found = Found(posteriors, people.strata, agreed, np.full(60, 12))
    x = np.zeros((201, 6 + N_STRATA))
    x[:, 1] = np.linspace(-5, 5, 201)
    values = values_of(x, prior)
    told = between(state_likelihoods(setting.curves, agreed, found.of), values.shift, values.auditor)
    logs = np.log((behind(setting, posteriors, people.strata, values) * told).sum(axis=2)).sum(axis=1)
    weights = np.exp(logs - logs.max() - 0.5 * x[:, 1] ** 2)
    weights /= weights.sum()
    mean = float(weights @ values.lean)
    spread = float(np.sqrt(weights @ (values.lean - mean) ** 2))
    drawn = calibrate(np.random.default_rng(5), setting, found, N_STRATA).lean
    assert drawn.mean() == pytest.approx(mean, abs=0.35 * spread)
    assert drawn.std() == pytest.approx(spread, rel=0.35)


def test_two_auditors_who_agree_are_believed_more() -> None:
    """How right auditors are comes from where two of them answered the same task."""
    setting = make_setting()
    posteriors = crowd(setting, np.random.default_rng(6), 20)
    strata = people_of(setting, posteriors).strata
    right = []
    for agreed in (60, 95):
        found = Found(posteriors, strata, np.full(20, 8), np.full(20, 12), Overlap(agreed, 100))
        right.append(sigmoid(calibrate(np.random.default_rng(7), setting, found, N_STRATA).auditor).mean())
    assert right[1] > right[0] + 0.1


def test_no_audit_leaves_what_was_believed() -> None:
    """Without anybody audited the truth lies around the filter's word, on both sides of it."""
    setting = make_setting()
    people = people_of(setting, crowd(setting, np.random.default_rng(8), 50))
    none = Found(people.posteriors[:0], people.strata[:0], np.zeros(0, int), np.zeros(0, int))
    values = calibrate(np.random.default_rng(9), setting, none, N_STRATA)
    assert abs(values.lean.mean()) < 0.2
    assert values.lean.std() == pytest.approx(setting.prior.lean, rel=0.25)
    p = goodness(setting, people, none, values)
    assert ((p >= 0) & (p <= 1)).all()


@settings(max_examples=15)
@given(st.integers(0, 10_000), st.integers(0, 80))
def test_a_drawing_is_a_sample_with_known_chances(seed: int, wanted: int) -> None:
    """Distinct people, as many as wanted or as there are, each with a chance over 0 and at most 1."""
    rng = np.random.default_rng(seed)
    setting = make_setting()
    people = people_of(setting, crowd(setting, rng, 60))
    drawn = draw(rng, setting, people, believed(rng, setting.prior, N_STRATA), wanted, 10)
    assert len(np.unique(drawn.places)) == len(drawn.places) == min(wanted, 60)
    assert ((drawn.chance > 0) & (drawn.chance <= 1 + 1e-12)).all()


def test_audits_go_where_they_tell() -> None:
    """By far fewer than their share of audits go to people of whom everybody is sure that they are bad."""
    rng = np.random.default_rng(10)
    setting = make_setting()
    people = people_of(setting, crowd(setting, rng, 600))
    drawn = draw(rng, setting, people, believed(rng, setting.prior, N_STRATA), 60, 15)
    p = people.posteriors[:, setting.good].sum(axis=1)
    hopeless = p < CELLS[0]
    assert hopeless[drawn.places[drawn.at_random :]].mean() < 0.5 * hopeless.mean()


def test_a_cell_holds_people_of_one_stratum() -> None:
    """Cells part strata further, so that a sample of each cell is a sample of each stratum."""
    setting = make_setting()
    people = people_of(setting, crowd(setting, np.random.default_rng(11), 300))
    cell = cells_of(setting, people)
    assert all(len(np.unique(people.strata[cell == one])) == 1 for one in np.unique(cell))
    assert len(np.unique(cell)) > len(np.unique(people.strata))


def test_with_nothing_shared_audits_are_given_as_neyman_does() -> None:
    """Two cells of which an audit tells alike, one of them known four times better: it gets the fewer."""
    rng = np.random.default_rng(12)
    high, low = (rng.beta(size, size, 800) for size in (2.0, 60.0))
    chance = np.array([np.stack([1 - p, p], axis=1) for p in (high, low)])
    outlook = Outlook(chance, (high + low)[None] / 2, np.zeros(1))
    given_ = allocation(rng, outlook, np.array([500, 500]), 30, np.array([0, 3]))
    assert given_.sum() == 30
    assert given_[1] >= 3
    assert given_[0] > 2 * given_[1]


def test_no_cell_gets_more_than_it_has() -> None:
    """However much an audit in it would tell."""
    rng = np.random.default_rng(13)
    p = rng.beta(1, 1, (2, 300))
    outlook = Outlook(np.stack([1 - p, p], axis=2), p[:1], np.zeros(1))
    np.testing.assert_array_equal(
        allocation(rng, outlook, np.array([2, 9]), 11, np.zeros(2, dtype=np.int64)), [2, 9]
    )


def test_an_interval_needs_draws() -> None:
    """The middle nine tenths of them; of none there is none."""
    found = interval(np.linspace(0, 1, 1001))
    assert (found.estimate, found.low, found.high) == pytest.approx((0.5, 0.05, 0.95))
    with pytest.raises(ValueError, match="no draws"):
        interval(np.empty(0))
