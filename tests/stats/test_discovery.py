"""Shortcut discovery: unlisted rules are found and named, by those who follow them, and nothing else is."""

from __future__ import annotations

import numpy as np
import pytest

from goldvein.stats.discovery import Discovery, discover, with_rules
from goldvein.stats.misfit import person_fit
from goldvein.stats.model import convert
from goldvein.stats.posterior import newcomer
from goldvein.stats.ratios import _mixture_log_likelihood
from tests.stats.townsfolk import MODEL, Village

USUAL = {"honest": 100, "random": 15, "longest": 15, "first": 8, "poor": 10}
LONGEST = {"longest": 0.85}


def look(village: Village) -> Discovery:
    answers, p_good, served = village.work()
    fit = person_fit(village.model, **served, n_labelers=len(village.kinds))
    return discover(village.model, answers, p_good, fit.p_value)


@pytest.mark.parametrize(
    ("rule", "count", "right", "lapse"),
    [
        ("most overlap", 10, 0.25, 0.03),  # passes for somebody who answers at random, and is soon dismissed
        ("most overlap", 4, 0.25, 0.03),
        ("least punctuation", 10, 0.1, 0.03),
        ("most sentiment", 10, 0.85, 0.03),  # passes for somebody good
        ("most numbers", 10, 0.4, 0.2),
    ],
)
def test_an_unlisted_rule_is_found_and_named(rule: str, count: int, right: float, lapse: float) -> None:
    """A few people who follow a rule without a state are enough for its name and theirs."""
    village = Village({**USUAL, rule: count}, seed=7, right={**LONGEST, rule: right}, lapse=lapse)
    found = look(village)
    assert [shortcut.rule for shortcut in found.shortcuts] == [rule]
    (shortcut,) = found.shortcuts
    assert all(village.kinds[who] == rule for who in shortcut.labelers)
    assert len(shortcut.labelers) >= 0.4 * count
    assert shortcut.answers <= 2000
    assert shortcut.net >= 0.6
    assert shortcut.p_value < 1e-6
    assert not found.tastes


def test_two_rules_at_once_are_both_named() -> None:
    """Rules that are followed by different people are found one after the other."""
    people = {**USUAL, "most overlap": 8, "least numbers": 8}
    found = look(Village(people, seed=3, right=LONGEST))
    assert {shortcut.rule for shortcut in found.shortcuts} == {"most overlap", "least numbers"}


@pytest.mark.parametrize("seed", range(8))
def test_a_crowd_without_unlisted_rules_gives_none(seed: int) -> None:
    """Random, listed and poor labelers, and rules that are often right, give no discovery."""
    right = {**LONGEST, "most numbers": 0.5, "most punctuation": 0.65}
    found = look(Village(USUAL, seed=seed, right=right))
    assert found.shortcuts == ()
    assert found.leans["most punctuation"] > 1.5
    assert 0.7 < found.leans["least overlap"] < 1.4


def test_experts_do_not_follow_a_rule_that_is_always_right() -> None:
    """Where a rule's option is the key, the best labelers take it for that: no discovery."""
    found = look(Village({**USUAL, "expert": 40}, seed=1, right={**LONGEST, "most sentiment": 1.0}))
    assert found.shortcuts == ()


def test_a_taste_goes_to_audit_and_is_no_rule() -> None:
    """People who agree with each other against the keys, by no rule, are reported as a taste."""
    village = Village({**USUAL, "taste": 15}, seed=1, right=LONGEST, benchmarks=60)
    found = look(village)
    assert found.shortcuts == ()
    (taste,) = found.tastes
    assert sum(village.kinds[who] == "taste" for who in taste.labelers) >= 0.7 * len(taste.labelers)
    assert taste.agreed > 0.8 > taste.expected


def test_without_answers_nothing_is_found() -> None:
    """An empty crowd has no suspects, no rules and no tastes."""
    answers, _, _ = Village({"honest": 2}, seed=1).work()
    found = discover(Village({"honest": 1}).model, answers.of(np.arange(0)), np.zeros(0), np.zeros(0))
    assert not found.shortcuts
    assert not found.tastes
    assert not found.suspects


def test_the_best_mixture_is_no_worse_than_any_other() -> None:
    """The mixture's likelihood is over that of every state and of every mixture tried."""
    rng = np.random.default_rng(2)
    likelihood = rng.random((5, 60)) + 0.01
    counts = np.array([10, 20, 30])
    best = _mixture_log_likelihood(likelihood, counts)
    for weights in rng.dirichlet(np.full(5, 0.3), size=200):
        tried = np.add.reduceat(np.log(weights @ likelihood), [0, 10, 30])
        assert np.all(best >= tried - 0.05)


def test_a_rule_that_was_found_gets_a_state() -> None:
    """With the new rule the model keeps its bar and its masses in proportion, and old standings convert."""
    grown = with_rules(MODEL, ["most overlap", "longest"], {"longest": 1.5, "most overlap": 1.2})
    assert grown.space.content_rules == (*MODEL.space.content_rules, "most overlap")
    assert grown.prior.sum() == pytest.approx(1)
    assert grown.turns.sum() == pytest.approx(1)
    assert grown.prior[:-1] / grown.prior[0] == pytest.approx(MODEL.prior / MODEL.prior[0])
    assert grown.solving[:-1] == pytest.approx(MODEL.solving)
    assert convert(newcomer(MODEL), MODEL, grown)[:, 0] == pytest.approx(grown.prior)
    assert dict(grown.leans) == {"longest": 1.5, "most overlap": 1.2}
