"""The items' side of ``estimation``: keys, difficulties and wrong answers, labelers known in probability."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from goldvein.stats.arrays import Array, IntArray
from goldvein.stats.gather import GroupSums, group_sums
from goldvein.stats.items import accuracy_curve
from goldvein.stats.special import digamma, fitted_bell, log_gamma

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from goldvein.stats.estimation import AnswerLog, Benchmarks, Shrinkage
    from goldvein.stats.model import Model

TINY = 1e-300
TOLD = 2


def columns_of(log: AnswerLog, benchmarks: Benchmarks) -> IntArray:
    """Column of every answer among its item's sums: its option, "cannot be answered", and ``TOLD`` more.

    Those are right and wrong by the key that trusted labelers gave, for their own answers: these made the
    key, and tell how hard the item is, but not once more which key is right.
    """
    width = benchmarks.key_probs.shape[1]
    columns = np.where(log.choice == benchmarks.n_options[log.item], width, log.choice)
    if log.trusted is None or not benchmarks.keys_from_trusted:
        return columns
    hit = log.choice == benchmarks.key_probs.argmax(axis=1)[log.item]
    return np.where(log.trusted[log.labeler], np.where(hit, width + 1, width + 2), columns)


@dataclass(slots=True, eq=False)
class Items:
    """Posterior of every item's key and difficulty, and what it expects of an answer.

    Attributes
    ----------
    model, shrinkage : what is held
    log_keys : (n_items, width) float
        Prior of the keys.
    sizes : mapping of K to (indices of items, log right, log wrong)
        Items by their number of options, with curves (n_abilities, n_difficulties).
    groups : see ``Benchmarks``
    log_bells : (n_groups, n_difficulties) float
    answers : GroupSums
        Sums over the answers to each (item, column), see ``columns_of``.
    confusion : (width, width) float or None
        Where wrong answers go, where items share it.
    joint : (n_items, width, n_difficulties) float
        P(key, difficulty).
    counts : (n_items, width) float
        Expected answers to each option by labelers who have an ability.
    """

    model: Model
    shrinkage: Shrinkage
    log_keys: Array
    n_options: IntArray
    sizes: dict[int, tuple[IntArray, Array, Array]]
    groups: IntArray
    log_bells: Array
    answers: GroupSums
    confusion: Array | None
    joint: Array
    counts: Array

    def update(self, abilities: NDArray[np.float32]) -> float:
        """Posterior of all items from the labelers' ability states; log evidence of the items."""
        n_items, width = self.log_keys.shape
        cells = self.answers.sums(abilities).reshape(n_items, width + 1 + TOLD, -1)
        cells, told = cells[:, : width + 1], cells[:, width + 1 :]
        seen = cells.sum(axis=2)
        self.counts = seen[:, :width]
        log_joint = self.log_keys[:, :, None] + self.log_bells[self.groups][:, None, :]
        log_joint += (self._urn() + self._none(seen))[:, :, None]
        for rows, right, wrong in self.sizes.values():
            mistakes = cells[rows] @ wrong
            own = cells[rows, :width]
            log_joint[rows] += mistakes.sum(axis=1, keepdims=True) - mistakes[:, :width] + own @ right
            log_joint[rows] += (told[rows, 0] @ right + told[rows, 1] @ wrong)[:, None, :]
        top = log_joint.max(axis=(1, 2), keepdims=True)
        joint = np.exp(log_joint - top)
        mass = joint.sum(axis=(1, 2), keepdims=True)
        self.joint = joint / mass
        return float((top + np.log(mass)).sum()) + self._hyperprior()

    def fit(self) -> None:
        """Bells of difficulty and the shared confusion, given the posterior of all items."""
        difficulty = self.joint.sum(axis=1)
        for group in range(len(self.log_bells)):
            mine = difficulty[self.groups == group]
            held = self.shrinkage.items
            target = (mine.sum(axis=0) + held * self.model.answers.difficulty_prior) / (len(mine) + held)
            self.log_bells[group] = np.log(fitted_bell(self.model.answers.difficulties, target))
        if self.confusion is not None:
            self.confusion = self._fitted_confusion(self.confusion)

    def place(self) -> float:
        """Mean difficulty of the items of group 0."""
        mine = self.joint[self.groups == 0].sum(axis=1).mean(axis=0)
        return float(mine @ self.model.answers.difficulties)

    def shift(self, by: float) -> None:
        """Move the bells along the scale; the items follow with the next update."""
        grid = self.model.answers.difficulties
        for group, log_bell in enumerate(self.log_bells):
            bell = np.exp(log_bell)
            mean = float(bell @ grid)
            spread = max(float(bell @ (grid - mean) ** 2), 0.05)
            moved = -0.5 * (grid - mean - by) ** 2 / spread
            moved -= moved.max()
            self.log_bells[group] = moved - np.log(np.exp(moved).sum())

    def expectations(self) -> NDArray[np.float32]:
        """Expected log likelihood of every answer for every ability: (n_items * columns, n_abilities)."""
        n_items, width = self.log_keys.shape
        none = self.model.answers.none_share
        keys, difficulty = self.joint.sum(axis=2), self.joint.sum(axis=1)
        table = np.empty((n_items, width + 1 + TOLD, self.model.space.n_abilities))
        for rows, right, wrong in self.sizes.values():
            table[rows] = (difficulty[rows] @ wrong.T)[:, None, :]
            table[rows, :width] += self.joint[rows] @ (right - wrong).T
            table[rows, width + 1] = difficulty[rows] @ right.T
        table[:, width] += np.log(none)
        others, attraction = self._others(), self._attraction()
        urn = attraction + self.counts[:, None, :]
        drawn = digamma(urn) - digamma(np.maximum((urn * others).sum(axis=2), TINY))[:, :, None]
        table[:, :width] += np.einsum("ik,ikc,ikc->ic", keys, others, drawn + np.log1p(-none))[:, :, None]
        return table.reshape(n_items * table.shape[1], -1).astype(np.float32)

    def wrong(self, best: IntArray) -> Array:
        """Where wrong answers to each item go: rows sum to one, and all keys are possible."""
        rows = np.arange(len(best))
        attraction = self._attraction()
        spread = attraction[rows, best if attraction.shape[1] > 1 else 0] + self.counts
        options = np.arange(spread.shape[1]) < self.n_options[:, None]
        spread = np.where(options, spread, 0.0)
        shares: Array = spread / spread.sum(axis=1, keepdims=True)
        return shares

    def _others(self) -> Array:
        """1 where an option exists and is not the key: (n_items, width, width), keys first."""
        width = self.log_keys.shape[1]
        exists = np.arange(width) < self.n_options[:, None]
        others: Array = exists[:, :, None] * exists[:, None, :] * (1.0 - np.eye(width))
        return others

    def _attraction(self) -> Array:
        """Concentrations of the urn of wrong answers under every key, one row where keys make no difference.

        (n_items, 1 or width, width); columns that an item lacks, and the key's own, are left to ``_others``.
        """
        attraction = self.model.answers.attraction
        if self.confusion is not None:
            even = np.maximum(self.confusion, np.eye(len(self.confusion)))
            return np.asarray(attraction * np.broadcast_to(even, (len(self.n_options), *even.shape)))
        spread = np.ones((1, 1, self.log_keys.shape[1]))
        return np.asarray(attraction * spread / (self.n_options - 1)[:, None, None])

    def _urn(self) -> Array:
        """Log evidence of where wrong answers went, under every key: (n_items, width)."""
        others, attraction = self._others(), self._attraction()
        after = attraction + self.counts[:, None, :]
        mass, total = (attraction * others).sum(axis=2), (after * others).sum(axis=2)
        drawn = ((log_gamma(after) - log_gamma(attraction)) * others).sum(axis=2)
        evidence: Array = drawn + log_gamma(np.maximum(mass, TINY)) - log_gamma(np.maximum(total, TINY))
        return evidence

    def _none(self, seen: Array) -> Array:
        """Log share of wrong answers that were an option, or "cannot be answered": (n_items, width)."""
        none, options = self.model.answers.none_share, seen[:, :-1]
        wrong = options.sum(axis=1, keepdims=True) - options
        shares: Array = wrong * np.log1p(-none) + seen[:, -1:] * np.log(none)
        return shares

    def _hyperprior(self) -> float:
        """Log prior of the bells and of the shared confusion, up to a constant."""
        held = self.shrinkage.items
        total = held * float((self.log_bells @ self.model.answers.difficulty_prior).sum())
        if self.confusion is not None:
            off = ~np.eye(len(self.confusion), dtype=bool)
            even = self.shrinkage.confusions / (len(self.confusion) - 1)
            total += even * float(np.log(self.confusion[off]).sum())
        return total

    def _fitted_confusion(self, confusion: Array) -> Array:
        """Minka's fixed point for the mean of Polya urns, shrunk to an even spread."""
        keys, urn = self.joint.sum(axis=2), self._attraction()
        drawn = urn * (digamma(urn + self.counts[:, None, :]) - digamma(urn)) * self._others()
        off = 1.0 - np.eye(len(confusion))
        weights = np.einsum("ik,ikc->kc", keys, drawn)
        weights += off * self.shrinkage.confusions / (len(confusion) - 1)
        fitted: Array = weights / weights.sum(axis=1, keepdims=True)
        return fitted


def items_of(
    log: AnswerLog, benchmarks: Benchmarks, model: Model, shrinkage: Shrinkage, *, classes: bool
) -> Items:
    """Items at their priors."""
    n_items, width = benchmarks.key_probs.shape
    groups = np.zeros(n_items, np.int64) if benchmarks.groups is None else benchmarks.groups
    bell = np.log(model.answers.difficulty_prior)
    grid = model.answers.difficulties
    sizes = {}
    for k in np.unique(benchmarks.n_options).tolist():
        points = np.eye(len(grid))
        curves = np.array([accuracy_curve(model.answers, k, point, model.space.thetas) for point in points])
        rows = np.flatnonzero(benchmarks.n_options == k)
        sizes[k] = (rows, np.log(curves.T), np.log1p(-curves.T))
    n_columns = width + 1 + TOLD
    cells = log.item * n_columns + columns_of(log, benchmarks)
    return Items(
        model=model,
        shrinkage=shrinkage,
        log_keys=np.log(np.maximum(benchmarks.key_probs, TINY)),
        n_options=benchmarks.n_options,
        sizes=sizes,
        groups=groups,
        log_bells=np.repeat(bell[None, :], int(groups.max()) + 1, axis=0),
        answers=group_sums(cells, log.labeler, n_items * n_columns),
        confusion=(1 - np.eye(width)) / (width - 1) if classes else None,
        joint=np.empty(0),
        counts=np.empty(0),
    )
