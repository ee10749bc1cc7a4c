"""Whether a benchmark stays in use: keep it, freeze it, give it another key, or retire it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from goldvein.decisions.gate import at_least

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from goldvein.domain.policy import Policy
    from goldvein.stats.arrays import Array, BoolArray
    from goldvein.stats.keys import Said
    from goldvein.stats.mining import Evidence

GROWN_BY, GROWN_SHARE = 5, 0.25
"""Answers since the last look after which a benchmark is looked at again: at least, and of those it had."""
DOUBT: Final = 0.9
"""P(key right) under which a benchmark is looked at with every serving."""
LEAST_GOOD: Final = 8.0
"""Good labelers' worth of answers under which nothing is said against a key, and it is left alone. Five tell
of a wrong key as surely, but not yet of the right one, and nobody answers a frozen benchmark any more."""
LEAST_TO_JUDGE: Final = 20.0
"""Good labelers' worth of answers under which nobody says that a benchmark is too easy or a misfit."""
LEAST_OTHERS: Final = 8.0
"""Answers of people who do not do the job, in whose light too easy is too easy."""
APART: Final = 0.15
"""What good labelers must have over others in accuracy."""
LEAKED_AT: Final = float(np.log(10_000))
"""Evidence of a leak at which a benchmark retires: so strong by chance in one of 10,000 at most."""
MISFIT: Final = -4.0
"""Standard errors by which good labelers do worse, and others better, than any difficulty explains."""

_RIDGE: Final = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Watched:
    """What is known of a benchmark when it is looked at.

    Attributes
    ----------
    key : int
        In force.
    evidence : Evidence
        From ``stats.keys.key_evidence``.
    said : Said
        The crowd's answers.
    exposures : int
    age_seconds : float
        Since its promotion.
    guessable : bool
        Whether a known content rule gives the key: then others are right for that reason, and the benchmark
        is not too easy, but one of those that the mix of benchmarks has to outweigh.
    leak : float
        From ``stats.leaks.leak_evidence``.
    """

    key: int
    evidence: Evidence
    said: Said
    exposures: int
    age_seconds: float
    guessable: bool = False
    leak: float = 0.0


@dataclass(frozen=True, slots=True)
class Keep:
    """The benchmark stays in use.

    Attributes
    ----------
    p_right : float
        P(the key in force is right).
    """

    p_right: float


@dataclass(frozen=True, slots=True)
class Freeze:
    """The key is probably wrong: out of use, what it said of labelers does not count, somebody looks.

    Attributes
    ----------
    p_right : float
    rival : int
        The likeliest answer, K for "cannot be answered".
    p_rival : float
    """

    p_right: float
    rival: int
    p_rival: float


@dataclass(frozen=True, slots=True, eq=False)
class Rekey:
    """Another key is right with near certainty.

    Attributes
    ----------
    key : int
    p_right : float
        P(the key in force until now was right).
    p_key : float
        P(the new one is).
    key_probs : (K,) float
    difficulty_weights : (n_difficulties,) float
        What the benchmark carries from now on.
    """

    key: int
    p_right: float
    p_key: float
    key_probs: Array
    difficulty_weights: Array


@dataclass(frozen=True, slots=True)
class Retire:
    """The benchmark has had its day: out of use, what it said of labelers stays.

    Attributes
    ----------
    reason : str
        ``exposed``, ``old``, ``ambiguous`` (even good labelers hardly find the key), ``too easy`` (nearly
        everybody does), ``leaked``, or ``misfit`` (good labelers do worse on it than others).
    p_right : float
    """

    reason: str
    p_right: float


Upkeep: TypeAlias = Keep | Freeze | Rekey | Retire


def is_due(exposures: ArrayLike, looked_at: ArrayLike) -> BoolArray:
    """Whether benchmarks were served often enough since they were looked at: elementwise."""
    before = np.asarray(looked_at)
    due: BoolArray = np.asarray(exposures) - before >= np.maximum(GROWN_BY, GROWN_SHARE * before)
    return due


def looked_until(exposures: int, verdict: Upkeep) -> int:
    """Servings up to which a benchmark counts as looked at: one in doubt is looked at again with the next."""
    if not at_least(DOUBT, verdict.p_right):
        return exposures
    following = exposures + 1
    return max(0, int(np.ceil(min(following - GROWN_BY, following / (1 + GROWN_SHARE)))))


def is_plain(said: Said, key: int) -> bool:
    """Whether the crowd so plainly confirms a key that no evidence need be weighed to keep it.

    Those who do the job gave it twice as often as any other answer.
    """
    votes = np.bincount(said.choices, weights=said.p_able, minlength=key + 1)
    rivals = np.delete(votes, key)
    return bool(votes[key] >= 2 * rivals.max(initial=0.0))


def look(watched: Watched, policy: Policy) -> Upkeep:
    """Decide one benchmark by all that its answers say.

    A wrong key is looked for first: it does harm, while one that tells little only wastes a serving.

    Parameters
    ----------
    watched : Watched
    policy : Policy
    """
    p_right = float(watched.evidence.answer_probs[watched.key])
    told = float(watched.said.p_able.sum())
    if told >= LEAST_GOOD and not at_least(p_right, policy.freeze_below):
        return _wrong(watched, p_right, policy)
    if watched.leak >= LEAKED_AT and not watched.guessable:
        return Retire("leaked", p_right)
    reason = _spent(watched, policy) or _tells_nothing(watched, told, policy)
    return Keep(p_right) if reason is None else Retire(reason, p_right)


def _wrong(watched: Watched, p_right: float, policy: Policy) -> Freeze | Rekey:
    """Another key where it is as sure as a promoted one's would have to be; else nobody's."""
    evidence = watched.evidence
    rival = evidence.best
    p_rival = float(evidence.answer_probs[rival])
    clean = evidence.clean_probability(policy.ease_at_least)
    sure = at_least(p_rival, policy.promote_key_at) and at_least(clean, policy.promote_at)
    if rival < len(evidence.joint) - 1 and sure:
        return Rekey(rival, p_right, p_rival, evidence.key_probs, evidence.difficulty_weights(rival))
    return Freeze(p_right, rival, p_rival)


def _spent(watched: Watched, policy: Policy) -> str | None:
    if watched.exposures >= policy.exposure_budget:
        return "exposed"
    if watched.age_seconds >= policy.age_budget_seconds:
        return "old"
    return None


def _tells_nothing(watched: Watched, told: float, policy: Policy) -> str | None:
    """Why its answers tell little of those who give them, if they do."""
    if _is_hard(watched, told, policy):
        return "ambiguous"
    if told < LEAST_TO_JUDGE or len(watched.said) - told < LEAST_OTHERS:
        return None
    if watched.guessable:
        return None
    apart, error = _apart(watched)
    if apart + error < 0 and at_least(MISFIT, misfit(watched)):
        return "misfit"
    if apart + 1.645 * error < APART:
        return "too easy"
    return None


def _is_hard(watched: Watched, told: float, policy: Policy) -> bool:
    """Whether it is as hopeless as a candidate that mining drops: key right and task clean, hardly likely."""
    evidence = watched.evidence
    clean = float(evidence.joint[watched.key, evidence.ease >= policy.ease_at_least].sum())
    return told >= LEAST_GOOD and bool(at_least(policy.abandon_below, clean))


def _apart(watched: Watched) -> tuple[float, float]:
    """How much more often those who do the job are right than the others, and the standard error of that.

    The slope of "right" over P(does the job): unbiased however little is known of who does. Shares weighted
    by that probability would come out alike for everybody where it is much the same for all.
    """
    said = watched.said
    leverage = said.p_able - said.p_able.mean()
    spread = float((leverage**2).sum()) + _RIDGE
    right = (said.choices == watched.key).astype(float)
    share = (right.sum() + 1) / (len(right) + 2)
    return float((leverage * right).sum()) / spread, float(np.sqrt(share * (1 - share) / spread))


def misfit(watched: Watched) -> float:
    """How much worse good labelers do, and how much better others, than the model foretells: standard errors.

    The weighted sum of residuals, weights rising with ability: 0 on average under the model, one standard
    error wide. Far below 0, good people miss what others find: taste, a trick, or a key that leaked.
    """
    said, options = watched.said, len(watched.evidence.joint) - 1
    solved = said.curves @ watched.evidence.difficulty_weights(watched.key)
    foretold = said.p_able * solved + (1 - said.p_able) / options
    leverage = foretold - foretold.mean()
    variance = float((leverage**2 * foretold * (1 - foretold)).sum())
    if variance < 0.25:
        return 0.0
    residual = (said.choices == watched.key) - foretold
    return float((leverage * residual).sum() / np.sqrt(variance))
