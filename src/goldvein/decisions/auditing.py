"""What auditors' blind answers make of a benchmark in doubt, and of the standing of a labeler.

An audit of a labeler is evidence like benchmarks, made afterwards: it moves both posteriors, and is bounded,
since an auditor's taste is in all of its answers at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from goldvein.decisions.gate import State, at_least

if TYPE_CHECKING:
    from collections.abc import Sequence

    from goldvein.stats.arrays import Array
    from goldvein.stats.model import Model

Verdict = Literal["confirmed", "rekeyed", "ambiguous"]

AUDITOR_RIGHT: Final = 0.97
"""P(an auditor's answer is the right one), where there is one: people slip, too."""
_SUREST: Final = 0.999
READMIT_AT: Final = 0.5
"""P(good) after an audit from which on somebody who was dismissed is let in again."""
BEGIN_ANEW: Final = 0.5
"""How much of a newcomer is in somebody who is let in again: the rest is what was known."""
MISLED: Final = 0.02
"""Share of audits taken to tell nothing; so one of them multiplies no odds by more than its inverse."""
FEWEST: Final = 10
"""Audits under which nobody is alarmed."""
ERRS: Final = 0.05
"""Share of good people among those kept out, over what the filter itself says, that is too many."""


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


# --- labelers ---------------------------------------------------------------------------


def audit_likelihood(told: Array) -> Array:
    """Likelihood of an audit by state, the largest 1, from P(so many agreed | state): (n_states,)."""
    likelihood: Array = (1 - MISLED) * told / told.max() + MISLED
    return likelihood


def let_in_again(posterior: Array, model: Model) -> Array:
    """Posterior of somebody who comes back: (n_states, n), between what was known and a newcomer's.

    Something was wrong with what was known, else nobody would be let in against it; but it is not forgotten.
    """
    mixed: Array = (1 - BEGIN_ANEW) * posterior + BEGIN_ANEW * model.prior[:, None]
    return mixed


def readmits(state: str, p_benchmarks: float) -> bool:
    """Whether an audit lets somebody in again."""
    return state == State.DISMISSED and bool(at_least(p_benchmarks, READMIT_AT))


def lets_bad_through(low: float, deliver_at: float, audits: int) -> bool:
    """Whether surely more of those who deliver are bad than the policy allows; ``low`` ends the interval."""
    return audits >= FEWEST and low > 1.0 - deliver_at


def keeps_good_out(low: float, claimed: float, audits: int) -> bool:
    """Whether surely more of those kept out are good than the filter says."""
    return audits >= FEWEST and low > claimed + ERRS
