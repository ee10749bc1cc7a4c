"""Who signs in: accounts, passwords and sessions.

A session's token is 256 random bits that only the browser has; its SHA-256 is stored (as for API keys,
`services/keys.py`). Passwords are slow to check on purpose: argon2id with the library's recommended cost.
"""

import hashlib
import re
import secrets
from datetime import datetime, timedelta
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from psycopg import errors

from goldvein.domain.errors import Conflict, GoldveinError, InvalidInput, Unauthenticated
from goldvein.domain.records import Principal, Role
from goldvein.store import accounts as store
from goldvein.store import keys as people
from goldvein.store.accounts import Account, NewAccount
from goldvein.store.database import Database

SESSION_LASTS: Final = timedelta(days=14)
"""Without use; every use renews it."""
_NOTED_EVERY: Final = timedelta(minutes=10)
_LOGIN = re.compile(r"[a-z0-9][a-z0-9._+@-]{1,99}")
LEAST_PASSWORD: Final = 12
MOST_PASSWORD: Final = 200
_hasher = PasswordHasher()
_NOBODYS_HASH: Final = _hasher.hash(secrets.token_hex())
"""Checked where there is no such login, so that the time tells nobody whether there is."""
LABELER_ROLES: Final[frozenset[Role]] = frozenset({"labeler", "trusted", "auditor"})


class WrongLogin(GoldveinError):
    """The login or the password is wrong."""

    status = 401
    code = "wrong_login"


def create(
    db: Database, login: str, password: str | None, role: Role, now: datetime, *, customer: int | None = None
) -> int:
    """Make an account; for a labeler's role also the labeler, who is called like the login.

    Raises
    ------
    InvalidInput
        If the login or the password breaks a rule.
    Conflict
        ``login_taken``.
    """
    login = clean_login(login)
    hashed = _hasher.hash(check_password(password)) if password is not None else None
    try:
        with db.transaction() as tx:
            labeler = None
            if role in LABELER_ROLES:
                labeler = people.insert_labelers(tx, [(login, role)], now)[login]
            return store.insert_account(tx, NewAccount(login, hashed, role, customer, labeler), now)
    except errors.UniqueViolation as error:
        raise Conflict(f"the name {login!r} is taken: choose another", code="login_taken") from error


def sign_in(db: Database, login: str, password: str, user_agent: str, now: datetime) -> str:
    """Check a password and begin a session; returns its token.

    Raises
    ------
    WrongLogin
        Whichever of the two was wrong.
    """
    with db.connection() as tx:
        account = store.find_by_login(tx, login.strip().lower())
    if not _verified(account, password) or account is None or account.disabled_at is not None:
        raise WrongLogin
    return begin_session(db, account.id, user_agent, now)


def begin_session(db: Database, account: int, user_agent: str, now: datetime) -> str:
    """Make a session for somebody who has proven who they are; returns its token."""
    token = secrets.token_urlsafe(32)
    with db.transaction() as tx:
        store.insert_session(tx, _hash(token), account, user_agent[:200], now, now + SESSION_LASTS)
    return token


def authenticate(db: Database, token: str, now: datetime) -> Principal:
    """Say whose session it is.

    Raises
    ------
    Unauthenticated
        If there is no such session, or it has ended.
    """
    with db.connection() as tx:
        found = store.find_session(tx, _hash(token), now)
        if found is None:
            raise Unauthenticated("the session has ended: sign in again")
        principal, seen_at = found
        if now - seen_at > _NOTED_EVERY:
            store.touch_session(tx, _hash(token), now, now + SESSION_LASTS)
    return principal


def sign_out(db: Database, token: str) -> None:
    """End a session."""
    with db.transaction() as tx:
        store.delete_session(tx, _hash(token))


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
            f"{text!r} cannot be a name to sign in with: use 2 to 100 letters, digits and . _ - + @",
            code="login_invalid",
        )
    return login


def check_password(password: str) -> str:
    """Refuse a password that is too short or too long.

    Raises
    ------
    InvalidInput
        ``password_invalid``.
    """
    if not LEAST_PASSWORD <= len(password) <= MOST_PASSWORD:
        raise InvalidInput(
            f"the password has {len(password)} characters: use {LEAST_PASSWORD} to {MOST_PASSWORD}",
            code="password_invalid",
        )
    return password


def _verified(account: Account | None, password: str) -> bool:
    hashed = account.password_hash if account is not None else None
    try:
        _hasher.verify(hashed or _NOBODYS_HASH, password)
    except (VerificationError, InvalidHashError):
        return False
    return hashed is not None


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
