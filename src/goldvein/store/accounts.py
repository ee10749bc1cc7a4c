"""Accounts of people and their sessions."""

from dataclasses import dataclass, field
from datetime import datetime

from goldvein.domain.records import Principal, Role
from goldvein.store.database import Transaction
from goldvein.store.queries import load

_queries = load("accounts")


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who can sign in."""

    id: int
    login: str
    password_hash: str | None = field(repr=False)
    role: Role
    customer: int | None
    labeler: int | None
    issuer: str | None
    subject: str | None
    failures: int
    locked_until: datetime | None
    created_at: datetime
    disabled_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewAccount:
    """An account to store."""

    login: str
    password_hash: str | None = field(repr=False)
    role: Role
    customer: int | None = None
    labeler: int | None = None
    issuer: str | None = None
    subject: str | None = None


def insert_account(tx: Transaction, new: NewAccount, now: datetime) -> int:
    """Store an account and return its id."""
    row = tx.execute(
        _queries.insert_account,
        {
            "login": new.login,
            "password_hash": new.password_hash,
            "role": new.role,
            "customer": new.customer,
            "labeler": new.labeler,
            "issuer": new.issuer,
            "subject": new.subject,
            "now": now,
        },
    ).fetchone()
    assert row is not None
    return int(row[0])


def find_by_login(tx: Transaction, login: str) -> Account | None:
    """Read an account by its login."""
    row = tx.execute(_queries.find_by_login, {"login": login}).fetchone()
    return Account(*row) if row else None


def insert_session(
    tx: Transaction, hash_: bytes, account: int, user_agent: str, now: datetime, expires_at: datetime
) -> None:
    """Store a session."""
    tx.execute(
        _queries.insert_session,
        {
            "hash": hash_,
            "account": account,
            "user_agent": user_agent,
            "now": now,
            "expires_at": expires_at,
        },
    )


def find_session(tx: Transaction, hash_: bytes, now: datetime) -> tuple[Principal, datetime] | None:
    """Read who owns a session that has not ended, and when it was last noted as seen."""
    row = tx.execute(_queries.find_session, {"hash": hash_, "now": now}).fetchone()
    if row is None:
        return None
    account, login, role, customer, labeler, seen_at = row
    return Principal(-account, role, customer, labeler, account, login), seen_at


def touch_session(tx: Transaction, hash_: bytes, now: datetime, expires_at: datetime) -> None:
    """Note that a session was used."""
    tx.execute(_queries.touch_session, {"hash": hash_, "now": now, "expires_at": expires_at})


def delete_session(tx: Transaction, hash_: bytes) -> None:
    """End a session."""
    tx.execute(_queries.delete_session, {"hash": hash_})
