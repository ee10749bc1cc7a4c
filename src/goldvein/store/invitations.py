"""Links by which people get accounts, or a new password."""

from dataclasses import dataclass
from datetime import datetime

from goldvein.domain.records import Role
from goldvein.store.database import Transaction
from goldvein.store.queries import load

_queries = load("invitations")


@dataclass(frozen=True, slots=True)
class NewInvitation:
    """A link to store: the hash, never the token."""

    hash: bytes
    role: Role
    customer: int | None
    account: int | None
    note: str
    uses: int
    created_by: int | None
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class OpenInvitation:
    """What a link gives: an account of a role, or, where there is an ``account``, a password for that one."""

    id: int
    role: Role
    customer: int | None
    account: int | None
    login: str | None


@dataclass(frozen=True, slots=True)
class InvitationLine:
    """A link in a list."""

    id: int
    role: Role
    customer: str | None
    account: str | None
    note: str
    uses_left: int
    used: int
    created_by: str | None
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None


def insert(tx: Transaction, new: NewInvitation, now: datetime) -> int:
    """Store a link and return its id."""
    row = tx.execute(
        _queries.insert,
        {
            "hash": new.hash,
            "role": new.role,
            "customer": new.customer,
            "account": new.account,
            "note": new.note,
            "uses": new.uses,
            "created_by": new.created_by,
            "expires_at": new.expires_at,
            "now": now,
        },
    ).fetchone()
    assert row is not None
    return int(row[0])


def find_open(tx: Transaction, hash_: bytes, now: datetime) -> OpenInvitation | None:
    """Read a link that can still be used."""
    row = tx.execute(_queries.find_open, {"hash": hash_, "now": now}).fetchone()
    return OpenInvitation(*row) if row else None


def take_use(tx: Transaction, hash_: bytes, now: datetime) -> OpenInvitation | None:
    """Use a link once, if it can still be used."""
    row = tx.execute(_queries.take_use, {"hash": hash_, "now": now}).fetchone()
    return OpenInvitation(*row) if row else None


def list_latest(tx: Transaction, *, before: int, limit: int) -> list[InvitationLine]:
    """List links, the newest first."""
    rows = tx.execute(_queries.list_latest, {"before": before, "limit": limit})
    return [InvitationLine(*row) for row in rows]


def lock(tx: Transaction, invitation: int) -> Role | None:
    """Read which role a link gives; nobody uses it until the transaction ends."""
    row = tx.execute(_queries.lock, {"invitation": invitation}).fetchone()
    return row[0] if row else None


def revoke(tx: Transaction, invitation: int, now: datetime) -> None:
    """Take a link back."""
    tx.execute(_queries.revoke, {"invitation": invitation, "now": now})


def revoke_for(tx: Transaction, account: int, now: datetime) -> None:
    """Take back all links for a new password of an account."""
    tx.execute(_queries.revoke_for, {"account": account, "now": now})


def revoke_of_maker(tx: Transaction, account: int, now: datetime) -> None:
    """Take back all links that an account made."""
    tx.execute(_queries.revoke_of_maker, {"account": account, "now": now})
