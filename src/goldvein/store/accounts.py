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
    erased_at: datetime | None

    def can_guess(self, now: datetime) -> bool:
        """Whether a password is looked at now."""
        return self.disabled_at is None and (self.locked_until is None or self.locked_until <= now)


@dataclass(frozen=True, slots=True)
class Person:
    """An account in a list."""

    id: int
    login: str
    role: Role
    customer: int | None
    customer_name: str | None
    labeler: int | None
    created_at: datetime
    disabled_at: datetime | None


@dataclass(frozen=True, slots=True)
class SessionLine:
    """A session as it is stored."""

    hash: bytes
    user_agent: str
    created_at: datetime
    seen_at: datetime


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


def find(tx: Transaction, account: int) -> Account | None:
    """Read an account by its id."""
    row = tx.execute(_queries.find, {"account": account}).fetchone()
    return Account(*row) if row else None


def find_by_login(tx: Transaction, login: str) -> Account | None:
    """Read an account by its login."""
    row = tx.execute(_queries.find_by_login, {"login": login}).fetchone()
    return Account(*row) if row else None


def find_by_subject(tx: Transaction, issuer: str, subject: str) -> Account | None:
    """Read the account of whom an issuer vouches for."""
    row = tx.execute(_queries.find_by_subject, {"issuer": issuer, "subject": subject}).fetchone()
    return Account(*row) if row else None


def lock_by_login(tx: Transaction, login: str) -> Account | None:
    """Read an account by its login; no other guess at its password is counted until the transaction ends."""
    row = tx.execute(_queries.lock_by_login, {"login": login}).fetchone()
    return Account(*row) if row else None


def count_guess(tx: Transaction, account: int, locked_until: datetime | None) -> None:
    """Count a guess as wrong until it proves right."""
    tx.execute(_queries.count_guess, {"account": account, "locked_until": locked_until})


def forget_guesses(tx: Transaction, account: int) -> None:
    """Begin to count anew: a guess was right."""
    tx.execute(_queries.forget_guesses, {"account": account})


def set_password(tx: Transaction, account: int, hashed: str) -> None:
    """Replace a password, and lift a lock."""
    tx.execute(_queries.set_password, {"account": account, "password_hash": hashed})


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


def list_sessions(tx: Transaction, account: int, now: datetime, *, limit: int = 50) -> list[SessionLine]:
    """List an account's sessions that have not ended, the last used first."""
    rows = tx.execute(_queries.list_sessions, {"account": account, "now": now, "limit": limit})
    return [SessionLine(bytes(hash_), *rest) for hash_, *rest in rows]


def delete_sessions_of(tx: Transaction, account: int) -> None:
    """End all sessions of an account, and its entries."""
    tx.execute(_queries.delete_sessions_of, {"account": account})


def insert_entry(tx: Transaction, hash_: bytes, account: int, expires_at: datetime) -> None:
    """Store a link that signs in once."""
    tx.execute(_queries.insert_entry, {"hash": hash_, "account": account, "expires_at": expires_at})


def take_entry(tx: Transaction, hash_: bytes, now: datetime) -> int | None:
    """Use up such a link; whose it was, if it was still good."""
    row = tx.execute(_queries.take_entry, {"hash": hash_, "now": now}).fetchone()
    return int(row[0]) if row else None


def lock(tx: Transaction, account: int) -> Account | None:
    """Read an account by its id; nobody else changes it until the transaction ends."""
    row = tx.execute(_queries.lock, {"account": account}).fetchone()
    return Account(*row) if row else None


def list_people(
    tx: Transaction, *, prefix: str, role: Role | None, customer: int | None, after: str, limit: int
) -> list[Person]:
    """List accounts by login: those of a customer, else of a role, else all; each found by an index."""
    text = _queries.list_people
    if customer is not None:
        text = _queries.list_people_of_customer
    elif role is not None:
        text = _queries.list_people_of_role
    values = {
        "prefix": prefix,
        "prefix_end": prefix + "\x7f",  # after every character that a login may have
        "role": role,
        "customer": customer,
        "after": after,
        "limit": limit,
    }
    return [Person(*row) for row in tx.execute(text, values)]


def set_role(tx: Transaction, account: int, role: Role) -> None:
    """Give somebody who is no labeler another role."""
    tx.execute(_queries.set_role, {"account": account, "role": role})


def set_disabled(tx: Transaction, account: int, disabled_at: datetime | None) -> None:
    """Keep an account out, or let it in again."""
    tx.execute(_queries.set_disabled, {"account": account, "disabled_at": disabled_at})


def purge(tx: Transaction, now: datetime, *, limit: int) -> int:
    """Delete sessions and entries that have ended; returns how many."""
    row = tx.execute(_queries.purge, {"now": now, "limit": limit}).fetchone()
    assert row is not None
    return int(row[0])


def find_of_labeler(tx: Transaction, labeler: int) -> Account | None:
    """Read the account of a labeler."""
    row = tx.execute(_queries.find_of_labeler, {"labeler": labeler}).fetchone()
    return Account(*row) if row else None
