"""Audits of labelers: some are drawn, auditors answer their work again, and what comes out moves standings.

An auditor sees a task as labelers do, and neither what the labeler picked nor whose work it is. Pieces of all
who are audited stand in one queue in random order, so nobody can be told by a run of tasks.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np

from goldvein.decisions.auditing import audit_likelihood
from goldvein.domain.errors import Conflict, NotFound
from goldvein.domain.records import UNANSWERABLE
from goldvein.services import filter_checks, rulings
from goldvein.services.observing import Models
from goldvein.services.views import View, Views
from goldvein.stats.auditdesign import PART
from goldvein.stats.auditdesign import draw as draw_people
from goldvein.stats.second_answers import between, state_likelihoods
from goldvein.store import audits, doubts, standings
from goldvein.store.audits import Line, NewAudit, NewPiece, Pair, Piece, Place, Waiting, Work
from goldvein.store.database import Database, Transaction
from goldvein.store.standings import StandingLine
from goldvein.tasktypes import choice

CLAIM: Final = timedelta(minutes=15)
"""How long a piece stays in one auditor's hands."""
WEEK: Final = timedelta(days=7)
"""``audit_labelers`` counts in it; an audit that nobody finished by then ends with what there is."""
OVERLAP: Final = 0.2
"""Share of pieces that a second auditor answers too."""
FIRST: Final[Place] = (-1.0, 0, 0)
_MAY_GO_ON: Final = PART // 2
"""Of the last part, when the next is drawn: some wait for an auditor who has not had the task."""
_STEPS_EACH: Final = 40
"""Steps of a standing that are looked through for each answer that is wanted."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A task that an auditor answers, in the order of options in which it is shown."""

    project: int
    id: int
    instruction: str
    type: str
    input: Mapping[str, Any]
    classes: Sequence[str] | None
    claimed_until: datetime
    place: Place


# --- drawing ----------------------------------------------------------------------------


def draw(db: Database, project: int, now: datetime) -> int:
    """Draw whom to audit next, a part of the week's once most of the last one has ended; return how many.

    What a part finds is known when the next is drawn. Nobody is drawn twice within a week.

    Raises
    ------
    NotFound
        If the project is not under way.
    """
    with db.transaction() as tx:
        if not audits.take_drawing(tx, project):
            return 0
        view, lately = Views().one(tx, project), audits.drawn_since(tx, project, now - WEEK)
        wanted = min(PART, view.policy.audit_labelers - len(lately))
        if wanted <= 0 or sum(lately.values()) > _MAY_GO_ON:
            return 0
        rng = np.random.default_rng([project, int(now.timestamp())])
        drawn = _drawn(rng, tx, view, _eligible(tx, view, lately), wanted, now)
        steps = _STEPS_EACH * view.policy.audit_answers
        work = audits.work_of(tx, project, {line.labeler: line.n for line, _ in drawn}, steps)
        return sum(_begin(rng, tx, view, audit, work[audit.labeler], now) for _, audit in drawn)


def _eligible(tx: Transaction, view: View, lately: Container[int]) -> list[StandingLine]:
    """Whom the filter judges, with ordinary work enough, and not audited of late."""
    lines = [one for one in standings.list_project(tx, view.project.id) if one.labeler not in lately]
    wanted = view.policy.audit_answers
    return [one for one in filter_checks.tested(view, lines) if one.answers - one.benchmarks >= wanted]


def _drawn(
    rng: np.random.Generator,
    tx: Transaction,
    view: View,
    lines: Sequence[StandingLine],
    wanted: int,
    now: datetime,
) -> list[tuple[StandingLine, NewAudit]]:
    """Some of those people, by what is known of the filter until now; nobody before the project opened."""
    setting = filter_checks.setting_of(rng, tx, view) if lines else None
    if setting is None:
        return []
    people = filter_checks.people_of(view, Models(tx, view.project.id, view.models), lines)
    known = filter_checks.known_of(rng, tx, view, setting, now)
    found = draw_people(rng, setting, people, known, wanted, view.policy.audit_answers)
    return [
        (
            lines[place],
            NewAudit(
                lines[place].labeler, float(chance), bool(people.delivers[place]), lines[place].p_benchmarks,
                view.model_version, people.posteriors[place].tobytes(),
            ),
        )
        for place, chance in zip(found.places, found.chance, strict=True)
    ]  # fmt: skip


def _begin(
    rng: np.random.Generator,
    tx: Transaction,
    view: View,
    audit: NewAudit,
    work: Sequence[Work],
    now: datetime,
) -> int:
    """Begin one audit, if there is work enough; return 1 or 0."""
    wanted = view.policy.audit_answers
    by_content = list({one.content: one for one in work}.values())
    if len(by_content) < wanted:
        return 0
    id_ = audits.insert(tx, view.project.id, audit, wanted, now)
    if id_ is None:
        return 0
    chosen = [by_content[at] for at in rng.permutation(len(by_content))[:wanted]]
    pieces = [NewPiece(id_, one, is_overlap=False, place=float(rng.random())) for one in chosen]
    twice = [one for one in chosen if rng.random() < OVERLAP]
    pieces += [NewPiece(id_, one, is_overlap=True, place=float(rng.random())) for one in twice]
    audits.insert_pieces(tx, view.project.id, pieces)
    return 1


# --- answering --------------------------------------------------------------------------


def next_(
    db: Database, auditor: int, now: datetime, *, project: int | None = None, after: Place = FIRST
) -> Asked | None:
    """Take the next piece in hand; None if none waits for this auditor after that place."""
    with db.transaction() as tx:
        found = audits.next_(tx, auditor, now, project=project, after=after)
        if found is None:
            return None
        audits.claim(tx, *found, auditor, now + CLAIM)
        piece = audits.lock_piece(tx, *found)
        assert piece is not None
        shown = audits.shown(tx, piece.project, piece.task)
        order = _order(piece, auditor, shown)
        doubts.note_seen(tx, [(piece.project, piece.task, order)], labeler=auditor, now=now)
    return Asked(
        piece.project, piece.id, shown.instruction, shown.type,
        choice.as_shown(shown.input, shown.classes, order), shown.classes, now + CLAIM,
        (piece.place, piece.project, piece.id),
    )  # fmt: skip


def renew(db: Database, project: int, piece: int, auditor: int, now: datetime) -> datetime:
    """Keep a piece in hand longer.

    Raises
    ------
    NotFound, Conflict
        As ``answer`` does.
    """
    with db.transaction() as tx:
        _in_hand(tx, project, piece, auditor)
        audits.claim(tx, project, piece, auditor, now + CLAIM)
    return now + CLAIM


def release(db: Database, project: int, piece: int, auditor: int) -> bool:
    """Give a piece back unanswered; false if this auditor does not have it in hand.

    Its task is known to this auditor now, so that somebody else answers it.
    """
    with db.transaction() as tx:
        return audits.release(tx, project, piece, auditor)


def answer(
    db: Database, project: int, piece: int, auditor: int, said: Mapping[str, Any] | None, now: datetime
) -> None:
    """Answer a piece; ``said`` None: its task has no clear answer. Nothing is told of the labeler.

    Raises
    ------
    InvalidInput
        If the answer is none.
    NotFound
        If there is no such piece any more.
    Conflict
        ``piece_not_in_hand``.
    """
    with db.transaction() as tx:
        one = _in_hand(tx, project, piece, auditor)
        order = _order(one, auditor, audits.shown(tx, project, one.task))
        picked = UNANSWERABLE if said is None else choice.read_answer(said, order)
        audits.say(tx, project, piece, auditor, picked, order, now)


def _in_hand(tx: Transaction, project: int, piece: int, auditor: int) -> Piece:
    found = audits.lock_piece(tx, project, piece)
    if found is None or found.said is not None:
        raise NotFound(f"project {project} has no piece {piece} that waits", code="piece_unknown")
    if found.auditor != auditor:
        raise Conflict(f"piece {piece} is not in your hands: ask for the next one", code="piece_not_in_hand")
    return found


def _order(piece: Piece, auditor: int, shown: audits.Shown) -> list[int]:
    """The order in which this auditor sees the options, always the same one: classes stay as they are."""
    options = len(choice.choices_of(shown.input, shown.classes))
    if shown.classes is not None:
        return list(range(options))
    rng = np.random.default_rng([piece.project, piece.task, auditor])
    return [int(option) for option in rng.permutation(options)]


# --- settling ---------------------------------------------------------------------------


def settle_due(db: Database, project: int, now: datetime) -> int:
    """End audits whose pieces are answered, or whose time is up, and move standings; return how many.

    What is known of auditors and of ordinary work is worked out once, before any standing is locked.

    Raises
    ------
    NotFound
        If the project is not under way.
    """
    with db.connection() as tx:
        due = audits.due(tx, project, now - WEEK)
        view, rng = Views().one(tx, project), np.random.default_rng([project, *due[:1]])
        setting = filter_checks.setting_of(rng, tx, view) if due else None
        known = filter_checks.known_of(rng, tx, view, setting, now) if setting else None
    count = 0
    for audit in due:
        with db.transaction() as tx:
            going = audits.lock(tx, project, audit)
            if going is None:
                continue
            audits.end(tx, project, audit, agreed=going.agreed, answered=going.answered, now=now)
            if going.answered and setting and known:
                told = state_likelihoods(setting.curves, np.array([going.agreed]), np.array([going.answered]))
                likely = audit_likelihood(between(told, known.shift, known.auditor).mean(axis=0)[0])
                found = {"audit": audit, "agreed": going.agreed, "of": going.answered}
                rulings.take_in(tx, view, going.labeler, likely, found, now)
            count += 1
    with db.transaction() as tx:
        audits.drop_stale(tx, project, now - WEEK)
    return count


def round_(db: Database, project: int, now: datetime) -> None:
    """Whatever is due in one project: audits that end, an estimate of the filter's errors, a new drawing."""
    settle_due(db, project, now)
    with db.connection() as tx:
        last = audits.checks(tx, project, 1)
        since = last[0].at if last else datetime.min.replace(tzinfo=UTC)
        is_due = audits.ended_after(tx, project, since)
    if is_due:
        filter_checks.check(db, project, now)
    draw(db, project, now)


# --- reading ----------------------------------------------------------------------------


def waiting(db: Database, bound: int) -> list[Waiting]:
    """Count the pieces that wait in each project, up to a bound of all."""
    with db.connection() as tx:
        return audits.waiting(tx, bound)


def latest(db: Database, project: int, limit: int = 50) -> list[Line]:
    """List audits of a project, the latest first."""
    with db.connection() as tx:
        return audits.latest(tx, project, limit)


def pairs(db: Database, project: int, now: datetime) -> list[tuple[str, str, Pair]]:
    """List how often auditors agree with each other of late, pair by pair, with their names."""
    with db.connection() as tx:
        found = audits.overlaps(tx, project, now - filter_checks.LATELY)
        names = audits.names(tx, sorted({one for pair in found for one in (pair.one, pair.other)}))
    return [(names[pair.one], names[pair.other], pair) for pair in found]
