"""Webhooks: registered, listed, tried, set back and removed by the customer."""

import base64
import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import get_args

import msgspec
from psycopg.errors import ForeignKeyViolation

from goldvein.domain.errors import Conflict, InvalidInput, NotFound
from goldvein.domain.records import EventName
from goldvein.services import delivery, sending
from goldvein.services.outbound import Outbound, check_url
from goldvein.store import projects
from goldvein.store import webhooks as store
from goldvein.store.database import Database
from goldvein.store.webhooks import Delivery, Webhook


def create(
    db: Database, project: int, url: str, events: Iterable[str] | None, *, allow_private: bool, now: datetime
) -> Webhook:
    """Register a receiver for what happens from now on; ``secret`` is in the record, to be shown this once.

    Parameters
    ----------
    events : iterable of str or None
        Kinds of events that are sent; None or nothing: all.

    Raises
    ------
    InvalidInput
        If the URL cannot be called, or a kind of event does not exist.
    Conflict
        If the project is a sandbox.
    NotFound
        If there is no such project.
    """
    known = get_args(EventName)
    kinds = tuple(dict.fromkeys(events or known))
    for kind in kinds:
        if kind not in known:
            raise InvalidInput(
                f"{kind!r} is no event; the events are {', '.join(known)}", code="unknown_event"
            )
    checked = check_url(url, allow_private=allow_private)
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    with db.connection() as tx:
        found = projects.find(tx, project)
    if found is not None and found.sandbox_of is not None:
        raise Conflict(
            f"project {project} is a sandbox: nothing of it leaves the house; "
            f"register the webhook with project {found.sandbox_of}",
            code="sandbox_delivers_nothing",
        )
    start = delivery.last_position(db, project)
    try:
        with db.transaction() as tx:
            return store.insert(
                tx, project, url=checked, secret=secret, events=kinds, position=start, now=now
            )
    except ForeignKeyViolation as error:
        raise NotFound(f"there is no project {project}") from error


def get(db: Database, webhook: int) -> Webhook:
    """Read one webhook; whether the caller may see its project is the caller's to check.

    Raises
    ------
    NotFound
        If there is none of that id.
    """
    with db.connection() as tx:
        return _found(store.find(tx, webhook), webhook)


def list_(db: Database, project: int) -> list[Webhook]:
    """Read the webhooks of a project."""
    with db.connection() as tx:
        return store.list_(tx, project)


def delete(db: Database, webhook: int) -> None:
    """Remove a webhook and its delivery log.

    Raises
    ------
    NotFound
        If there is none of that id.
    """
    with db.transaction() as tx:
        if not store.delete(tx, webhook):
            raise NotFound(f"there is no webhook {webhook}")


def replay_since(db: Database, webhook: int, moment: datetime, now: datetime) -> Webhook:
    """Send again what happened since a moment, and a little more, and enable the webhook.

    Raises
    ------
    NotFound
        If there is none of that id.
    """
    return replay(db, webhook, delivery.position_before(db, get(db, webhook).project, moment), now)


def replay(db: Database, webhook: int, from_position: int, now: datetime) -> Webhook:
    """Send again everything after ``from_position``, and enable the webhook if it was disabled.

    Events go out in new messages where the borders differ, else under the ids that they had.

    Raises
    ------
    NotFound
        If there is none of that id.
    """
    if from_position < 0:
        raise InvalidInput(
            f"position {from_position} is negative: 0 is the beginning", code="invalid_position"
        )
    with db.transaction() as tx:
        return _found(store.replay(tx, webhook, from_position, now), webhook)


def switch(db: Database, webhook: int, now: datetime, *, on: bool) -> Webhook:
    """Stop sending, or go on from where that stopped: what happened meanwhile is sent then.

    Raises
    ------
    NotFound
        If there is none of that id.
    """
    with db.transaction() as tx:
        reason = None if on else "switched off by hand"
        return _found(store.switch(tx, webhook, on=on, reason=reason, now=now), webhook)


def deliveries(db: Database, webhook: int, *, limit: int = 100, before: int | None = None) -> list[Delivery]:
    """Read the latest tries to reach a receiver, newest first."""
    with db.connection() as tx:
        _found(store.find(tx, webhook), webhook)
        return store.deliveries(tx, webhook, limit=limit, before=before if before is not None else 2**63 - 1)


def send_test(db: Database, outbound: Outbound, webhook: int, now: datetime) -> Delivery:
    """Send one signed message of the type ``webhook.test`` at once; the cursor stays where it is."""
    hook = get(db, webhook)
    message = f"msg_{hook.id}_test_{secrets.token_hex(8)}"
    content = msgspec.json.encode({"type": "webhook.test", "timestamp": now, "data": {"webhook": hook.id}})
    reply = sending.post(outbound, hook, message, content, now)
    with db.transaction() as tx:
        number = store.log(
            tx,
            hook.id,
            message=message,
            from_position=hook.position,
            to_position=hook.position,
            tries=1,
            status=reply.status,
            error=reply.error,
            duration_ms=reply.duration_ms,
            sent_at=now,
        )
    return Delivery(
        id=number or 0,
        message=message,
        from_position=hook.position,
        to_position=hook.position,
        tries=1,
        status=reply.status,
        error=reply.error,
        duration_ms=reply.duration_ms,
        sent_at=now,
    )


def _found(hook: Webhook | None, webhook: int) -> Webhook:
    if hook is None:
        raise NotFound(f"there is no webhook {webhook}")
    return hook
