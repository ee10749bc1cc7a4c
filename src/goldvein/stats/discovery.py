"""Shortcut discovery: which rule without a state labelers follow, who follows it, and who has a taste."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from goldvein.stats.arrays import Array, IntArray, frozen
from goldvein.stats.choices import Choices, good_shares, leans_of
from goldvein.stats.logit import LogitFit, conditional_logit
from goldvein.stats.model import Model
from goldvein.stats.ratios import follows_present, log_ratios, present_likelihood
from goldvein.stats.states import make_space
from goldvein.stats.taste import Taste, WrongAnswers, find_taste

LEVEL = 0.05
"""Probability of any false discovery on a crowd without such a rule."""
LEAST_NET = 0.6
"""Share of the followers' answers that a rule must explain, net of what good labelers lean to."""
LEAST_FOLLOWERS = 2
MISFIT_AT = 0.01
_FOLLOWERS = np.array([1.0, 3.0, 10.0, 30.0, 100.0, 300.0])
_MEMBER = 0.9
_FRESH_MASS = 0.02


@dataclass(frozen=True, slots=True)
class Shortcut:
    """A rule that some labelers follow.

    Attributes
    ----------
    rule : str
    labelers : tuple of int
        Who follows it.
    answers : int
        Theirs, that is the evidence.
    net : float
        Share of them that the rule explains, net of what good labelers lean to.
    coefficient, error : float
        Of the conditional logit: log odds of the rule's option, over what good labelers lean to.
    p_value : float
        Of the logit's likelihood ratio, times the number of rules tried.
    evidence : float
        Natural log of the odds for "some follow this rule" against "nobody does".
    """

    rule: str
    labelers: tuple[int, ...]
    answers: int
    net: float
    coefficient: float
    error: float
    p_value: float
    evidence: float


@dataclass(frozen=True, slots=True)
class Discovery:
    """What was found; usually nothing.

    Attributes
    ----------
    shortcuts : tuple of Shortcut
    tastes : tuple of Taste
    leans : dict of str to float
        Odds by which good labelers lean to each rule's option on ordinary tasks.
    suspects : tuple of int
    """

    shortcuts: tuple[Shortcut, ...]
    tastes: tuple[Taste, ...]
    leans: dict[str, float]
    suspects: tuple[int, ...]


def discover(
    model: Model, answers: Choices, p_good: Array, misfit: Array, *, level: float = LEVEL
) -> Discovery:
    """Look for rules without a state, and for tastes, in the answers of a crowd.

    Everybody may follow a rule: who follows an unlisted one may pass for somebody who answers at random, and,
    where the rule is often right, for somebody good. Suspects, of whom a taste is told, are labelers who are
    probably not good, for whatever reason, or whose benchmark answers misfit.

    Parameters
    ----------
    model : Model
    answers : Choices
    p_good : (J,) float
        P(labeler is good), by benchmarks.
    misfit : (J,) float
        P-value of the labeler's person fit.
    level : float
        Probability of any false discovery.

    Notes
    -----
    For each labeler and rule, the likelihood of the rule with some lapse is divided by that of the best
    *mixture* of present states, so that people who change or guess now and then are no news. In expectation
    the ratio is at most 1 when only present states are at work, whatever their sequence; averaged over
    assumed shares of followers, the product over labelers is one such ratio again, and exceeds 1 / alpha
    with probability alpha at most, at any time (Ville 1939). Each rule is tried at level / number of rules.
    """
    suspect = (p_good < 0.5) | (misfit < MISFIT_AT)
    by_labeler = answers.of(np.argsort(answers.labelers, kind="stable"))
    leaning = leans_of(by_labeler, p_good, answers.rules)
    q = good_shares(by_labeler, leaning)
    likelihood = present_likelihood(model, by_labeler, q)
    ratios = log_ratios(model, by_labeler, likelihood, len(suspect))
    candidates = [f for f, rule in enumerate(answers.rules) if rule not in model.space.shortcuts]
    found = _search(by_labeler, q, ratios, candidates, level)
    explained = follows_present(model, by_labeler, likelihood, len(suspect))
    explained[[who for shortcut in found for who in shortcut.labelers]] = True
    taste = find_taste(_wrong(by_labeler), suspect, suspect & ~explained)
    tastes = () if taste is None else (taste,)
    return Discovery(tuple(found), tastes, leaning, tuple(np.flatnonzero(suspect).tolist()))


def _wrong(answers: Choices) -> WrongAnswers:
    """Answers to benchmarks that are not the key."""
    rows = np.flatnonzero((answers.benchmarks >= 0) & (answers.choices != answers.keys))
    return WrongAnswers(
        answers.labelers[rows], answers.benchmarks[rows], answers.choices[rows], answers.picks.shape[1]
    )


def _search(
    answers: Choices, q: Array, ratios: Array, candidates: Sequence[int], level: float
) -> list[Shortcut]:
    """Accept the rule that explains most, take its followers out, and look again."""
    found: list[Shortcut] = []
    open_rules = list(candidates)
    ratios = ratios.copy()
    while open_rules:
        evidence = {rule: _evidence(ratios[rule]) for rule in open_rules}
        rule = max(open_rules, key=lambda one: evidence[one][0])
        if evidence[rule][0] < math.log(len(candidates) / level):
            break
        members = evidence[rule][1]
        named = _named(answers, q, members, rule, candidates)
        open_rules.remove(named.best if named.best in open_rules else rule)
        if named.best in candidates and named.best != rule:
            rule, members = named.best, evidence.get(named.best, _evidence(ratios[named.best]))[1]
        shortcut = _shortcut(answers, q, members, rule, named, _evidence(ratios[rule])[0], len(candidates))
        if shortcut is not None and named.best in candidates:
            found.append(shortcut)
        ratios[:, members] = -np.inf
    return found


def _evidence(ratios: Array) -> tuple[float, IntArray]:
    """Log odds for "some follow the rule", and who does: (J,) to a number and labelers."""
    if not np.isfinite(ratios).any():
        return -math.inf, np.zeros(0, dtype=np.int64)
    shares = np.minimum(_FOLLOWERS / len(ratios), 0.5)
    each = np.logaddexp(np.log1p(-shares)[:, None], np.log(shares)[:, None] + ratios)
    totals = each.sum(axis=1)
    peak = float(totals.max())
    best = shares[totals.argmax()]
    odds = np.log(best / (1 - best)) + ratios
    members = np.flatnonzero(odds > math.log(_MEMBER / (1 - _MEMBER)))
    return peak + math.log(float(np.mean(np.exp(totals - peak)))), members


@dataclass(frozen=True, slots=True, eq=False)
class _Named:
    """The rule that explains a group's answers best, alone, above what good labelers lean to."""

    best: int
    fits: dict[int, LogitFit]
    without: float


def _named(answers: Choices, q: Array, members: IntArray, rule: int, candidates: Sequence[int]) -> _Named:
    """Fit a conditional logit for each rule to the group's answers; rules are alike, so one at a time."""
    rows = np.flatnonzero(np.isin(answers.labelers, members))
    own = answers.of(rows)
    present = own.present()
    offset = np.where(present, np.log(np.maximum(q[rows], 1e-9)), 0.0)
    fits = {
        f: conditional_logit(own.picks[:, :, [f]], own.choices, offset=offset, present=present, ridge=0.05)
        for f in range(len(answers.rules))
    }
    without = float(offset[np.arange(len(own)), own.choices].sum())
    rising = {f: fit.log_likelihood for f, fit in fits.items() if fit.coefficients[0] > 0}
    best = max(rising, key=lambda f: (rising[f] + 1e-6 * (f == rule), f in candidates), default=rule)
    return _Named(best, fits, without)


def _shortcut(
    answers: Choices, q: Array, members: IntArray, rule: int, named: _Named, evidence: float, n_tried: int
) -> Shortcut | None:
    """What is reported of a rule, if enough people follow it closely enough."""
    rows = np.flatnonzero(np.isin(answers.labelers, members))
    own = answers.of(rows)
    telling = np.flatnonzero(own.picks[:, :, rule].any(axis=1))
    if len(members) < LEAST_FOLLOWERS or not len(telling):
        return None
    followed = own.picks[telling, own.choices[telling], rule].mean()
    expected = (own.picks[telling, :, rule] * q[rows[telling]]).sum(axis=1).mean()
    net = float((followed - expected) / (1 - expected))
    if net < LEAST_NET:
        return None
    fit = named.fits[rule]
    gain = max(0.0, fit.log_likelihood - named.without)
    return Shortcut(
        answers.rules[rule], tuple(members.tolist()), len(own), net, float(fit.coefficients[0]),
        float(fit.errors[0]), min(1.0, n_tried * math.erfc(math.sqrt(gain))), evidence,
    )  # fmt: skip


def with_rules(model: Model, rules: Sequence[str], leaning: Mapping[str, float] | None = None) -> Model:
    """Give rules a state each; a newcomer follows each with probability 0.02.

    Parameters
    ----------
    model : Model
    rules : names
        Those that have a state already are passed over.
    leaning : mapping of str to float, optional
        Odds by which good labelers lean to every content rule of the new model; where they are not known,
        the old ones stay, and ordinary answers say nothing about the new rules.
    """
    fresh = [rule for rule in rules if rule not in model.space.shortcuts]
    space = make_space(model.bar_theta, (*model.space.content_rules, *fresh))
    kept = 1 - _FRESH_MASS * len(fresh)
    return replace(
        model,
        space=space,
        prior=frozen(np.append(kept * model.prior, np.full(len(fresh), _FRESH_MASS))),
        turns=frozen(np.append(kept * model.turns, np.full(len(fresh), _FRESH_MASS))),
        solving=frozen(np.append(model.solving, np.zeros(len(fresh)))),
        leans=MappingProxyType(dict(model.leans if leaning is None else leaning)),
    )
