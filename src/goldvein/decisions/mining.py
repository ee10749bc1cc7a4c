"""Whether a candidate becomes a benchmark: promote, drop, or ask one more trusted labeler."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from goldvein.decisions.gate import at_least
from goldvein.stats.keys import panel_start
from goldvein.stats.mining import Evidence, task_evidence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from goldvein.domain.policy import Policy
    from goldvein.stats.arrays import Array
    from goldvein.stats.model import AnswerModel


@dataclass(frozen=True, slots=True, eq=False)
class Promote:
    """The candidate is a benchmark.

    Attributes
    ----------
    key : int
        The most probable option.
    key_probs : (K,) float
        What the benchmark carries: with the doubt that a panel erred as one, which upkeep starts from too.
    difficulty_weights : (n_difficulties,) float
    p_clean : float
        P(key right and task clean).
    """

    key: int
    key_probs: Array
    difficulty_weights: Array
    p_clean: float


@dataclass(frozen=True, slots=True)
class Drop:
    """The candidate will not be a benchmark.

    Attributes
    ----------
    answer : int or None
        What the panel says, to be delivered (K for "cannot be answered"); None if that is too uncertain and
        the task returns to the queue.
    p : float
        P(the panel's best answer).
    agrees_with : str or None
        The shortcut for whose sake it goes back before its panel is through: enough benchmarks let that pass.
    is_withheld : bool
        Whether it would be a benchmark, but for a leaning that speaks against its key.
    """

    answer: int | None
    p: float
    agrees_with: str | None = None
    is_withheld: bool = False


@dataclass(frozen=True, slots=True)
class Continue:
    """Ask one more trusted labeler.

    Attributes
    ----------
    p_clean : float
        P(key right and task clean) so far; candidates with more are asked about first.
    """

    p_clean: float


Settlement: TypeAlias = Promote | Drop | Continue


def settle(
    answers: AnswerModel,
    n_options: int,
    choices: Sequence[int],
    n_trusted_left: int,
    policy: Policy,
    leaning: Array | None = None,
) -> Settlement:
    """Decide a candidate after some answers of the panel.

    Parameters
    ----------
    answers : AnswerModel
    n_options : int
        K.
    choices : sequence of int
        The panel's answers so far, in content order; K for "cannot be answered".
    n_trusted_left : int
        Trusted labelers who have not answered it yet. At 0 it is settled with what is there, at the lower
        ``promote_exhausted_at``: a small panel must be able to start a project, and the benchmark carries
        its doubt with it.
    policy : Policy
    leaning : (K,) float, optional
        P(each option is the key) before anybody answered, from ``decisions.seeking.leaning``. Where a rule
        is right on most tasks, panels that err mostly err away from it: few benchmarks would have wrong
        keys, but many of those that speak against the rule. It counts only against a key: that a shortcut
        says the same makes no answer surer.
    """
    if not choices:
        return Continue(p_clean=0.0) if n_trusted_left else Drop(answer=None, p=0.0)
    evidence = task_evidence(answers, n_options, choices)
    p_clean, best = evidence.clean_probability(policy.ease_at_least), evidence.best
    left = min(n_trusted_left, policy.panel_max - len(choices))
    against = leaning if best < n_options and leaning is not None and leaning[best] * n_options < 1 else None
    is_sure = _promotes(evidence, n_trusted_left, policy)
    if is_sure and (against is None or _withstands(answers, n_options, choices, against, best, left, policy)):
        keys = panel_start(answers, n_options, choices, against)[:-1].sum(axis=1)
        return Promote(best, keys / keys.sum(), evidence.difficulty_weights(best), p_clean)
    doubtful = len(choices) >= 2 and p_clean <= policy.abandon_below
    if left <= 0 or doubtful:
        return replace(_drop(evidence, policy), is_withheld=is_sure)
    agreed = task_evidence(answers, n_options, [*choices, *[best] * left])
    reachable = _promotes(agreed, n_trusted_left - left, policy)
    return Continue(p_clean=p_clean) if reachable else _drop(evidence, policy)


def _promotes(evidence: Evidence, n_trusted_left: int, policy: Policy) -> bool:
    """Sure enough of key and ease; once nobody is left to ask, less will do."""
    p_clean = evidence.clean_probability(policy.ease_at_least)
    if n_trusted_left <= 0:
        return bool(at_least(p_clean, policy.promote_exhausted_at))
    p_key = float(evidence.answer_probs[evidence.best])
    return bool(at_least(p_clean, policy.promote_at) and at_least(p_key, policy.promote_key_at))


def _withstands(
    answers: AnswerModel, n_options: int, choices: Sequence[int], leaning: Array, key: int, left: int,
    policy: Policy,
) -> bool:  # fmt: skip
    """Whether a key that a leaning speaks against is sure all the same; of a whole panel, sure enough."""
    evidence = task_evidence(answers, n_options, choices, leaning=leaning)
    if evidence.best != key:
        return False
    if left <= 0:
        return bool(at_least(float(evidence.answer_probs[key]), policy.promote_exhausted_at))
    return _promotes(evidence, left, policy)


def _drop(evidence: Evidence, policy: Policy) -> Drop:
    """Deliver from the panel where it is sure enough of the answer, even if the task is not clean."""
    p = float(evidence.answer_probs[evidence.best])
    return Drop(answer=evidence.best if at_least(p, policy.panel_deliver_at) else None, p=p)
