"""Agreement of pairs of answers: raw, Krippendorff's alpha and Gwet's AC1, from counts of pairs alone.

A pair is two answers to one task by two people. Counts of pairs can be added up over any window, and all
that is told here follows from them. Tasks with different numbers of options are strata: agreement by chance
is worked out in each and averaged, since an answer "third" says another thing of three options than of nine.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from goldvein.stats.arrays import Array
from goldvein.stats.intervals import NORMAL_90, wilson


class Pair(NamedTuple):
    """What two people picked, the lower option first, of so many options."""

    options: int
    one: int
    other: int


Pairs = Mapping[Pair, int]
"""How often each pair was given."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A coefficient and its interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Agreement:
    """How alike people answer; alpha and AC1 are None where chance leaves nothing to disagree about."""

    pairs: int
    raw: Estimate
    alpha: Estimate | None
    ac1: Estimate | None


@dataclass(frozen=True, slots=True)
class _Cells:
    """Cells of the tables of all strata, a number each; ``differ`` is 1 where the two picks do."""

    share: Array
    """Of all pairs."""
    differ: Array
    diversity: Array
    """Of the cell's stratum: the chance that two answers differ, whoever gave them, sum_k pi_k (1 - pi_k)."""
    slope: Array
    """By how much a pair of this cell moves that chance, per share of the stratum's pairs."""
    options: Array
    pairs: Array
    """Of the cell's stratum."""


def agreement(pairs: Pairs, z: float = NORMAL_90) -> Agreement | None:
    """Tell how alike people answer, from counts of pairs; None where there are none.

    Parameters
    ----------
    pairs : mapping of Pair to int
    z : float
        Half the width of the intervals, in standard deviations of a normal distribution.

    Returns
    -------
    Agreement or None

    Notes
    -----
    Both coefficients have the form ``1 - D / B``: the share of pairs that differ, by what it would be by
    chance. The interval is Wilson's of D at an *effective* number of pairs, at which D would vary as much as
    ``B (D / B)`` does to first order, chance being estimated from the same pairs; but never at more than
    there are: where few picks are of a rare option, D and B move together and say little. It is one for
    further pairs of the same people (``python -m perf.agreement``).

    Source
    ------
    Krippendorff (2004), Content Analysis, ch. 11 (nominal data, two answers a unit). Gwet (2008), Computing
    inter-rater reliability and its variance in the presence of high agreement, eq. 5. Effective sample sizes:
    Korn and Graubard (1998), Confidence intervals for proportions with small expected number of positive
    counts; Dean and Pagano (2015) for Wilson's form of it.
    """
    total = sum(pairs.values())
    if not total:
        return None
    cells = _cells(pairs, total)
    differing = sum(count for pair, count in pairs.items() if pair.one != pair.other) / total
    low, high = wilson(differing * total, total, z)
    raw = Estimate(1 - differing, 1 - high, 1 - low)
    of_two = 2 * cells.pairs / (2 * cells.pairs - 1)
    alpha = _coefficient(cells, differing, total, 0.0, of_two, z)
    ac1 = _coefficient(cells, differing, total, 1.0, -1 / np.maximum(cells.options - 1, 1), z)
    return Agreement(total, raw, alpha, ac1)


def collapsed(pairs: Pairs, option: int) -> dict[Pair, int]:
    """Count pairs as if there were two options: this one, and any other."""
    found: dict[Pair, int] = defaultdict(int)
    for pair, count in pairs.items():
        low, high = sorted((int(pair.one != option), int(pair.other != option)))
        found[Pair(2, low, high)] += count
    return found


def _cells(pairs: Pairs, total: int) -> _Cells:
    strata: dict[int, list[tuple[Pair, int]]] = defaultdict(list)
    for pair, count in pairs.items():
        if count:
            strata[pair.options].append((pair, count))
    rows = [row for options, cells in strata.items() for row in _stratum(options, cells, total)]
    return _Cells(*np.array(rows, dtype=np.float64).T)


def _stratum(options: int, cells: list[tuple[Pair, int]], total: int) -> list[tuple[float, ...]]:
    count = sum(one for _, one in cells)
    picked: dict[int, float] = defaultdict(float)
    for pair, n in cells:
        picked[pair.one] += n / (2 * count)
        picked[pair.other] += n / (2 * count)
    same = sum(share * share for share in picked.values())
    return [
        (n / total, pair.one != pair.other, 1 - same,
         2 * same - picked[pair.one] - picked[pair.other], options, count)
        for pair, n in cells
    ]  # fmt: skip


def _coefficient(
    cells: _Cells, differing: float, total: int, offset: float, scale: Array, z: float
) -> Estimate | None:
    """``1 - D / B`` where ``B = offset + mean(scale diversity)`` is what would differ by chance."""
    by_chance = offset + float(cells.share @ (scale * cells.diversity))
    if by_chance <= 0:
        return None
    moved = scale * (cells.diversity + cells.slope) - (by_chance - offset)
    residual = cells.differ - differing - differing / by_chance * moved
    variance = float(cells.share @ residual**2) / total
    # Where all pairs differ, D does not vary to first order: it is known as well as so many pairs tell it.
    varies = variance > 0 and differing < 1
    effective = min(total, differing * (1 - differing) / variance) if varies else total
    low, high = wilson(differing * effective, effective, z)
    return Estimate(1 - differing / by_chance, 1 - high / by_chance, 1 - low / by_chance)
