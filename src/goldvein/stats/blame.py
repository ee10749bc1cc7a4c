"""Blame: what a drop of accuracy on the reference sample comes from, as probabilities.

Four explanations of the answers since it began, each with one unknown share that is summed over a grid:

``some``  part of the labelers choose at random, the others answer as before
``all``   everybody alike chooses at random some of the time: instructions, or texts that became harder
``keys``  for part of the tasks people now agree on another answer: keys, or the world that they were about
``chance`` nothing has changed

Answers on benchmarks, whose keys are none of the customer's, speak beside them: under ``some`` they fall as
much, under ``keys`` and ``chance`` not at all; under ``all`` they may or may not.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from goldvein.stats.special import log_gamma

if TYPE_CHECKING:
    from collections.abc import Mapping

    from goldvein.stats.arrays import Array, IntArray

Cause = Literal["some", "all", "keys", "chance"]
CAUSES: Final[tuple[Cause, ...]] = ("some", "all", "keys", "chance")
_SHARES: Final = np.array([0.01, 0.02, 0.04, 0.06, 0.08, 0.11, 0.15, 0.2, 0.3, 0.45, 0.65, 0.9])
"""Shares of labelers, of time, or of tasks."""
_AGREED: Final = 0.5
"""Pseudo-count of each option where people came to agree on another one: one option has most answers."""
_LEAST: Final = 1e-4


@dataclass(frozen=True, slots=True)
class Answers:
    """Answers since the drop began, as arrays of one length, and what was expected of each.

    ``expected`` is P(that option) as the task was answered before, ``options`` what there was to choose from.
    """

    task: IntArray
    labeler: IntArray
    choice: IntArray
    expected: Array
    options: IntArray


@dataclass(frozen=True, slots=True)
class Benchmarks:
    """Answers on benchmarks, and right ones, before a drop began and since."""

    before: int
    before_right: int
    since: int
    since_right: int


def blame(answers: Answers, benchmarks: Benchmarks | None = None) -> Mapping[Cause, float]:
    """P(each cause), equal before anything is known; they sum to one."""
    logs = {
        "some": _of_groups(answers, answers.labeler),
        "all": _logsum(_guessed(answers).sum(-1)) - np.log(len(_SHARES)),
        "keys": _of_tasks(answers),
        "chance": float(np.log(np.maximum(answers.expected, _LEAST)).sum()),
    }
    if benchmarks is not None and benchmarks.before and benchmarks.since:
        fell, stayed = _fell(benchmarks), _stayed(benchmarks)
        either = float(np.logaddexp(fell, stayed) - np.log(2))
        beside = {"some": fell, "all": either, "keys": stayed, "chance": stayed}
        logs = {cause: value + beside[cause] for cause, value in logs.items()}
    values = np.array([logs[cause] for cause in CAUSES])
    shares = np.exp(values - values.max())
    shares /= shares.sum()
    return dict(zip(CAUSES, shares.tolist(), strict=True))


def _guessed(answers: Answers) -> Array:
    """Log likelihood of each answer if a share of all answers were random ones: (n_shares, n_answers)."""
    share = _SHARES[:, None]
    return np.asarray(np.log((1 - share) * np.maximum(answers.expected, _LEAST) + share / answers.options))


def _of_groups(answers: Answers, group: IntArray) -> float:
    """Log likelihood if whole groups of answers were random ones, others as before."""
    _, place = np.unique(group, return_inverse=True)
    as_before = np.bincount(place, np.log(np.maximum(answers.expected, _LEAST)))
    random = np.bincount(place, -np.log(answers.options))
    share = _SHARES[:, None]
    each = np.logaddexp(np.log1p(-share) + as_before, np.log(share) + random)
    return _logsum(each.sum(-1)) - float(np.log(len(_SHARES)))


def _of_tasks(answers: Answers) -> float:
    """Log likelihood if people came to agree on any one answer to part of the tasks, and else as before."""
    _, place = np.unique(answers.task, return_inverse=True)
    as_before = np.bincount(place, np.log(np.maximum(answers.expected, _LEAST)))
    options = int(answers.options.max())
    counts = np.zeros((int(place.max()) + 1, options))
    np.add.at(counts, (place, answers.choice), 1.0)
    own = np.zeros(len(counts))
    own[place] = answers.options
    # Of the Dirichlet-multinomial, the likelihood of these answers in their order.
    alpha = _AGREED * own
    anew = (log_gamma(counts + _AGREED) - log_gamma(np.full(1, _AGREED))).sum(1)
    anew = anew + log_gamma(alpha) - log_gamma(alpha + counts.sum(1))
    share = _SHARES[:, None]
    each = np.logaddexp(np.log1p(-share) + as_before, np.log(share) + anew)
    return _logsum(each.sum(-1)) - float(np.log(len(_SHARES)))


def _stayed(found: Benchmarks) -> float:
    """Log likelihood of the later benchmarks at the accuracy of the earlier ones."""
    return _beta_binomial(found.before_right + 1, found.before - found.before_right + 1, found)


def _fell(found: Benchmarks) -> float:
    """The same if some of the answers became random: any share of them, by the grid."""
    accuracy = (found.before_right + 1) / (found.before + 2)
    weight = found.before + 2.0
    fallen = (1 - _SHARES) * accuracy + _SHARES * min(accuracy, 0.25)
    logs = [_beta_binomial(weight * p, weight * (1 - p), found) for p in fallen.tolist()]
    return _logsum(np.array(logs)) - float(np.log(len(_SHARES)))


def _beta_binomial(a: float, b: float, found: Benchmarks) -> float:
    right, wrong = found.since_right, found.since - found.since_right
    terms = log_gamma(np.array([a + right, b + wrong, a + b, a, b, a + b + found.since]))
    return float(terms[:3].sum() - terms[3:].sum())


def _logsum(logs: Array) -> float:
    return float(np.logaddexp.reduce(logs))


def doubt(for_key: int, for_rival: int) -> float:
    """P(those who answer a task pick a rival of its key more often than the key).

    Parameters
    ----------
    for_key, for_rival : int
        Good labelers' answers: the key, and the other option that most of them pick.

    Source
    ------
    P(Beta(r + 1, k + 1) > 1/2), uniform before, as a sum of binomial probabilities.
    """
    n = for_key + for_rival + 1
    return float(sum(comb(n, j) for j in range(for_rival + 1)) / 2**n)
