"""Who signs in: accounts, their sessions, and links that sign in once.

The token of a session or a link is 256 random bits that only the browser has; its SHA-256 is stored (as for
API keys, `services/keys.py`).
"""

import re
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from psycopg import errors

from goldvein.domain.errors import Conflict, GoldveinError, InvalidInput, NotFound, Unauthenticated
from goldvein.domain.records import Principal, Role
from goldvein.services import passwords
from goldvein.services.passwords import token_hash
from goldvein.store import accounts as store
from goldvein.store import invitations
from goldvein.store import keys as people
from goldvein.store.accounts import Account, NewAccount
from goldvein.store.database import Database, Transaction

SESSION_LASTS: Final = timedelta(days=14)
"""Without use; every use renews it."""
ENTRY_LASTS: Final = timedelta(minutes=10)
_NOTED_EVERY: Final = timedelta(minutes=10)
_PURGED_AT_ONCE: Final = 10_000
_LOGIN = re.compile(r"[a-z0-9][a-z0-9._+@-]{1,99}")
LABELER_ROLES: Final[frozenset[Role]] = frozenset({"labeler", "trusted", "auditor"})


class WrongLogin(GoldveinError):
    """The login or the password is wrong. After several wrong ones, wait: half a minute at first."""

    status = 401
    code = "wrong_login"


class LinkEnded(GoldveinError):
    """This link was used already, is too old, or was taken back: ask whoever sent it for a new one."""

    status = 410
    code = "link_ended"


@dataclass(frozen=True, slots=True)
class Session:
    """Where somebody is signed in; ``here`` is the session that asks."""

    user_agent: str
    created_at: datetime
    seen_at: datetime
    here: bool


def create(
    db: Database, login: str, password: str | None, role: Role, now: datetime, *, customer: int | None = None
) -> int:
    """Make an account; for a labeler's role also the labeler, who is called like the login.

    Raises
    ------
    InvalidInput
        If the login or the password breaks a rule, or the role and ``customer`` do not fit.
    Conflict
        ``login_taken``.
    NotFound
        If there is no such customer.
    """
    hashed = passwords.hashed(password) if password is not None else None
    new = NewAccount(clean_login(login), hashed, role, customer)
    with db.transaction() as tx:
        return insert(tx, new, now)


def insert(tx: Transaction, new: NewAccount, now: datetime) -> int:
    """Store an account within a transaction; errors as in `create`."""
    check_customer(new.role, new.customer)
    try:
        if new.role in LABELER_ROLES:
            labeler = people.insert_labelers(tx, [(new.login, new.role)], now)[new.login]
            new = replace(new, labeler=labeler)
        return store.insert_account(tx, new, now)
    except errors.UniqueViolation as error:
        raise Conflict(f"the name {new.login!r} is taken: choose another", code="login_taken") from error
    except errors.ForeignKeyViolation as error:
        raise NotFound(f"there is no customer {new.customer}") from error


def check_customer(role: Role, customer: int | None) -> None:
    """Refuse a customer's person without a customer, and another's with one.

    Raises
    ------
    InvalidInput
        ``customer_unfit``.
    """
    if (role == "customer") != (customer is not None):
        raise InvalidInput(
            "an account of role customer belongs to a customer, and no other does", code="customer_unfit"
        )


def get(db: Database, account: int) -> Account:
    """Read an account."""
    with db.connection() as tx:
        found = store.find(tx, account)
    if found is None:
        raise NotFound(f"there is no account {account}")
    return found


def get_by_login(db: Database, login: str) -> Account:
    """Read an account by its login."""
    with db.connection() as tx:
        found = store.find_by_login(tx, login.strip().lower())
    if found is None:
        raise NotFound(f"there is no account {login!r}")
    return found


def sign_in(db: Database, login: str, password: str, user_agent: str, now: datetime) -> str:
    """Check a password and begin a session; returns its token.

    Raises
    ------
    WrongLogin
        Whatever was wrong: strangers do not learn whether there is such an account, or a locked one.
    """
    account = _proven(db, login.strip().lower(), password, now)
    return begin_session(db, account.id, user_agent, now)


def _proven(db: Database, login: str, password: str, now: datetime) -> Account:
    """Check a guess, which counts before it is checked: no number of them at once gets past the lock."""
    with db.transaction(durable=False) as tx:
        account = store.lock_by_login(tx, login)
        if account is not None and account.can_guess(now):
            wait = passwords.wait_after(account.failures + 1)
            store.count_guess(tx, account.id, now + wait if wait else None)
        else:
            account = None
    if not passwords.matches(account.password_hash if account else None, password) or account is None:
        raise WrongLogin
    with db.transaction() as tx:
        store.forget_guesses(tx, account.id)
    return account


def change_password(db: Database, account: int, old: str, new: str, user_agent: str, now: datetime) -> str:
    """Set a password and end all sessions; returns the token of a new one.

    Parameters
    ----------
    old : str
        The present password; not looked at where there is none.

    Raises
    ------
    WrongLogin
        If ``old`` is not the present password.
    InvalidInput
        ``password_invalid``.
    Conflict
        ``signs_in_elsewhere``: who comes by single sign-on has no password here.
    """
    known = get(db, account)
    if known.issuer is not None:
        raise Conflict("this account comes by single sign-on: it has no password", code="signs_in_elsewhere")
    hashed = passwords.hashed(new)
    if known.password_hash is not None:
        _proven(db, known.login, old, now)
    with db.transaction() as tx:
        store.set_password(tx, account, hashed)
        store.delete_sessions_of(tx, account)
        invitations.revoke_for(tx, account, now)
    return begin_session(db, account, user_agent, now)


def begin_session(db: Database, account: int, user_agent: str, now: datetime) -> str:
    """Make a session for somebody who has proven who they are; returns its token."""
    token = secrets.token_urlsafe(32)
    with db.transaction() as tx:
        store.insert_session(tx, token_hash(token), account, user_agent[:200], now, now + SESSION_LASTS)
    return token


def authenticate(db: Database, token: str, now: datetime) -> Principal:
    """Say whose session it is.

    Raises
    ------
    Unauthenticated
        If there is no such session, or it has ended.
    """
    with db.connection() as tx:
        found = store.find_session(tx, token_hash(token), now)
        if found is None:
            raise Unauthenticated("the session has ended: sign in again")
        principal, seen_at = found
        if now - seen_at > _NOTED_EVERY:
            store.touch_session(tx, token_hash(token), now, now + SESSION_LASTS)
    return principal


def list_sessions(db: Database, account: int, token: str | None, now: datetime) -> list[Session]:
    """List an account's latest sessions, the last used first; ``token`` is that of the one that asks."""
    here = token_hash(token or "")
    with db.connection() as tx:
        lines = store.list_sessions(tx, account, now)
    return [Session(one.user_agent, one.created_at, one.seen_at, one.hash == here) for one in lines]


def sign_out(db: Database, token: str) -> None:
    """End a session."""
    with db.transaction() as tx:
        store.delete_session(tx, token_hash(token))


def sign_out_everywhere(db: Database, account: int, now: datetime) -> None:
    """End all sessions of an account, and the links that would sign it in."""
    with db.transaction() as tx:
        store.delete_sessions_of(tx, account)
        invitations.revoke_for(tx, account, now)


def make_entry(db: Database, account: int, now: datetime) -> str:
    """Make a link's token that signs an account in once, within `ENTRY_LASTS`."""
    token = secrets.token_urlsafe(32)
    with db.transaction() as tx:
        store.insert_entry(tx, token_hash(token), account, now + ENTRY_LASTS)
    return token


def enter(db: Database, token: str, user_agent: str, now: datetime) -> str:
    """Use up a link of `make_entry` and begin a session; returns its token.

    Raises
    ------
    LinkEnded
    """
    with db.transaction() as tx:
        account = store.take_entry(tx, token_hash(token), now)
    if account is None:
        raise LinkEnded
    return begin_session(db, account, user_agent, now)


def purge(db: Database, now: datetime) -> int:
    """Forget sessions and links that have ended; returns how many."""
    gone = 0
    while True:
        with db.transaction() as tx:
            count = store.purge(tx, now, limit=_PURGED_AT_ONCE)
        gone += count
        if not count:
            return gone


def clean_login(text: str) -> str:
    """Bring a login into the form in which it is stored.

    Raises
    ------
    InvalidInput
        ``login_invalid``.
    """
    login = text.strip().lower()
    if not _LOGIN.fullmatch(login):
        raise InvalidInput(
            f"{text[:100]!r} cannot be a name to sign in with: use 2 to 100 letters, digits and . _ - + @",
            code="login_invalid",
        )
    return login
