"""Links by which people come: an account for who has none, a new password for who lost theirs.

A link's token is 256 random bits; its SHA-256 is stored, so a link is shown once.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from psycopg import errors

from goldvein.domain.errors import Conflict, InvalidInput, NotFound
from goldvein.domain.records import Principal, Role
from goldvein.services import accounts, passwords
from goldvein.services.accounts import LinkEnded, begin_session
from goldvein.services.passwords import token_hash
from goldvein.services.people import check_gives
from goldvein.store import accounts as account_store
from goldvein.store import invitations as store
from goldvein.store.accounts import NewAccount
from goldvein.store.database import Database, Transaction
from goldvein.store.invitations import InvitationLine, NewInvitation, OpenInvitation

MOST_USES: Final = 10_000
MOST_DAYS: Final = 90
MOST_NOTE: Final = 200
_PASSWORD_DAYS: Final = 3


@dataclass(frozen=True, slots=True)
class Invitation:
    """A link to make: which role it gives, how often and how long; ``customer`` for a customer's people."""

    role: Role
    customer: int | None = None
    uses: int = 1
    days: int = 7
    note: str = ""


def invite(db: Database, by: Principal, wanted: Invitation, now: datetime) -> str:
    """Make a link by which people get accounts; returns its token.

    Raises
    ------
    Forbidden
        If ``by`` may not give the role.
    InvalidInput
        ``invitation_invalid`` or ``customer_unfit``.
    NotFound
        If there is no such customer.
    """
    check_gives(by, wanted.role)
    if not (
        1 <= wanted.uses <= MOST_USES and 1 <= wanted.days <= MOST_DAYS and len(wanted.note) <= MOST_NOTE
    ):
        raise InvalidInput(
            f"a link is good for 1 to {MOST_USES:,} people and 1 to {MOST_DAYS} days, with a note of at most "
            f"{MOST_NOTE} characters",
            code="invitation_invalid",
        )
    accounts.check_customer(wanted.role, wanted.customer)
    return _make(db, by, wanted, None, now)


def invite_back(db: Database, by: Principal, account: int, now: datetime) -> str:
    """Make a link by which the owner of an account sets a new password; returns its token."""
    known = accounts.get(db, account)
    check_gives(by, known.role)
    if known.issuer is not None:
        raise Conflict("this account comes by single sign-on: it has no password", code="signs_in_elsewhere")
    wanted = Invitation(known.role, known.customer, days=_PASSWORD_DAYS, note="new password")
    return _make(db, by, wanted, account, now)


def _make(db: Database, by: Principal, wanted: Invitation, account: int | None, now: datetime) -> str:
    token = secrets.token_urlsafe(32)
    new = NewInvitation(
        token_hash(token),
        wanted.role,
        wanted.customer,
        account,
        wanted.note,
        wanted.uses,
        by.account,
        now + timedelta(days=wanted.days),
    )
    try:
        with db.transaction() as tx:
            store.insert(tx, new, now)
    except errors.ForeignKeyViolation as error:
        raise NotFound(f"there is no customer {wanted.customer}") from error
    return token


def list_latest(db: Database, *, before: int = 2**31 - 1, limit: int = 50) -> list[InvitationLine]:
    """List links, the newest first."""
    with db.connection() as tx:
        return store.list_latest(tx, before=before, limit=limit)


def revoke(db: Database, by: Principal, invitation: int, now: datetime) -> None:
    """Take a link back; who has come by it stays."""
    with db.transaction() as tx:
        role = store.lock(tx, invitation)
        if role is None:
            raise NotFound(f"there is no invitation {invitation}")
        check_gives(by, role)
        store.revoke(tx, invitation, now)


def look(db: Database, token: str, now: datetime) -> OpenInvitation:
    """Say what a link gives, without using it.

    Raises
    ------
    LinkEnded
    """
    with db.connection() as tx:
        found = store.find_open(tx, token_hash(token), now)
    if found is None:
        raise LinkEnded
    return found


def join(db: Database, token: str, login: str, password: str, user_agent: str, now: datetime) -> str:
    """Come by a link: make the account, or give it its new password; returns a session's token.

    Parameters
    ----------
    login : str
        Of a new account; who comes back for a new password keeps theirs.

    Raises
    ------
    LinkEnded
    InvalidInput
        ``login_invalid`` or ``password_invalid``.
    Conflict
        ``login_taken``; the link keeps its use.
    """
    found = look(db, token, now)
    hashed = passwords.hashed(password)
    with db.transaction() as tx:
        if found.account is None:
            account = admit(tx, token, accounts.clean_login(login), now, password_hash=hashed)
        else:
            account = found.account
            _use(tx, token, now)
            account_store.set_password(tx, account, hashed)
            account_store.delete_sessions_of(tx, account)
            store.revoke_for(tx, account, now)
    return begin_session(db, account, user_agent, now)


def admit(
    tx: Transaction,
    token: str,
    login: str,
    now: datetime,
    *,
    password_hash: str | None = None,
    issuer: str | None = None,
    subject: str | None = None,
) -> int:
    """Use a link once to make an account, within a transaction; returns its id."""
    found = _use(tx, token, now)
    if found.account is not None:
        raise LinkEnded
    new = NewAccount(login, password_hash, found.role, found.customer, issuer=issuer, subject=subject)
    return accounts.insert(tx, new, now)


def _use(tx: Transaction, token: str, now: datetime) -> OpenInvitation:
    found = store.take_use(tx, token_hash(token), now)
    if found is None:
        raise LinkEnded
    return found
