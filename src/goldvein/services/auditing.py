"""Auditing: benchmarks in doubt, judged blindly by one auditor at a time.

Neither the key nor what the crowd said is shown before the auditor has answered, and the options stand in an
order of that auditor's own: a customer's list may have all its keys at the first place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np

from goldvein.decisions.auditing import Verdict, key_after, verdict
from goldvein.domain.errors import Conflict, NotFound
from goldvein.domain.records import UNANSWERABLE
from goldvein.services import curating, lifecycle
from goldvein.services.blinding import check_not_at_work
from goldvein.services.contents import check_heard
from goldvein.services.relabelling import take_waiting
from goldvein.services.testimony import Testimony, hear
from goldvein.services.views import View
from goldvein.store import curated, doubts
from goldvein.store.attempts import Attempt
from goldvein.store.curated import Belief
from goldvein.store.database import Database, Transaction
from goldvein.store.doubts import Claim, Doubt
from goldvein.store.log import Entry, append
from goldvein.tasktypes import choice

CLAIM: Final = timedelta(minutes=15)
"""How long a benchmark stays in one auditor's hands."""
OWN_WAIT: Final = timedelta(days=1)
"""How long a benchmark waits for another auditor before one who has answered it as work may judge it: whose
answer is in the key already is no second opinion, but better than none."""
CONFIRMED: Final = "confirmed by an auditor"
REKEYED: Final = "an auditor picked another option"
AMBIGUOUS: Final = "ambiguous"
Cursor = tuple[datetime, int, int]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an answer came to, with all that was hidden before; options in content order.

    ``shown`` is the order in which the auditor saw them.
    """

    verdict: Verdict
    choice: int | None
    key_before: int
    key_right: float | None
    state: str
    flag: str
    shown: Sequence[int]
    said: Testimony


def queue(
    db: Database, auditor: int | None, now: datetime, *, project: int | None = None,
    after: Cursor | None = None, limit: int = 20,
) -> list[Doubt]:  # fmt: skip
    """List benchmarks in doubt over all projects, oldest first, without those in other auditors' hands.

    The auditor who reads the list has seen their contents, and is tested on none of them.
    """
    with db.transaction() as tx:
        found = doubts.list_(
            tx, auditor=auditor or 0, project=project, after=after or _beginning(now), limit=limit, now=now,
            own_until=now - OWN_WAIT,
        )  # fmt: skip
        if auditor is not None:
            seen = [(one.project, one.task, _order(one, auditor)) for one in found]
            doubts.note_seen(tx, seen, labeler=auditor, now=now)
    return [_as_shown(one, auditor or 0) for one in found]


def _beginning(now: datetime) -> Cursor:
    return (datetime.min.replace(tzinfo=now.tzinfo), 0, 0)


def place_of(found: Doubt) -> Cursor:
    """The place of a benchmark in the queue: the others come after it."""
    return (found.flagged_at, found.project, found.task)


def next_(
    db: Database, auditor: int, now: datetime, *, project: int | None = None, after: Cursor | None = None
) -> Doubt | None:
    """Take the next benchmark in doubt in hand, the oldest first; None if there is none after that place."""
    with db.transaction() as tx:
        found = doubts.lock_next(
            tx, auditor=auditor, project=project, after=after or _beginning(now), now=now,
            own_until=now - OWN_WAIT,
        )  # fmt: skip
        return _take(tx, *found, auditor, now) if found else None


def claim(db: Database, project: int, task: int, auditor: int, now: datetime) -> Doubt:
    """Take a benchmark in doubt in hand, or keep it longer.

    Raises
    ------
    NotFound
        If it is not in doubt.
    Conflict
        If another auditor has it, or this one has it in hand as work.
    """
    with db.transaction() as tx:
        check_not_at_work(tx, project, task, auditor)  # first: whether it is in doubt is not told
        _check_free(doubts.lock(tx, project, task), project, task, auditor, now)
        return _take(tx, project, task, auditor, now)


def _take(tx: Transaction, project: int, task: int, auditor: int, now: datetime) -> Doubt:
    doubts.claim(tx, project, task, auditor, now + CLAIM)
    found = doubts.find(tx, project, task)
    assert found is not None
    doubts.note_seen(tx, [(project, task, _order(found, auditor))], labeler=auditor, now=now)
    return _as_shown(found, auditor)


def release(db: Database, project: int, task: int, auditor: int) -> bool:
    """Give a benchmark in doubt back unjudged; false if this auditor does not have it in hand."""
    with db.transaction() as tx:
        return doubts.release(tx, project, task, auditor)


def comment(db: Database, project: int, task: int, auditor: int, text: str, now: datetime) -> None:
    """Add a word to a judgement, now that all is known; the log keeps it.

    Raises
    ------
    NotFound
        If this auditor has not judged it.
    Conflict
        If the contents of its project were erased.
    """
    with db.transaction() as tx:
        if not doubts.has_judged(tx, project, task, auditor):
            raise NotFound(
                f"you have not judged benchmark {task} of project {project}", code="benchmark_unknown"
            )
        check_heard(tx, project)
        said = Entry(
            project, "audit", labeler=auditor, task=task, decision="comment", detail={"comment": text}
        )
        append(tx, [said], now)


def answer(
    db: Database, project: int, task: int, auditor: int, said: Mapping[str, Any] | None, now: datetime,
    *, comment: str | None = None,
) -> Outcome:  # fmt: skip
    """Judge a benchmark in doubt; ``said`` None: its task is unclear.

    The key that the auditor picks is confirmed, and a frozen benchmark used again; another option becomes the
    key, and standings are rescored; one that is unclear retires.

    Raises
    ------
    InvalidInput
        If the answer is none.
    NotFound, Conflict
        As ``claim`` does.
    """
    with db.transaction() as tx:
        check_not_at_work(tx, project, task, auditor)
        found = doubts.find(tx, project, task)
        if found is None:
            raise _not_in_doubt(project, task)
        order = _order(found, auditor)
        picked = None if said is None else choice.read_answer(said, order)
        if picked == UNANSWERABLE:
            picked = None
        waiting = None if picked is None else take_waiting(tx, project, task)
        view = curating.view_locked(tx, project, task)
        held = _check_free(doubts.lock(tx, project, task), project, task, auditor, now)
        belief = curated.beliefs(tx, project, [task])[task]
        _write_down(tx, found, auditor, picked, order, held, belief, comment, now)
        _act(tx, view, task, picked, belief, waiting, auditor, now)
        after = curated.find(tx, project, task)
        assert after is not None
        return Outcome(
            verdict(belief.key, picked), picked, belief.key,
            None if picked is None else float(key_after(belief.key_probabilities, picked)[picked]),
            after.state, held.flag, order, hear(tx, project, task, len(order), names=True),
        )  # fmt: skip


def _act(
    tx: Transaction, view: View, task: int, picked: int | None, belief: Belief,
    waiting: Sequence[Attempt] | None, auditor: int, now: datetime,
) -> None:  # fmt: skip
    project = view.project.id
    if picked is None:
        lifecycle.retire(tx, project, [task], AMBIGUOUS, now)
        lifecycle.unflag(tx, project, task, now)
        doubts.unclaim(tx, project, task)
    elif picked == belief.key:
        curating.confirm(tx, view, task, waiting, now, reason=CONFIRMED, by=auditor)
    else:
        probs = key_after(belief.key_probabilities, picked)
        right = float(probs[picked])
        lifecycle.set_key(
            tx, view, task, picked, now, key_right=right, reason=REKEYED, by=auditor, key_probs=probs
        )
        curating.settled(tx, view, task, picked, waiting, now, by=auditor)


def _write_down(
    tx: Transaction, found: Doubt, auditor: int, picked: int | None, order: Sequence[int], held: Claim,
    belief: Belief, comment: str | None, now: datetime,
) -> None:  # fmt: skip
    doubts.note_seen(tx, [(found.project, found.task, order)], labeler=auditor, now=now)
    detail = {"flag": held.flag, "key": belief.key, **({"comment": comment} if comment else {})}
    entry = Entry(
        found.project, "audit", labeler=auditor, task=found.task, stage="audit", shown=order,
        choice=UNANSWERABLE if picked is None else picked, decision=verdict(belief.key, picked),
        detail=detail,
    )  # fmt: skip
    append(tx, [entry], now)


def _check_free(held: Claim | None, project: int, task: int, auditor: int, now: datetime) -> Claim:
    if held is None:
        raise _not_in_doubt(project, task)
    if held.claimed_by not in (None, auditor) and held.claimed_until is not None and held.claimed_until > now:
        raise Conflict(
            f"another auditor has benchmark {task} until {held.claimed_until.isoformat()}: take the next one",
            code="benchmark_claimed",
            until=held.claimed_until.isoformat(),
        )
    return held


def _not_in_doubt(project: int, task: int) -> NotFound:
    return NotFound(f"project {project} has no benchmark {task} in doubt", code="benchmark_unknown")


def _order(found: Doubt, auditor: int) -> list[int]:
    """The order in which this auditor sees the options, always the same one: classes stay as they are."""
    options = len(choice.choices_of(found.input, found.classes))
    if found.classes is not None:
        return list(range(options))
    rng = np.random.default_rng([found.project, found.task, auditor])
    return [int(option) for option in rng.permutation(options)]


def _as_shown(found: Doubt, auditor: int) -> Doubt:
    return replace(found, input=choice.as_shown(found.input, found.classes, _order(found, auditor)))
