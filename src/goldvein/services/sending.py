"""Sending: every webhook walks along its project's positions, one signed message after the other.

A message holds consecutive events of one kind. Where it ends is committed before its first try, and its id
follows from webhook, start and end; so whatever is killed and whenever, the same events go out again under
the same id, and a receiver that drops ids it knows has every event once. No transaction is open while a
request is under way: a lease on the webhook's row keeps other processes away and fences every later write.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import msgspec
import numpy as np
from standardwebhooks import Webhook as Signer

from goldvein import __version__
from goldvein.domain.records import Event
from goldvein.services import delivery
from goldvein.services.outbound import Outbound, Reply, retry_after
from goldvein.store import outbox, webhooks
from goldvein.store.database import Database, Transaction
from goldvein.store.webhooks import Webhook

MESSAGE_EVENTS: Final = 100
"""Events in one message at most."""
TRIES: Final = 24
FIRST_WAIT: Final = timedelta(seconds=10)
LONGEST_WAIT: Final = timedelta(hours=12)
"""After try n the wait is drawn evenly from 0 to FIRST_WAIT * 2**(n - 1), at most LONGEST_WAIT: 24 tries in
3 days on average. Then the webhook is disabled."""
LONGEST_RETRY_AFTER: Final = timedelta(days=1)
"""A receiver may ask to be left alone this long."""
_LOOK_AHEAD: Final = 1000
"""Positions searched at once for an event that the webhook wants."""

_MESSAGES_PER_ROUND: Final = 50
"""A receiver that is far behind lets others have their turn after so many messages."""

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Round:
    """A webhook leased to this process and the position to serve it up to: what is later waits for more."""

    webhook: Webhook
    upto: int


def claim_due(db: Database, now: datetime, *, limit: int, lease: timedelta) -> list[Round]:
    """Lease at most ``limit`` webhooks that have something to send, after numbering their events."""
    with db.connection() as connection:
        due = webhooks.due(connection, now)[:limit]
    if not due:
        return []
    for project in sorted({project for _, project in due}):
        delivery.number(db, project)
    with db.transaction(durable=False) as tx:
        claimed = webhooks.claim(tx, [webhook for webhook, _ in due], now=now, until=now + lease)
        last = {project: outbox.last_position(tx, project) for project in {hook.project for hook in claimed}}
    return [Round(hook, last[hook.project]) for hook in claimed]


def deliver_due(
    db: Database, outbound: Outbound, now: datetime, rng: np.random.Generator, *, lease_seconds: float = 60
) -> int:
    """Serve every webhook that has something to send, in turn; return the messages delivered."""
    lease = timedelta(seconds=lease_seconds)
    rounds = claim_due(db, now, limit=1000, lease=lease)
    return sum(serve(db, outbound, one, clock=lambda: now, rng=rng, lease=lease) for one in rounds)


def serve(
    db: Database,
    outbound: Outbound,
    one: Round,
    *,
    clock: Clock,
    rng: np.random.Generator,
    lease: timedelta,
    stop: threading.Event | None = None,
) -> int:
    """Send a leased webhook its messages until the round's end, a failure, a lost lease, or ``stop``.

    One transaction between two messages: it writes how the last went, fixes where the next one ends, and
    extends the lease.
    """
    hook, reply, sent_at, sent = one.webhook, None, clock(), 0
    while True:
        now = clock()
        with db.transaction() as tx:
            after = hook if reply is None else settle(hook, reply, now, rng)
            if reply is not None:
                _log(tx, hook, reply, sent_at)
            events: Sequence[Event] = ()
            if reply is None or reply.ok:
                if sent < _MESSAGES_PER_ROUND and not (stop and stop.is_set()):
                    after, events = _next_message(tx, after, one.upto)
                after = replace(after, next_try_at=now + lease if events else now)
            if not webhooks.move(tx, hook, after):
                return sent
            sent += reply is not None and reply.ok
        if not events:
            return sent
        hook, sent_at = after, clock()
        reply = post(outbound, hook, message_id(hook), body(events), sent_at)


def message_id(hook: Webhook) -> str:
    """Name the message under way, the same at every try."""
    return f"msg_{hook.id}_{hook.position}_{hook.sending_to}"


def body(events: Sequence[Event]) -> bytes:
    """Encode events of one kind as a message."""
    return msgspec.json.encode(
        {
            "type": events[0].event,
            "timestamp": events[-1].created_at,
            "data": {"events": [delivery.event_json(event) for event in events]},
        }
    )


def post(outbound: Outbound, hook: Webhook, message: str, content: bytes, now: datetime) -> Reply:
    """Sign a message and send it once."""
    headers = {
        "content-type": "application/json",
        "user-agent": f"goldvein/{__version__}",
        "webhook-id": message,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Signer(hook.secret).sign(message, now, content.decode()),
    }
    return outbound.post(hook.url, headers, content)


def settle(hook: Webhook, reply: Reply, now: datetime, rng: np.random.Generator) -> Webhook:
    """Decide what follows from a reply: go on, try again later, or disable the webhook."""
    if reply.ok:
        assert hook.sending_to is not None
        return replace(hook, position=hook.sending_to, sending_to=None, tries=0)
    tries = hook.tries + 1
    if reply.status == 410:
        return replace(hook, tries=tries, state="disabled", reason="the receiver answered 410 Gone")
    if tries >= TRIES:
        reason = f"given up after {tries} tries; the last: {reply.error}"
        return replace(hook, tries=tries, state="disabled", reason=reason)
    asked = min(retry_after(reply.retry_after, now) or timedelta(0), LONGEST_RETRY_AFTER)
    return replace(hook, tries=tries, next_try_at=now + max(retry_wait(tries, rng), asked))


def retry_wait(tries: int, rng: np.random.Generator) -> timedelta:
    """Draw the wait after the n-th try: exponential backoff with full jitter."""
    longest = min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** (tries - 1))
    return longest * float(rng.random())


def _next_message(tx: Transaction, hook: Webhook, upto: int) -> tuple[Webhook, Sequence[Event]]:
    """Find the message under way or the next one; without one, pass over what the webhook does not want."""
    if hook.sending_to is not None:
        events = outbox.after(
            tx, hook.project, hook.position, upto=hook.sending_to, kinds=hook.events, limit=MESSAGE_EVENTS
        )
        if events:
            return hook, events
        return replace(hook, position=hook.sending_to, sending_to=None, tries=0), events
    horizon = min(upto, hook.position + _LOOK_AHEAD)
    found = outbox.after(
        tx, hook.project, hook.position, upto=horizon, kinds=hook.events, limit=MESSAGE_EVENTS
    )
    if not found:
        return replace(hook, position=max(horizon, hook.position)), found
    alike = next((i for i, event in enumerate(found) if event.event != found[0].event), len(found))
    return replace(hook, sending_to=found[alike - 1].position, tries=0), found[:alike]


def _log(tx: Transaction, hook: Webhook, reply: Reply, sent_at: datetime) -> None:
    assert hook.sending_to is not None
    webhooks.log(
        tx,
        hook.id,
        message=message_id(hook),
        from_position=hook.position,
        to_position=hook.sending_to,
        tries=hook.tries + 1,
        status=reply.status,
        error=reply.error,
        duration_ms=reply.duration_ms,
        sent_at=sent_at,
    )
