"""A customer's POST under an ``Idempotency-Key`` happens once, however often it is sent.

| the key | the request | what happens |
|---|---|---|
| new | any | carried out; a success is kept for a day |
| known | the same | the kept answer |
| known | another | 422 ``idempotency_key_reused`` |
| under way | any | 409 ``idempotency_key_in_use``: ask again |
| its request failed | any | carried out: a failure changed nothing and is not kept |
| its process died | any | carried out after ``ABANDONED`` |
"""

from datetime import datetime, timedelta

from goldvein.domain.errors import Conflict, InvalidInput
from goldvein.store import idempotency as store
from goldvein.store.database import Database
from goldvein.store.idempotency import Kept

KEPT_FOR = timedelta(days=1)
ABANDONED = timedelta(minutes=5)


def begin(db: Database, api_key: int, key: str, now: datetime) -> Kept | None:
    """Take the key (None), or return the answer kept under it.

    Raises
    ------
    Conflict
        ``idempotency_key_in_use`` while the first request with it is under way.
    """
    with db.transaction() as tx:
        taken = store.claim(
            tx, api_key, key, abandoned_before=now - ABANDONED, forgotten_before=now - KEPT_FOR, now=now
        )
        kept = None if taken else store.find(tx, api_key, key)
    if taken:
        return None
    if kept is None or kept.status == 0:
        raise Conflict(
            f"a request with Idempotency-Key {key!r} is under way: send this one again in a second",
            code="idempotency_key_in_use",
            retry_after_seconds=1,
        )
    return kept


def check(kept: Kept, request_hash: bytes, key: str) -> None:
    """Refuse a key that came back with another request.

    Raises
    ------
    InvalidInput
        ``idempotency_key_reused``.
    """
    if kept.request_hash != request_hash:
        raise InvalidInput(
            f"Idempotency-Key {key!r} was used for another request: use a new key for a new request",
            code="idempotency_key_reused",
        )


def finish(
    db: Database,
    api_key: int,
    key: str,
    *,
    request_hash: bytes,
    status: int,
    response: bytes,
    claimed_at: datetime,
) -> None:
    """Keep the answer of a request that succeeded."""
    with db.transaction() as tx:
        store.finish(
            tx,
            api_key,
            key,
            request_hash=request_hash,
            status=status,
            response=response,
            claimed_at=claimed_at,
        )


def release(db: Database, api_key: int, key: str, *, claimed_at: datetime) -> None:
    """Give up the key of a request that failed."""
    with db.transaction() as tx:
        store.release(tx, api_key, key, claimed_at=claimed_at)


def forget(db: Database, now: datetime) -> int:
    """Delete answers that nobody will ask for again; returns how many."""
    with db.transaction() as tx:
        return store.forget(tx, now - KEPT_FOR - ABANDONED)
