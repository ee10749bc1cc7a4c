"""A start without anybody trusted: keys and people from the agreement of a redundant first batch.

Agreement alone is no proof: those who take the longest option agree with each other, as a clique does. So
shortcuts are states of their own: agreement that a rule explains is not trust. And once the trusted are found
the others are looked at by themselves: if they agree with each other on other answers, two camps stand
against each other, and no arithmetic says which of them is right.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from goldvein.stats.arrays import Array, BoolArray, IntArray, ShapeError
from goldvein.stats.items import bar_theta
from goldvein.stats.mining import panel_curve
from goldvein.stats.passing import THETAS, Batch, Beliefs, ability_curve, infer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from goldvein.stats.model import AnswerModel

DOUBT: Final = 0.01
"""Share of keys taken to be wrong for a reason that the model does not know: a mistake that most make."""
LEAST_ANSWERS: Final = 20
"""Answers of a labeler before agreement can earn trust."""
LEAST_TRUSTED: Final = 3
LEAST_CLEAN: Final = 10
MOST_TRUSTED: Final = 8
MOST_TRUSTED_SHARE: Final = 1 / 3
"""Of those who could be trusted the best are, at most so many or so large a share of all."""
_QUANTILE: Final = 0.1
_EXPLAINED_AT_MOST: Final = 0.5
_WAYS: Final = "appoint somebody as trusted, or give benchmarks by hand"
_CAMP_SHARE: Final = 0.34
_CAMP_CERTAIN: Final = 0.8
_CAMP_DISSENT: Final = 0.4
_CAMP_ABILITY: Final = -1.5
_CAMP_AGREES: Final = 0.6


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of keys and people; the names are those of the policy."""

    trust_accuracy: float = 0.85
    trust_at: float = 0.9
    ease_at_least: float = 0.75
    promote_at: float = 0.835
    promote_key_at: float = 0.98


@dataclass(frozen=True, slots=True, eq=False)
class Bootstrap:
    """What a redundant first batch says.

    Attributes
    ----------
    joint : (T, max K + 1, n_difficulties) float
        P(key, difficulty) of each task, with ``DOUBT`` taken off; "cannot be answered" last.
    p_clean : (T,) float
        P(the best option is the key, and the task is as easy as asked).
    clean : (T,) bool
        Tasks that may become benchmarks.
    lower, mean : (J,) float
        Accuracy on the clean tasks: with probability .9 it is more than ``lower``. A shortcut's is chance.
    explained : (J, 1 + F) float
        P(answers at random, or by each rule).
    given : (J,) int
        Answers of each labeler.
    trusted : (J,) bool
        Nobody, where ``refusal`` says why.
    refusal : str or None
        Why nothing of this can be relied on, and the way out.
    """

    joint: Array
    p_clean: Array
    clean: BoolArray
    lower: Array
    mean: Array
    explained: Array
    given: IntArray
    trusted: BoolArray
    refusal: str | None

    @property
    def answer_probs(self) -> Array:
        """P(this is what able people would settle on), last "cannot be answered": (T, max K + 1)."""
        probs: Array = self.joint.sum(axis=2)
        return probs

    @property
    def best(self) -> IntArray:
        """The most probable answer of each task, ``max K`` for "cannot be answered": (T,)."""
        best: IntArray = self.answer_probs.argmax(axis=1)
        return best

    @property
    def key_probs(self) -> Array:
        """P(option is the key), given that the task has one: (T, max K)."""
        probs = self.answer_probs[:, :-1]
        normed: Array = probs / np.maximum(probs.sum(axis=1, keepdims=True), 1e-300)
        return normed

    def difficulty_weights(self, task: int) -> Array:
        """P(difficulty | answers, the best option is the key): (n_difficulties,)."""
        row = self.joint[task, self.best[task]]
        weights: Array = row / row.sum()
        return weights


def make_batch(
    labeler: IntArray,
    task: IntArray,
    choice: IntArray,
    n_options: IntArray,
    hits: Mapping[str, Array] | None = None,
) -> Batch:
    """Batch from plain arrays; see ``Batch``. ``hits`` maps rules to (n,) float."""
    rules = dict(hits or {})
    rows = np.array(list(rules.values())) if rules else np.zeros((0, len(labeler)))
    return Batch(labeler, task, choice, n_options, tuple(rules), rows)


def rule_hits(choice: int, n_options: int, picks: tuple[int, ...] | list[int]) -> float:
    """P(a follower of a rule that picks these options gives this answer); none picked: at random."""
    if choice == n_options:
        return 0.0
    if not picks:
        return 1 / n_options
    return 1 / len(picks) if choice in picks else 0.0


def bootstrap(answers: AnswerModel, batch: Batch, asked: Asked | None = None) -> Bootstrap:
    """Find keys and people to trust in a batch that was answered several times, without any truth.

    Parameters
    ----------
    answers : AnswerModel
    batch : Batch
    asked : Asked, optional

    Returns
    -------
    Bootstrap
        With nobody trusted and nothing clean where ``refusal`` says why.
    """
    wanted = asked or Asked()
    beliefs = infer(answers, batch)
    joint = _doubted(beliefs.joint, batch.n_options)
    p_clean, clean = _clean(answers, batch, joint, wanted)
    given = np.bincount(batch.labeler, minlength=batch.n_labelers)
    curve = _mean_curve(answers, batch, joint, clean)
    mean, lower = _accuracies(beliefs, curve, batch)
    trusted = np.zeros(batch.n_labelers, dtype=bool)
    refusal = _explained(batch, beliefs) or _too_few_clean(int(clean.sum()))
    if refusal is None:
        able = _able(answers, batch, joint, clean, wanted)
        enough = (beliefs.abilities[:, able].sum(axis=1) >= wanted.trust_at) & (given >= LEAST_ANSWERS)
        trusted = _best(enough, lower, mean)
        refusal = _why_not(answers, batch, beliefs, enough, trusted)
    if refusal is not None:
        trusted, clean = np.zeros_like(trusted), np.zeros_like(clean)
    return Bootstrap(joint, p_clean, clean, lower, mean, beliefs.shortcuts, given, trusted, refusal)


def _doubted(joint: Array, n_options: IntArray) -> Array:
    """Spread a little of every key over the other answers, difficulties as they are."""
    width = joint.shape[1] - 1
    exists = (np.arange(width + 1) < n_options[:, None]) | (np.arange(width + 1) == width)
    by_difficulty = joint.sum(axis=1, keepdims=True)
    spread = exists[:, :, None] / exists.sum(axis=1)[:, None, None] * by_difficulty
    doubted: Array = (1 - DOUBT) * joint + DOUBT * spread
    return doubted


def _clean(answers: AnswerModel, batch: Batch, joint: Array, asked: Asked) -> tuple[Array, BoolArray]:
    """P(clean) of each task, and which tasks are clean enough."""
    probs = joint.sum(axis=2)
    best = probs.argmax(axis=1)
    at = np.arange(len(joint))
    p_clean = np.zeros(len(joint))
    for n_options in np.unique(batch.n_options).tolist():
        curve = panel_curve(answers, n_options)
        easy = (curve - 1 / n_options) / (1 - 1 / n_options) >= asked.ease_at_least
        own = batch.n_options == n_options
        p_clean[own] = joint[at[own], best[own]][:, easy].sum(axis=1)
    answerable = best < joint.shape[1] - 1
    p_clean = np.where(answerable, p_clean, 0.0)
    p_key = probs[at, best]
    return p_clean, (p_clean >= asked.promote_at) & (p_key >= asked.promote_key_at)


def _weights(joint: Array, clean: BoolArray) -> Array:
    """P(difficulty) of the clean tasks, of all where none is clean: (m, n_difficulties)."""
    rows = joint[clean if clean.any() else np.ones_like(clean)]
    weights = rows.sum(axis=1)
    normed: Array = weights / np.maximum(weights.sum(axis=1, keepdims=True), 1e-300)
    return normed


def _mean_curve(answers: AnswerModel, batch: Batch, joint: Array, clean: BoolArray) -> Array:
    """Mean accuracy of each ability on the clean tasks: (n_abilities,)."""
    weights = _weights(joint, clean)
    options = batch.n_options[clean] if clean.any() else batch.n_options
    curve = np.zeros(len(THETAS))
    for n_options in np.unique(options).tolist():
        own = options == n_options
        curve += own.mean() * (ability_curve(answers, n_options) @ weights[own].mean(axis=0))
    return curve


def _accuracies(beliefs: Beliefs, curve: Array, batch: Batch) -> tuple[Array, Array]:
    """Mean and lower bound of each labeler's accuracy on the clean tasks."""
    chance = float((1 / batch.n_options).mean())
    mean = beliefs.abilities @ curve + beliefs.shortcuts.sum(axis=1) * chance
    below = beliefs.shortcuts.sum(axis=1, keepdims=True) + np.cumsum(beliefs.abilities, axis=1)
    place = (below < _QUANTILE).sum(axis=1)
    lower = np.where(
        beliefs.shortcuts.sum(axis=1) >= _QUANTILE, chance, curve[np.minimum(place, len(curve) - 1)]
    )
    return mean, lower


def _able(answers: AnswerModel, batch: Batch, joint: Array, clean: BoolArray, asked: Asked) -> BoolArray:
    """Abilities that reach the accuracy asked on the clean tasks; none, where no ability does."""
    try:
        theta = bar_theta(
            asked.trust_accuracy, answers, batch.n_options[clean].tolist(), list(_weights(joint, clean))
        )
    except ShapeError:
        return np.zeros(len(THETAS), dtype=bool)
    able: BoolArray = theta <= THETAS
    return able


def _best(enough: BoolArray, lower: Array, mean: Array) -> BoolArray:
    """Those of the able who are best by what is certain of them."""
    most = max(MOST_TRUSTED, int(MOST_TRUSTED_SHARE * len(enough)))
    order = np.lexsort((mean, lower))[::-1]
    best = np.zeros(len(enough), dtype=bool)
    best[order[enough[order]][:most]] = True
    return best


def _explained(batch: Batch, beliefs: Beliefs) -> str | None:
    """Where most answer by a rule or at random, the rest is too few to be told from chance."""
    explained = beliefs.shortcuts.sum(axis=1) > _EXPLAINED_AT_MOST
    if explained.mean() <= _EXPLAINED_AT_MOST:
        return None
    names = ("answers at random", *batch.rules)
    most = names[int(beliefs.shortcuts[explained].sum(axis=0).argmax())]
    return (
        f"{explained.mean():.0%} of the labelers answer by a rule or at random (most of them: {most}); "
        f"agreement is no proof here: {_WAYS}"
    )


def _too_few_clean(count: int) -> str | None:
    if count >= LEAST_CLEAN:
        return None
    return (
        f"{count} tasks of the batch have an answer that can be relied on, {LEAST_CLEAN} are needed: ask for "
        "more answers to each (bootstrap_answers) or more tasks (bootstrap_tasks), or appoint somebody"
    )


def _why_not(
    answers: AnswerModel, batch: Batch, beliefs: Beliefs, enough: BoolArray, trusted: BoolArray
) -> str | None:
    """Why the trusted, the best of those who agree well enough, cannot be relied on."""
    if trusted.sum() < LEAST_TRUSTED:
        return (
            f"{int(trusted.sum())} labelers agree well enough to be trusted, {LEAST_TRUSTED} are needed: "
            f"ask for more answers (bootstrap_answers, bootstrap_tasks), or {_WAYS}"
        )
    camp = other_camp(answers, batch, beliefs, enough)
    if camp > _CAMP_SHARE * enough.sum():
        return (
            f"{int(enough.sum())} labelers agree with each other, and {camp} others agree with each other "
            f"on other answers: nobody but you can say who is right: {_WAYS}"
        )
    return None


def other_camp(answers: AnswerModel, batch: Batch, beliefs: Beliefs, trusted: BoolArray) -> int:
    """Count the labelers who, left among themselves, agree on keys of their own.

    Everybody but those who agree with the keys is looked at again, also those who seem to answer by a rule or
    at random: so the smaller of two camps looks to the larger. Of the keys on which the rest is certain, a
    good part must differ from those of all.
    """
    rows = np.flatnonzero(~trusted[batch.labeler])
    if not len(rows):
        return 0
    own = infer(answers, batch.of(rows))
    sure = own.joint.sum(axis=2).max(axis=1) >= _CAMP_CERTAIN
    differs = own.joint.sum(axis=2).argmax(axis=1) != beliefs.joint.sum(axis=2).argmax(axis=1)
    if sure.sum() < LEAST_CLEAN or differs[sure].mean() < _CAMP_DISSENT:
        return 0
    agrees = own.abilities[:, THETAS >= _CAMP_ABILITY].sum(axis=1) > _CAMP_AGREES
    return int((agrees & ~trusted[: len(agrees)]).sum())
