"""Erasing: a person asks to be forgotten, somebody confirms it, and everything that names them goes.

What goes at once: name, password, identity, sessions, keys, what was in hand and on panels. What was said
goes after that, project by project, in batches. What was answered stays, under a number that nobody can
resolve: the log still proves every label (ADR 0041).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from goldvein.domain.errors import Conflict, Forbidden, InvalidInput, NotFound
from goldvein.domain.records import Principal
from goldvein.services import trusting
from goldvein.services.keys import give_role
from goldvein.services.people import check_gives
from goldvein.services.submission import lapse
from goldvein.services.writes import Writes
from goldvein.store import accounts, attempts, erasures, history, invitations, keys, labelers, projects
from goldvein.store.accounts import Account
from goldvein.store.database import Database, Transaction
from goldvein.store.erasures import Erasure, Wish

LINGERS: Final = timedelta(minutes=1)
"""Servers remember sessions and keys for some seconds; what was said in them goes with a pass after this."""
_AT_ONCE: Final = 1_000


def ask(db: Database, account: int, now: datetime) -> None:
    """Note that somebody asks to be forgotten; asking twice is asking once."""
    with db.transaction() as tx:
        erasures.ask(tx, account, _account(tx, account).labeler, now)


def take_back(db: Database, account: int) -> None:
    """Drop the wish of somebody who thinks better of it.

    Raises
    ------
    NotFound
        If there is none that can still be taken back.
    """
    with db.transaction() as tx:
        if not erasures.take_back(tx, account):
            raise NotFound("there is no request to erase you that can be taken back")


def find(db: Database, account: int) -> Erasure | None:
    """Read the wish of an account, if there is one."""
    with db.connection() as tx:
        return erasures.find(tx, account, None)


def waiting(db: Database, *, after: int = 0, limit: int = 50) -> list[Wish]:
    """List the wishes that nobody has confirmed, the oldest first."""
    with db.connection() as tx:
        return erasures.waiting(tx, after=after, limit=limit)


def confirm(db: Database, by: Principal, account: int, typed: str, now: datetime) -> None:
    """Erase a person who asked for it; ``typed`` is their name, so that nobody erases another by a slip.

    Raises
    ------
    NotFound
        If there is no such account, or nobody asked.
    Forbidden
        If it is one's own account, or an admin's to touch.
    InvalidInput
        ``name_mistyped``.
    """
    with db.transaction() as tx:
        known = _account(tx, account)
        if account == by.account:
            raise Forbidden("nobody confirms their own request: ask another operator")
        check_gives(by, known.role)
        wish = erasures.find(tx, account, known.labeler)
        if wish is None:
            raise NotFound("nobody asked to erase this account")
        if wish.confirmed_at is None and typed.strip().lower() != known.login:
            raise InvalidInput(f"type {known.login!r}, the name of the person to erase", code="name_mistyped")
        _close(tx, wish, known, by.account, now)


def erase(db: Database, name: str, now: datetime) -> int:
    """Erase a labeler or account of this name, at the server's own terminal; returns the erasure.

    Raises
    ------
    NotFound
        If nobody is called so.
    """
    with db.transaction() as tx:
        account = accounts.find_by_login(tx, name.strip().lower())
        labeler = account.labeler if account else history.find_labeler(tx, name)
        if account is None and labeler is None:
            raise NotFound(f"nobody is called {name!r}")
        known = account or (accounts.find_of_labeler(tx, labeler) if labeler is not None else None)
        number = known.id if known else None
        erasures.ask(tx, number, labeler, now)
        wish = erasures.find(tx, number, labeler)
        assert wish is not None
        _close(tx, wish, accounts.lock(tx, number) if number else None, None, now)
    return wish.id


def carry_on(db: Database, now: datetime) -> int:
    """Carry on with all erasures that were confirmed; return how many have come to their end."""
    with db.connection() as tx:
        under_way = erasures.under_way(tx)
    return sum(finish(db, one, now) for one in under_way)


def finish(db: Database, erasure: int, now: datetime) -> bool:
    """Take what a person said from everywhere, in batches; tell whether nothing can follow any more.

    Safe to kill, and to begin again: what is gone is passed over, and projects that are done are not read.
    """
    project: int | None = 0
    while project is not None:
        with db.transaction() as tx:
            found = erasures.take(tx, erasure)
            if found is None:
                return False
            project = _begin_project(tx, found)
        if project is not None and found.labeler is not None:
            _forget_words(db, project, found.labeler)
            with db.transaction() as tx:
                erasures.reached(tx, erasure, project)
    with db.transaction() as tx:
        found = erasures.take(tx, erasure)
        if found is None or found.confirmed_at is None:
            return False
        is_over = now - found.confirmed_at >= LINGERS
        if is_over:
            if found.labeler is not None:  # a rollup that had read the name before may have written it since
                erasures.blank_roster(tx, found.labeler)
            erasures.end(tx, erasure, now)
        else:  # once more, from the first project on
            erasures.reached(tx, erasure, 0)
    return is_over


def _begin_project(tx: Transaction, found: Erasure) -> int | None:
    return None if found.labeler is None else erasures.next_project(tx, found.labeler, found.project)


def _forget_words(db: Database, project: int, labeler: int) -> None:
    """Forget comments, focus times and reasons in one project, a batch in a transaction."""
    step: int | None = -1
    while step is not None:
        with db.transaction() as tx:
            step = erasures.blank_judged(tx, project, labeler, after=step, limit=_AT_ONCE)
    place: tuple[datetime, int] | None = erasures.BEGINNING
    while place is not None:
        with db.transaction() as tx:
            place = erasures.blank_asides(tx, project, labeler, after=place, limit=_AT_ONCE)
    disputes = _AT_ONCE
    while disputes == _AT_ONCE:
        with db.transaction() as tx:
            disputes = erasures.blank_disputes(tx, labeler, limit=_AT_ONCE)


def _account(tx: Transaction, account: int) -> Account:
    known = accounts.lock(tx, account)
    if known is None:
        raise NotFound(f"there is no account {account}")
    if known.erased_at is not None:
        raise Conflict("this account was erased already", code="person_erased")
    return known


def _close(tx: Transaction, wish: Erasure, known: Account | None, by: int | None, now: datetime) -> None:
    """Let nobody be this person any more; done once, whoever confirms it first."""
    if not erasures.confirm(tx, wish.id, by, now):
        return
    if known is not None:
        accounts.delete_sessions_of(tx, known.id)
        invitations.revoke_for(tx, known.id, now)
        invitations.revoke_of_maker(tx, known.id, now)
        erasures.blank_account(tx, known.id, known.login, now)
    if wish.labeler is not None:
        _take_back_work(tx, wish.labeler, now)
        if keys.roles_of(tx, [wish.labeler])[wish.labeler] == "trusted":
            give_role(tx, wish.labeler, "labeler", now)
        trusting.end_all(tx, wish.labeler, now)
        erasures.blank_labeler(tx, wish.labeler, now)


def _take_back_work(tx: Transaction, labeler: int, now: datetime) -> None:
    """End what a labeler has in hand and has kept back: the tasks wait for somebody else."""
    hand = labelers.lock(tx, [labeler])[labeler]
    living = projects.revisions(tx)
    held = [key for key in (hand.lease, hand.deferred) if key is not None and key[0] in living]
    writes = Writes(hands={labeler: None})
    for attempt in attempts.lock(tx, held).values():
        if attempt.state == "leased" and attempt.labeler == labeler:
            lapse(attempt, writes)
    writes.flush(tx, now)
