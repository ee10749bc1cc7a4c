"""Customers, labelers and the keys by which they are known."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from goldvein.domain.records import Principal, Role
from goldvein.store.database import Transaction
from goldvein.store.queries import load

_queries = load("keys")


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer."""

    id: int
    name: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Labeler:
    """A person who works here."""

    id: int
    name: str
    role: Role
    created_at: datetime


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key to store: the hash, never the token."""

    hash: bytes
    role: Role
    customer: int | None
    labeler: int | None
    name: str
    ending: str


@dataclass(frozen=True, slots=True)
class KeyLine:
    """A key in a list; ``ending`` are the token's last characters, unknown of old keys."""

    id: int
    name: str
    ending: str | None
    created_at: datetime
    revoked_at: datetime | None


def insert_customer(tx: Transaction, name: str, now: datetime) -> int:
    """Store a customer and return its id."""
    row = tx.execute(_queries.insert_customer, {"name": name, "now": now}).fetchone()
    assert row is not None
    return int(row[0])


def list_customers(tx: Transaction, *, after: int, limit: int) -> list[Customer]:
    """List customers by id."""
    return [Customer(*row) for row in tx.execute(_queries.list_customers, {"after": after, "limit": limit})]


def insert_labelers(tx: Transaction, people: Sequence[tuple[str, Role]], now: datetime) -> dict[str, int]:
    """Store labelers; returns the id of each name."""
    names, roles = [name for name, _ in people], [role for _, role in people]
    rows = tx.execute(_queries.insert_labelers, {"names": names, "roles": roles, "now": now}).fetchall()
    return {name: int(labeler) for labeler, name in rows}


def list_labelers(tx: Transaction, *, after: int, limit: int) -> list[Labeler]:
    """List labelers by id."""
    return [Labeler(*row) for row in tx.execute(_queries.list_labelers, {"after": after, "limit": limit})]


def change_role(tx: Transaction, labeler: int, role: Role) -> Labeler | None:
    """Give a labeler, and all keys of that labeler, another role."""
    row = tx.execute(_queries.change_role, {"labeler": labeler, "role": role}).fetchone()
    return Labeler(*row) if row else None


def roles_of(tx: Transaction, labelers: Sequence[int]) -> dict[int, Role]:
    """Map each labeler that exists to the role."""
    return dict(tx.execute(_queries.roles_of, {"labelers": list(labelers)}).fetchall())


def insert_keys(tx: Transaction, keys: Sequence[NewKey], now: datetime) -> dict[bytes, int]:
    """Store keys; returns the id of each hash."""
    rows = tx.execute(
        _queries.insert_keys,
        {
            "hashes": [key.hash for key in keys],
            "roles": [key.role for key in keys],
            "customers": [key.customer for key in keys],
            "labelers": [key.labeler for key in keys],
            "names": [key.name for key in keys],
            "endings": [key.ending for key in keys],
            "now": now,
        },
    ).fetchall()
    return {bytes(found): int(key) for key, found in rows}


def find_key(tx: Transaction, hash_: bytes) -> Principal | None:
    """Read who owns a key that is still valid."""
    row = tx.execute(_queries.find_key, {"hash": hash_}).fetchone()
    return Principal(*row) if row else None


def revoke(tx: Transaction, key: int, now: datetime) -> bool:
    """End a key; false where there is none."""
    return tx.execute(_queries.revoke, {"key": key, "now": now}).fetchone() is not None


def find_customer(tx: Transaction, customer: int) -> Customer | None:
    """Read a customer."""
    row = tx.execute(_queries.find_customer, {"customer": customer}).fetchone()
    return Customer(*row) if row else None


def list_keys(tx: Transaction, customer: int, *, before: int, limit: int) -> list[KeyLine]:
    """List a customer's keys, the newest first."""
    rows = tx.execute(_queries.list_keys, {"customer": customer, "before": before, "limit": limit})
    return [KeyLine(*row) for row in rows]


def revoke_of_customer(tx: Transaction, customer: int, key: int, now: datetime) -> bool:
    """End a key of a customer; false where that customer has no such key."""
    row = tx.execute(_queries.revoke_of_customer, {"customer": customer, "key": key, "now": now}).fetchone()
    return row is not None


def revoke_of_labeler(tx: Transaction, labeler: int, now: datetime) -> None:
    """End all keys of a labeler."""
    tx.execute(_queries.revoke_of_labeler, {"labeler": labeler, "now": now})


def customer_names(tx: Transaction, customers: Sequence[int]) -> dict[int, str]:
    """Map customers to their names."""
    return dict(tx.execute(_queries.customer_names, {"customers": list(customers)}).fetchall())
