"""What an auditor's blind answer makes of a benchmark in doubt, and how sure of its key one may be then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from goldvein.stats.arrays import Array

Verdict = Literal["confirmed", "rekeyed", "ambiguous"]

AUDITOR_RIGHT: Final = 0.97
"""P(an auditor's answer is the right one), where there is one: people slip, too."""
_SUREST: Final = 0.999


def verdict(key: int, picked: int | None) -> Verdict:
    """What a blind answer says of a key; None: that the task has no clear answer."""
    if picked is None:
        return "ambiguous"
    return "confirmed" if picked == key else "rekeyed"


def key_after(key_probs: Sequence[float], picked: int) -> Array:
    """P(each option is the key) after an auditor picked one: (K,), largest there.

    Agreement multiplies what was believed. Where the auditor disagrees, the auditor's word stands: what was
    believed came from answers that had just been put in doubt.
    """
    before = np.asarray(key_probs, dtype=float)
    options = len(before)
    if int(np.argmax(before)) != picked:
        after = np.full(options, (1 - AUDITOR_RIGHT) / (options - 1))
        after[picked] = AUDITOR_RIGHT
        return after
    weights = np.full(options, (1 - AUDITOR_RIGHT) / (options - 1))
    weights[picked] = AUDITOR_RIGHT
    after = np.asarray(before * weights / (before * weights).sum(), dtype=float)
    sure = max(_SUREST, float(before[picked]))
    if after[picked] <= sure:
        return after
    after = np.full(options, (1 - sure) / (options - 1))
    after[picked] = sure
    return after
