"""A person's own data as a file: what is stored of them, page by page.

The disguise holds here as well: answers come in the order in which they were given, whatever their tasks were
for, each with the task as it was shown and nothing else; of what became of them nothing is told.
"""

from __future__ import annotations

import heapq
import itertools
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import IO, Any, Final, TypeVar

import msgspec

from goldvein.domain.errors import NotFound
from goldvein.domain.records import UNANSWERABLE, Project
from goldvein.store import accounts, cards, erasures, history, personal, projects
from goldvein.store.database import Database, Transaction
from goldvein.store.erasures import BEGINNING
from goldvein.store.personal import Given
from goldvein.tasktypes import choice

_PAGE: Final = 500
_MOST: Final = 10_000
Line = dict[str, Any]
T = TypeVar("T")
K = TypeVar("K")


def of_name(db: Database, name: str) -> tuple[int | None, int | None]:
    """Find the account and the labeler of a name.

    Raises
    ------
    NotFound
        If nobody is called so.
    """
    with db.connection() as tx:
        account = accounts.find_by_login(tx, name.strip().lower())
        labeler = account.labeler if account else history.find_labeler(tx, name)
        if account is None and labeler is not None:
            account = accounts.find_of_labeler(tx, labeler)
    if account is None and labeler is None:
        raise NotFound(f"nobody is called {name!r}")
    return account.id if account else None, labeler


def of_account(db: Database, account: int) -> int | None:
    """Find the labeler of an account, if it has one."""
    with db.connection() as tx:
        found = accounts.find(tx, account)
    if found is None:
        raise NotFound(f"there is no account {account}")
    return found.labeler


def lines(db: Database, account: int | None, labeler: int | None, now: datetime) -> Iterator[Line]:
    """Tell what is stored of a person, a line each; no connection is held between pages."""
    if account is not None:
        yield from _of_account(db, account, now)
    if labeler is not None:
        yield from _of_labeler(db, labeler)
        with db.connection() as tx:
            worked_on = _projects(tx, labeler)
        for project in worked_on:
            yield from _answers(db, project, labeler)
            yield from _asides(db, project, labeler)


def encoded(db: Database, account: int | None, labeler: int | None, now: datetime) -> Iterator[bytes]:
    """Write `lines` as JSON Lines, some kilobytes at a time."""
    block: list[bytes] = []
    for line in lines(db, account, labeler, now):
        block.append(msgspec.json.encode(line) + b"\n")
        if len(block) == _PAGE:
            yield b"".join(block)
            block = []
    yield b"".join(block)


def write_zip(file: IO[bytes], told: Iterable[Line]) -> None:
    """Write lines into a ZIP, a file for each run of one kind; no more than a line is held."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, (name, run) in enumerate(itertools.groupby(told, key=_file_of), 1):
            with archive.open(f"{number:03d}-{name}.jsonl", "w", force_zip64=True) as out:
                out.writelines(msgspec.json.encode(line) + b"\n" for line in run)


def _file_of(line: Line) -> str:
    """Name the file of a line: asides, whose kinds change all the time, are one."""
    return "asides" if line["kind"] in {"skip", "practice", "audit"} else str(line["kind"])


def _of_account(db: Database, account: int, now: datetime) -> Iterator[Line]:
    with db.connection() as tx:
        found = accounts.find(tx, account)
        sessions = accounts.list_sessions(tx, account, now, limit=_MOST)
        wish = erasures.find(tx, account, None)
    assert found is not None
    yield {
        "kind": "account", "number": found.id, "login": found.login, "role": found.role,
        "has_password": found.password_hash is not None, "signs_in_by": found.issuer,
        "known_there_as": found.subject, "created_at": found.created_at, "disabled_at": found.disabled_at,
        "asked_to_be_erased_at": wish.asked_at if wish else None,
    }  # fmt: skip
    for one in sessions:
        yield {
            "kind": "session", "device": one.user_agent, "created_at": one.created_at, "seen_at": one.seen_at,
        }  # fmt: skip


def _of_labeler(db: Database, labeler: int) -> Iterator[Line]:
    with db.connection() as tx:
        name = history.labeler_names(tx, [labeler]).get(labeler)
        keys = personal.keys(tx, labeler, _MOST)
        standings = cards.of_labeler(tx, labeler, _MOST)
        looks = cards.looks_of(tx, labeler, _MOST)
    yield {"kind": "labeler", "number": labeler, "name": name}
    for key, created_at, revoked_at in keys:
        yield {"kind": "key", "name": key, "created_at": created_at, "revoked_at": revoked_at}
    for line in standings:
        level = "dismissed" if line.is_out else line.level or "new_here"
        yield {"kind": "standing", "project": line.name, "standing": level, "since": line.refreshed_at}
    for look in looks:
        yield {
            "kind": "wish", "words": look.words, "asked_at": look.asked_at, "settled_at": look.settled_at,
            "reply": look.reply,
        }  # fmt: skip
    for day, answers, skips in _paged(
        db, lambda tx, after: personal.days(tx, labeler, after, _PAGE), lambda row: row[0], date.min
    ):
        yield {"kind": "day", "day": day, "answers": answers, "skips": skips}
    for said in _paged(
        db,
        lambda tx, after: personal.disputes(tx, labeler, after, _PAGE),
        lambda row: (row.made_at, row.project, row.attempt),
        (*BEGINNING, 0),
    ):
        yield {
            "kind": "dispute", "project": said.project_name, "words": said.reason, "made_at": said.made_at,
        }  # fmt: skip


def _projects(tx: Transaction, labeler: int) -> list[Project]:
    """Those in which the log knows a labeler."""
    found: list[Project] = []
    after: int | None = 0
    while after is not None:
        after = erasures.next_project(tx, labeler, after)
        if after is not None and (project := projects.find(tx, after)) is not None:
            found.append(_as_known(tx, project))
    return found


def _as_known(tx: Transaction, project: Project) -> Project:
    """A project as labelers know it: a sandbox by its original's name."""
    original = None if project.sandbox_of is None else projects.find(tx, project.sandbox_of)
    return project if original is None else replace(project, name=original.name)


def _answers(db: Database, project: Project, labeler: int) -> Iterator[Line]:
    """All answers in the order in which they came: of two kinds of rows, one stream."""
    id_ = project.id
    judged = _paged(
        db, lambda tx, after: personal.judged(tx, id_, labeler, after, _PAGE), lambda row: row[0], -1
    )
    others = _paged(
        db, lambda tx, after: personal.others(tx, id_, labeler, after, _PAGE), lambda row: row[0], BEGINNING
    )
    both = heapq.merge((one for _, one in judged), (one for _, one in others), key=_when)
    for one in both:
        yield _answer(project, one)


def _when(given: Given) -> tuple[datetime, datetime]:
    return given.received_at, given.shown_at


def _answer(project: Project, given: Given) -> Line:
    """One answer; by no field can one tell what its task was for."""
    options = choice.choices_of(given.input, project.classes)
    return {
        "kind": "answer",
        "project": project.name,
        "task": choice.as_shown(given.input, project.classes, given.shown),
        "answer": None if given.choice == UNANSWERABLE else options[given.choice],
        "shown_at": given.shown_at,
        "answered_at": given.received_at,
        "milliseconds_in_focus": given.focus_ms,
        "comment": given.comment,
    }


def _asides(db: Database, project: Project, labeler: int) -> Iterator[Line]:
    for one in _paged(
        db,
        lambda tx, after: personal.asides(tx, project.id, labeler, after, _PAGE),
        lambda row: (row.at, row.id),
        BEGINNING,
    ):
        yield {"kind": one.kind, "project": project.name, "at": one.at, "words": one.words}


def _paged(
    db: Database, read: Callable[[Transaction, K], Sequence[T]], key: Callable[[T], K], after: K
) -> Iterator[T]:
    """Read rows page by page, each from after the key of the last, without a connection in between."""
    while True:
        with db.connection() as tx:
            page = read(tx, after)
        yield from page
        if len(page) < _PAGE:
            return
        after = key(page[-1])
