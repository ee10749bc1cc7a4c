"""How much better a rule explains a labeler's answers than the best mixture of the states there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from goldvein.stats.arrays import Array, BoolArray, IntArray
from goldvein.stats.choices import Choices
from goldvein.stats.model import Model
from goldvein.stats.states import POSITION_RULES, RANDOM

_LAPSES = np.array([0.02, 0.05, 0.1, 0.2, 0.3, 0.4])
_MIXTURE_STEPS = 40
_ABILITY_STRIDE = 4
_LEAST = 1e-9
_EXPERTS = (1.1, 1.3)


def kept_states(model: Model) -> list[int]:
    """The states that mixtures are made of: every fourth ability, the highest one, and all shortcuts."""
    space = model.space
    top = space.n_abilities - 1
    return [*range(0, top, _ABILITY_STRIDE), *range(top, space.size)]


def present_likelihood(model: Model, answers: Choices, q: Array) -> Array:
    """P(option taken | state) for the states there are, abilities thinned out: (n_kept, n).

    The highest ability stands for experts, who solve more than good labelers do on average: where a rule's
    option is mostly right they take it more often than others, and follow no rule.
    """
    space, chance = model.space, answers.chance()
    kept = kept_states(model)
    ordinary = answers.benchmarks < 0
    lean = q[np.arange(len(answers)), answers.choices]
    solving = model.solving[kept]
    solving[kept.index(space.n_abilities - 1)] = _expert_solving(model)
    likelihood = answers.likelihood[kept]
    likelihood[:, ordinary] = (chance + solving[:, None] * (lean - chance))[:, ordinary]
    shown = [place == answers.choices for place in (answers.first, answers.last)]
    hits = dict(zip(POSITION_RULES, shown, strict=True)) | dict(
        zip(answers.rules, answers.hits(), strict=True)
    )
    for place, state in enumerate(kept):
        name = space.names[state]
        if state >= space.n_abilities and name in hits:
            follows = model.lapse * chance + (1 - model.lapse) * hits[name]
            likelihood[place, ordinary] = follows[ordinary]
    possible: Array = np.clip(likelihood, _LEAST, 1.0)
    return possible


def _expert_solving(model: Model) -> float:
    """How much more somebody solves who solves everything, than good labelers do on average."""
    grid, answers = model.space.n_abilities, model.answers
    slopes = answers.discrimination * (model.space.thetas[:, None] - answers.difficulties)
    solved = (answers.difficulty_prior / (1 + np.exp(-slopes))).sum(axis=1)
    good = model.prior[:grid] * model.space.good[:grid]
    return float(np.clip(good.sum() / (good @ solved), *_EXPERTS))


def log_ratios(model: Model, answers: Choices, likelihood: Array, n_labelers: int) -> Array:
    """Log likelihood ratio of each rule, with some lapse, against the best mixture of present states.

    Parameters
    ----------
    model : Model
    answers : Choices
        By labeler.
    likelihood : (n_kept, n) float
        From ``present_likelihood``.
    n_labelers : int

    Returns
    -------
    (F, n_labelers) float
        Minus infinity where it is below 0 already against the best single state.
    """
    ratios = np.full((len(answers.rules), n_labelers), -np.inf)
    for labeler, column in _against_present(likelihood, _rule_logs(answers, model), answers.labelers).items():
        ratios[:, labeler] = column
    return ratios


def follows_present(model: Model, answers: Choices, likelihood: Array, n_labelers: int) -> BoolArray:
    """Whose answers are likeliest under a shortcut that has a state, random answers apart: (J,)."""
    follows = np.zeros(n_labelers, dtype=bool)
    if len(answers):
        starts = np.flatnonzero(np.diff(answers.labelers, prepend=-1))
        best = np.add.reduceat(np.log(likelihood), starts, axis=1).argmax(axis=0)
        names = [model.space.names[state] for state in kept_states(model)]
        shortcuts = set(model.space.shortcuts) - {RANDOM}
        follows[answers.labelers[starts]] = [names[place] in shortcuts for place in best]
    return follows


def _rule_logs(answers: Choices, model: Model) -> Iterator[Array]:
    """Log probability of each answer under each rule, for all lapses: F arrays (n_lapses, n), one by one."""
    chance = answers.chance()
    said = np.where(answers.benchmarks >= 0, 1 - model.random_none, 1.0)
    for hit in answers.hits():
        yield np.log(said * ((1 - _LAPSES[:, None]) * hit + _LAPSES[:, None] * chance))


def _against_present(likelihood: Array, rules: Iterable[Array], owners: IntArray) -> dict[int, Array]:
    """Log ratio of every rule for the labelers of whom some rule says more than the best single state."""
    if not len(owners):
        return {}
    starts = np.flatnonzero(np.diff(owners, prepend=-1))
    single = np.add.reduceat(np.log(likelihood), starts, axis=1).max(axis=0)
    by_lapse = np.array([np.add.reduceat(rule, starts, axis=1) for rule in rules])
    peak = by_lapse.max(axis=1)
    under = peak + np.log(np.mean(np.exp(by_lapse - peak[:, None]), axis=1))
    worth = np.flatnonzero((under > single).any(axis=0))
    ends = np.append(starts[1:], len(owners))
    rows = [np.arange(starts[place], ends[place]) for place in worth]
    if not rows:
        return {}
    best = _mixture_log_likelihood(likelihood[:, np.concatenate(rows)], np.array([len(own) for own in rows]))
    return {
        int(owners[starts[place]]): np.where(
            under[:, place] > single[place], under[:, place] - mixed, -np.inf
        )
        for place, mixed in zip(worth, np.maximum(best, single[worth]), strict=True)
    }


def _mixture_log_likelihood(likelihood: Array, counts: IntArray) -> Array:
    """Log likelihood of each labeler's answers under the best mixture of states: (n_states, n) to (J,).

    Source
    ------
    Expectation and maximisation on the weights of known components (Kiefer and Wolfowitz 1956).
    """
    owner = np.repeat(np.arange(len(counts)), counts)
    starts = np.cumsum(counts) - counts
    weights = np.full((len(likelihood), len(counts)), 1 / len(likelihood))
    for _ in range(_MIXTURE_STEPS):
        total = (weights[:, owner] * likelihood).sum(axis=0)
        weights *= np.add.reduceat(likelihood / total, starts, axis=1) / counts
    total = (weights[:, owner] * likelihood).sum(axis=0)
    logs: Array = np.add.reduceat(np.log(total), starts)
    return logs
