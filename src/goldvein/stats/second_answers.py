"""What an auditor's blind second answers tell of the labeler whose work it is, and of the auditors.

An auditor is no oracle: people slip, and where several answers can be defended they differ in taste. Both
lower the share of agreement, as does ordinary work that is harder than benchmarks; so all three are reckoned
together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from goldvein.stats.arrays import Array, IntArray, frozen

if TYPE_CHECKING:
    from goldvein.stats.model import Model

SHIFTS: Final = frozen(np.linspace(-2.0, 4.0, 13))
"""By how many logits ordinary tasks may be harder than benchmarks."""
AUDITORS: Final = frozen(np.linspace(0.0, 5.5, 12))
"""Log odds that an auditor's answer is the one that the panel would choose."""


def sigmoid(x: Array) -> Array:
    """Probability of log odds."""
    return np.asarray(1 / (1 + np.exp(-x)))


def ordinary_right(model: Model, difficulty: Array, n_options: float, rules: Array) -> Array:
    """P(right on ordinary work) of each state, by how much harder that is than benchmarks.

    Parameters
    ----------
    model : Model
    difficulty : (n_difficulties,) float
        Mean weights of the benchmarks in service; sums to one.
    n_options : float
        Of the mix of tasks, so that ``1 / n_options`` is what guessing reaches.
    rules : (n_shortcuts,) float
        What share of ordinary work each shortcut gets right.

    Returns
    -------
    (n_shifts, n_states) float
    """
    answers = model.answers
    ease = model.space.thetas[None, :, None] - answers.difficulties - SHIFTS[:, None, None]
    solved = (difficulty * sigmoid(answers.discrimination * ease)).sum(axis=2)
    abilities = 1 / n_options + (1 - 1 / n_options) * solved
    return np.concatenate([abilities, np.tile(rules, (len(SHIFTS), 1))], axis=1)


def agreement(right: Array, n_options: float) -> Array:
    """P(an auditor's answer is the labeler's): both right, or both wrong in the same way.

    Parameters
    ----------
    right : (n_shifts, n_states) float
        From ``ordinary_right``.
    n_options : float
        Wrong answers meet by chance, once in ``n_options - 1``.

    Returns
    -------
    (n_shifts, n_auditors, n_states) float
        Strictly between 0 and 1; auditors as in ``AUDITORS``.
    """
    own, other = right[:, None, :], sigmoid(AUDITORS)[None, :, None]
    both: Array = own * other + (1 - own) * (1 - other) / (n_options - 1)
    return np.clip(both, 1e-4, 1 - 1e-4)


def overlapping(auditor: Array, n_options: float) -> Array:
    """P(two auditors answer alike), by their log odds of being right: elementwise."""
    right = sigmoid(auditor)
    same: Array = right**2 + (1 - right) ** 2 / (n_options - 1)
    return np.clip(same, 1e-9, 1 - 1e-9)


def state_likelihoods(curve: Array, agreed: IntArray, of: IntArray) -> Array:
    """P(so many agreed, in one order | state).

    Parameters
    ----------
    curve : (..., n_states) float
        P(agree | state), from ``agreement``.
    agreed, of : (n,) int

    Returns
    -------
    (..., n, n_states) float
    """
    yes, no = np.log(curve)[..., None, :], np.log1p(-curve)[..., None, :]
    agreed, of = np.asarray(agreed)[:, None], np.asarray(of)[:, None]
    return np.asarray(np.exp(agreed * yes + (of - agreed) * no))


def between(table: Array, shift: Array, auditor: Array) -> Array:
    """Read a table over shifts and auditors between its points, linearly.

    Parameters
    ----------
    table : (n_shifts, n_auditors, ...) float
    shift, auditor : (n_draws,) float

    Returns
    -------
    (n_draws, ...) float
    """
    at, part = _place(SHIFTS, shift)
    of, share = _place(AUDITORS, auditor)
    wide = (slice(None), *[None] * (table.ndim - 2))
    part, share = part[wide], share[wide]
    low = (1 - share) * table[at, of] + share * table[at, of + 1]
    high = (1 - share) * table[at + 1, of] + share * table[at + 1, of + 1]
    return np.asarray((1 - part) * low + part * high)


def _place(grid: Array, value: Array) -> tuple[IntArray, Array]:
    """The point of an even grid under each value, and how far on it lies to the next."""
    where = np.clip((value - grid[0]) / (grid[1] - grid[0]), 0.0, len(grid) - 1 - 1e-9)
    at = where.astype(np.int64)
    return at, where - at
