"""Who is able and what is right, both unknown: belief propagation between labelers and tasks.

A labeler is an ability or a shortcut, as in a standing; a task has a key, a difficulty and an attractor, the
wrong option on which mistakes gather. What an answer says of its task rests on that labeler's *other* answers
only, and the other way round, so that nobody vouches for himself, as happens in Dawid-Skene by
expectation-maximisation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from goldvein.stats.arrays import Array, BoolArray, IntArray, ShapeError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from goldvein.stats.model import AnswerModel

THETAS: Final = np.arange(-4.5, 3.6, 0.3)
"""Ability grid, logits, on the scale where a trusted labeler's mean ability is 0."""
_MEAN, _SD = -0.3, 1.3
_SHORTCUT_MASS = 0.3
_RANDOM_SHARE = 0.4
_LAPSE = 0.05
_RANDOM_NONE = 0.02
_ATTRACTED = 0.65
_DAMPING = 0.4
_TINY = 1e-12
_CHUNK_CELLS = 2_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """n answers to T tasks by J labelers, several to each task.

    Attributes
    ----------
    labeler, task : (n,) int
        From 0; nobody answers a task twice.
    choice : (n,) int
        Options in content order; ``n_options`` of the task for "cannot be answered".
    n_options : (T,) int
    rules : F names
        Shortcuts looked for, positions as shown among them; answers at random are always looked for.
    hits : (F, n) float
        P(a follower of the rule who does not lapse gives this answer).
    """

    labeler: IntArray
    task: IntArray
    choice: IntArray
    n_options: IntArray
    rules: tuple[str, ...]
    hits: Array

    def __post_init__(self) -> None:
        """Refuse arrays that do not fit."""
        n = len(self.labeler)
        if not n or not len(self.task) == len(self.choice) == n or self.hits.shape != (len(self.rules), n):
            raise ShapeError(
                f"{n} labelers, {len(self.task)} tasks, {len(self.choice)} choices and hits of shape "
                f"{self.hits.shape} do not fit; give every answer one of each, and every rule a row of hits"
            )
        if self.task.min() < 0 or self.task.max() >= len(self.n_options) or self.n_options.min() < 2:
            raise ShapeError("every task that is answered needs its number of options, 2 or more")
        if self.choice.min() < 0 or (self.choice > self.n_options[self.task]).any():
            raise ShapeError("a choice lies outside 0..K, where K says that the task cannot be answered")

    @property
    def n_labelers(self) -> int:
        """Number of labelers, J."""
        return int(self.labeler.max()) + 1

    def of(self, rows: IntArray) -> Batch:
        """Some of the answers; labelers and tasks keep their numbers."""
        picked = (self.labeler[rows], self.task[rows], self.choice[rows])
        return Batch(*picked, self.n_options, self.rules, self.hits[:, rows])


@dataclass(frozen=True, slots=True, eq=False)
class Beliefs:
    """What the answers say, everything taken together.

    Attributes
    ----------
    people : (J, n_abilities + 1 + F) float
        P(ability or shortcut) of each labeler: abilities by ``THETAS``, answers at random, rules.
    joint : (T, max K + 1, n_difficulties) float
        P(key, difficulty) of each task. "Cannot be answered" stands last, whatever the task's K.
    n_rounds : int
    """

    people: Array
    joint: Array
    n_rounds: int

    @property
    def abilities(self) -> Array:
        """P(ability) of each labeler, what shortcuts take left out: (J, n_abilities)."""
        return self.people[:, : len(THETAS)]

    @property
    def shortcuts(self) -> Array:
        """P(answers at random, or by each rule) of each labeler: (J, 1 + F)."""
        return self.people[:, len(THETAS) :]


@dataclass(slots=True, eq=False)
class _Kind:
    """The answers to all tasks of one K; ``rows`` among the batch's, ``tasks`` among its tasks."""

    rows: IntArray
    tasks: IntArray
    task: IntArray
    choice: IntArray
    n_options: int
    curve: Array
    by_rule: Array
    log_prior: Array

    @property
    def is_none(self) -> BoolArray:
        none: BoolArray = self.choice == self.n_options
        return none


def infer(answers: AnswerModel, batch: Batch, *, rounds: int = 60, tolerance: float = 1e-3) -> Beliefs:
    """Pass beliefs between labelers and tasks until they stand still.

    Parameters
    ----------
    answers : AnswerModel
    batch : Batch
    rounds : int
        Rounds at most.
    tolerance : float
        Stop when nobody's probabilities move more than this.

    Returns
    -------
    Beliefs

    Source
    ------
    Liu, Peng and Ihler, "Variational inference for crowdsourcing" (2012), with difficulty, attractors and
    shortcuts added to the states.
    """
    kinds = list(_kinds(answers, batch))
    prior = _prior(batch)
    told = np.zeros((len(batch.labeler), len(prior)))
    cavity = np.tile(prior, (len(batch.labeler), 1))
    people = np.tile(prior, (batch.n_labelers, 1))
    done = 0
    for done in range(1, rounds + 1):  # noqa: B007
        for kind in kinds:
            told[kind.rows] = _told(answers, kind, cavity[kind.rows])
        total = np.log(prior) + _summed(batch.labeler, told, batch.n_labelers)
        updated = _softmax(total)
        fresh = _softmax(total[batch.labeler] - told)
        cavity = _DAMPING * cavity + (1 - _DAMPING) * fresh
        moved = float(np.abs(updated - people).max())
        people = updated
        if moved < tolerance:
            break
    return Beliefs(people, _joint(answers, batch, kinds, cavity), done)


def ability_curve(answers: AnswerModel, n_options: int) -> Array:
    """P(right) of each ability of the grid at each difficulty: (n_abilities, n_difficulties)."""
    solved = 1 / (1 + np.exp(-answers.discrimination * (THETAS[:, None] - answers.difficulties)))
    curve: Array = 1 / n_options + (1 - 1 / n_options) * solved
    return curve


def _prior(batch: Batch) -> Array:
    """Who somebody is before anything was answered: a broad bell of abilities, and some of every shortcut."""
    bell = np.exp(-0.5 * ((THETAS - _MEAN) / _SD) ** 2)
    rules = np.full(1 + len(batch.rules), _SHORTCUT_MASS * (1 - _RANDOM_SHARE) / max(1, len(batch.rules)))
    rules[0] = _SHORTCUT_MASS * (_RANDOM_SHARE if batch.rules else 1.0)
    return np.concatenate([(1 - _SHORTCUT_MASS) * bell / bell.sum(), rules])


def _kinds(answers: AnswerModel, batch: Batch) -> Iterator[_Kind]:
    counts = batch.n_options[batch.task]
    for n_options in np.unique(counts).tolist():
        rows = np.flatnonzero(counts == n_options)
        tasks, task = np.unique(batch.task[rows], return_inverse=True)
        choice = batch.choice[rows]
        at_random = np.where(choice == n_options, _RANDOM_NONE, (1 - _RANDOM_NONE) / n_options)
        by_rule = _LAPSE * at_random + (1 - _LAPSE) * batch.hits[:, rows]
        yield _Kind(
            rows, tasks, task, choice, n_options, ability_curve(answers, n_options),
            np.vstack([at_random, by_rule]).T, _task_prior(answers, n_options),
        )  # fmt: skip


def _task_prior(answers: AnswerModel, n_options: int) -> Array:
    """Log P(key, attractor, difficulty): (K + 1, K, n_difficulties); the key is no attractor."""
    keys = np.full((n_options + 1, n_options), (1 - answers.none_key_share) / n_options / (n_options - 1))
    keys[-1] = answers.none_key_share / n_options
    keys[np.arange(n_options), np.arange(n_options)] = 0.0
    with np.errstate(divide="ignore"):
        log_prior: Array = np.log(keys)[:, :, None] + np.log(answers.difficulty_prior)
    return log_prior


def _wrong_shares(answers: AnswerModel, n_options: int) -> tuple[float, float]:
    """Share of wrong answers that fall on the attractor, and on each other option."""
    other = (1 - answers.none_share) * (1 - _ATTRACTED) / (n_options - 1)
    return (1 - answers.none_share) * _ATTRACTED + other, other


def _to_tasks(answers: AnswerModel, kind: _Kind, cavity: Array) -> tuple[Array, Array, Array]:
    """Log P(answer) if its option is the key, if it is the attractor, and if neither: (n, n_difficulties)."""
    abilities = cavity[:, : len(THETAS)]
    right = abilities @ kind.curve
    wrong = abilities.sum(axis=1, keepdims=True) - right
    by_rule = (cavity[:, len(THETAS) :] * kind.by_rule).sum(axis=1, keepdims=True)
    attracted, other = _wrong_shares(answers, kind.n_options)
    neither = np.where(kind.is_none[:, None], answers.none_share, other)
    logs = (right + by_rule, wrong * attracted + by_rule, wrong * neither + by_rule)
    key, attractor, rest = (np.log(np.maximum(one, _TINY)) for one in logs)
    return key, attractor, rest


def _task_beliefs(kind: _Kind, key: Array, attractor: Array, rest: Array) -> Array:
    """Log P(key, attractor, difficulty | all answers), not normed: (tasks, K + 1, K, n_difficulties)."""
    shape = (len(kind.tasks), kind.n_options + 1, rest.shape[1])
    keys, attractors = np.zeros(shape), np.zeros(shape)
    np.add.at(keys, (kind.task, kind.choice), key - rest)
    np.add.at(attractors, (kind.task, kind.choice), attractor - rest)
    base = _summed(kind.task, rest, len(kind.tasks))
    log_joint: Array = (
        base[:, None, None] + keys[:, :, None] + attractors[:, None, : kind.n_options] + kind.log_prior
    )
    return log_joint


def _told(answers: AnswerModel, kind: _Kind, cavity: Array) -> Array:
    """Log P(answer | who its labeler is), by what the *others* said of the task: (n, states)."""
    key, attractor, rest = _to_tasks(answers, kind, cavity)
    beliefs = _task_beliefs(kind, key, attractor, rest)
    attracted, other = _wrong_shares(answers, kind.n_options)
    told = np.empty(cavity.shape)
    told[:, len(THETAS) :] = np.log(kind.by_rule)
    step = max(1, _CHUNK_CELLS // beliefs[0].size)
    for start in range(0, len(kind.rows), step):
        rows = np.arange(start, min(start + step, len(kind.rows)))
        at, choice, none = np.arange(len(rows)), kind.choice[rows], kind.is_none[rows]
        others = beliefs[kind.task[rows]] - rest[rows, None, None]
        others[at, choice] -= (key - rest)[rows, None]
        some = np.flatnonzero(~none)
        others[some, :, choice[some]] -= (attractor - rest)[rows[some], None]
        p = np.exp(others - others.max(axis=(1, 2, 3), keepdims=True))
        p /= p.sum(axis=(1, 2, 3), keepdims=True)
        is_key = p[at, choice].sum(axis=1)
        is_attractor = np.zeros_like(is_key)
        is_attractor[some] = p[some, :, choice[some]].sum(axis=1)
        is_neither = np.maximum(p.sum(axis=(1, 2)) - is_key - is_attractor, 0.0)
        missed = attracted * is_attractor + np.where(none[:, None], answers.none_share, other) * is_neither
        told[rows, : len(THETAS)] = np.log(is_key @ kind.curve.T + missed @ (1 - kind.curve).T + _TINY)
    return told


def _joint(answers: AnswerModel, batch: Batch, kinds: Sequence[_Kind], cavity: Array) -> Array:
    """P(key, difficulty) of every task by all that was said of it: (T, max K + 1, n_difficulties)."""
    width = int(batch.n_options.max())
    joint = np.zeros((len(batch.n_options), width + 1, len(answers.difficulties)))
    for kind in kinds:
        beliefs = _task_beliefs(kind, *_to_tasks(answers, kind, cavity[kind.rows]))
        p = np.exp(beliefs - beliefs.max(axis=(1, 2, 3), keepdims=True))
        p = p.sum(axis=2) / p.sum(axis=(1, 2, 3))[:, None, None]
        joint[kind.tasks, : kind.n_options] = p[:, :-1]
        joint[kind.tasks, width] = p[:, -1]
    return joint


def _summed(owner: IntArray, values: Array, count: int) -> Array:
    """Sum of rows by their owner: (count, ...)."""
    total = np.zeros((count, *values.shape[1:]))
    np.add.at(total, owner, values)
    return total


def _softmax(logs: Array) -> Array:
    odds = np.exp(logs - logs.max(axis=1, keepdims=True))
    probs: Array = odds / odds.sum(axis=1, keepdims=True)
    return probs
