"""Sums over the answers of every labeler, or of every item, when there are millions of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from goldvein.stats.arrays import Array, IntArray

CHUNK = 128


@dataclass(frozen=True, slots=True, eq=False)
class GroupSums:
    """A plan for ``sums[o] = sum of table[source[a]] over the entries a of owner o``, made once, used often.

    The product of a sparse matrix of ones with a table, as an "ELLPACK" layout: owners' entries are cut into
    chunks, chunks stand in order of falling length, and the m-th entries of all chunks are added in one
    stroke. Five to eight times as fast as gathering everything for ``np.add.reduceat``.

    Attributes
    ----------
    strokes : tuple of (n_m,) int
        Rows of the table that are added to the first n_m chunks.
    chunk_rows : (n_chunks,) int
        Place of every chunk, in order of owners.
    starts, owners : (n_seen,) int
        First chunk of every owner that has entries, and that owner.
    n_owners : int
    """

    strokes: tuple[IntArray, ...]
    chunk_rows: IntArray
    starts: IntArray
    owners: IntArray
    n_owners: int

    def sums(self, table: NDArray[np.float32]) -> Array:
        """Sum of each owner's rows of a table: (n_rows, width) to (n_owners, width).

        Chunks are added in float32, owners' chunks in float64.
        """
        parts = np.zeros((len(self.chunk_rows), table.shape[1]), dtype=np.float32)
        for rows in self.strokes:
            parts[: len(rows)] += np.take(table, rows, axis=0)
        total = np.zeros((self.n_owners, table.shape[1]))
        if len(self.owners):
            ordered = parts[self.chunk_rows]
            alone = len(self.owners) == len(ordered)
            total[self.owners] = (
                ordered if alone else np.add.reduceat(ordered, self.starts, axis=0, dtype=np.float64)
            )
        return total


def group_sums(owner: IntArray, source: IntArray, n_owners: int) -> GroupSums:
    """Plan the sums over entries of each owner.

    Parameters
    ----------
    owner : (n,) int
        Whose entry it is, in ``0..n_owners - 1``.
    source : (n,) int
        Row of the table that the entry adds.
    n_owners : int
    """
    order = np.argsort(owner, kind="stable")
    sorted_owner, sorted_source = owner[order], source[order]
    counts = np.bincount(owner, minlength=n_owners)
    rank = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
    place = rank % CHUNK
    chunk = np.cumsum(place == 0) - 1
    lengths = np.bincount(chunk)
    falling = np.argsort(-lengths, kind="stable")
    rows = np.empty_like(falling)
    rows[falling] = np.arange(len(falling))
    by_stroke = np.lexsort((rows[chunk], place))
    edges = np.cumsum(np.bincount(place))[:-1] if len(place) else np.empty(0, dtype=np.int64)
    strokes = np.split(sorted_source[by_stroke], edges) if len(place) else []
    chunk_owner = sorted_owner[place == 0]
    starts = np.flatnonzero(np.diff(chunk_owner, prepend=-1))
    return GroupSums(tuple(strokes), rows, starts, chunk_owner[starts], n_owners)
