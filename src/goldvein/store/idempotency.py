"""Idempotency keys of customers and the answers kept under them."""

from dataclasses import dataclass
from datetime import datetime

from goldvein.store.database import Transaction
from goldvein.store.queries import load

_queries = load("idempotency")


@dataclass(frozen=True, slots=True)
class Kept:
    """The answer under a key; ``status`` 0 while the first request is under way."""

    request_hash: bytes
    status: int
    response: bytes


def claim(
    tx: Transaction,
    api_key: int,
    key: str,
    *,
    abandoned_before: datetime,
    forgotten_before: datetime,
    now: datetime,
) -> bool:
    """Take the key; false where somebody has it."""
    row = tx.execute(
        _queries.claim,
        {
            "api_key": api_key,
            "key": key,
            "abandoned_before": abandoned_before,
            "forgotten_before": forgotten_before,
            "now": now,
        },
    ).fetchone()
    return row is not None


def find(tx: Transaction, api_key: int, key: str) -> Kept | None:
    """Read what the key was answered with."""
    row = tx.execute(_queries.find, {"api_key": api_key, "key": key}).fetchone()
    return Kept(bytes(row[0]), int(row[1]), bytes(row[2])) if row else None


def finish(
    tx: Transaction,
    api_key: int,
    key: str,
    *,
    request_hash: bytes,
    status: int,
    response: bytes,
    claimed_at: datetime,
) -> None:
    """Keep the answer of the request that took the key at ``claimed_at``."""
    tx.execute(
        _queries.finish,
        {
            "api_key": api_key,
            "key": key,
            "request_hash": request_hash,
            "status": status,
            "response": response,
            "claimed_at": claimed_at,
        },
    )


def release(tx: Transaction, api_key: int, key: str, *, claimed_at: datetime) -> None:
    """Give the key up."""
    tx.execute(_queries.release, {"api_key": api_key, "key": key, "claimed_at": claimed_at})


def forget(tx: Transaction, before: datetime) -> int:
    """Delete answers older than ``before`` and return how many."""
    return tx.execute(_queries.forget, {"before": before}).rowcount
