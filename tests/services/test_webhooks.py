"""Webhooks: signed, retried, disabled, replayed, and each event once whatever is killed."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import numpy as np
import pytest
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

from goldvein.domain.errors import InvalidInput, NotFound
from goldvein.services import sending, webhooks
from goldvein.services.outbound import Outbound, Reply
from goldvein.store import webhooks as store
from goldvein.store.database import Database
from goldvein.store.webhooks import Webhook
from tests.services.delivery_world import (
    NOW,
    Received,
    Receiver,
    add_tasks,
    emit,
    make_project,
    receiver,
    write_labels,
)

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def outbound() -> Iterator[Outbound]:
    with Outbound(timeout=5, allow_private=True) as pool:
        yield pool


@pytest.fixture
def hooked() -> Iterator[Receiver]:
    with receiver(verify_times=False) as state:
        yield state


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(1)


def register(db: Database, project: int, hooked: Receiver, events: list[str] | None = None) -> int:
    hook = webhooks.create(db, project, hooked.url, events, allow_private=True, now=NOW)
    hooked.secret = hook.secret
    return hook.id


def test_the_reference_verifier_accepts_a_message(db: Database, outbound: Outbound) -> None:
    """Signed as Standard Webhooks says, with a whsec_ secret, in real time; a changed body is refused."""
    project = make_project(db)
    with receiver() as hooked:
        register(db, project, hooked)
        with db.transaction() as tx:
            write_labels(tx, project, add_tasks(db, project, 2))
        assert sending.deliver_due(db, outbound, datetime.now(UTC), np.random.default_rng(0)) == 1
        (message,) = hooked.received
        assert hooked.unverified == 0
    assert message.headers["content-type"] == "application/json"
    assert message.headers["user-agent"].startswith("goldvein/")
    assert message.payload["type"] == "label.created"
    assert message.positions == [1, 2]
    assert message.payload["data"]["events"][0]["label"]["unique_id"] == "u1"
    with pytest.raises(WebhookVerificationError):
        Verifier(hooked.secret).verify(message.body.replace(b"u1", b"u2"), message.headers)


def test_messages_hold_up_to_a_hundred_events_of_one_kind(
    db: Database, outbound: Outbound, hooked: Receiver, rng: np.random.Generator
) -> None:
    """Consecutive events of one kind travel together; a change of kind begins a new message."""
    project = make_project(db)
    register(db, project, hooked)
    emit(db, project, *["task.expired"] * 130, "alert.opened", *["task.expired"] * 2)
    assert sending.deliver_due(db, outbound, NOW, rng) == 4
    assert [len(message.positions) for message in hooked.received] == [100, 30, 1, 2]
    assert hooked.distinct() == list(range(1, 134))
    assert hooked.connections == 1


def test_only_wanted_kinds_are_sent(
    db: Database, outbound: Outbound, hooked: Receiver, rng: np.random.Generator
) -> None:
    """Other events are passed over, also where thousands of them stand in between."""
    project = make_project(db)
    hook = register(db, project, hooked, ["alert.opened"])
    emit(db, project, "alert.opened", "task.expired", "alert.opened")
    emit(db, project, *["task.expired"] * 2500, "alert.opened", "task.expired")
    for step in range(6):
        sending.deliver_due(db, outbound, NOW + timedelta(seconds=step), rng)
    assert [message.positions for message in hooked.received] == [[1, 3], [2504]]
    assert webhooks.get(db, hook).position == 2505
    with db.connection() as tx:
        assert store.due(tx, NOW + timedelta(days=1)) == []


def test_a_new_webhook_starts_with_what_happens_next(
    db: Database, outbound: Outbound, hooked: Receiver, rng: np.random.Generator
) -> None:
    """The past is sent by a replay, if it is wanted."""
    project = make_project(db)
    emit(db, project, *["task.expired"] * 3)
    hook = register(db, project, hooked)
    emit(db, project, "task.expired")
    sending.deliver_due(db, outbound, NOW, rng)
    assert hooked.distinct() == [4]
    webhooks.replay(db, hook, 1, NOW)
    sending.deliver_due(db, outbound, NOW, rng)
    assert [message.positions for message in hooked.received] == [[4], [2, 3, 4]]


def test_a_failure_is_tried_again_with_the_same_id_and_nothing_overtakes_it(
    db: Database, outbound: Outbound, hooked: Receiver, rng: np.random.Generator
) -> None:
    """The message under way keeps its border and its id; later events wait behind it."""
    project = make_project(db)
    hook = register(db, project, hooked)
    hooked.answer = lambda _: (500, {})
    emit(db, project, "task.expired")
    now = NOW
    for tries in range(1, 4):
        assert sending.deliver_due(db, outbound, now, rng) == 0
        found = webhooks.get(db, hook)
        assert (found.state, found.tries, found.position) == ("enabled", tries, 0)
        assert now < found.next_try_at <= now + timedelta(seconds=10 * 2 ** (tries - 1))
        assert sending.deliver_due(db, outbound, found.next_try_at - timedelta(milliseconds=1), rng) == 0
        emit(db, project, "task.expired")
        now = found.next_try_at
    hooked.answer = lambda _: (204, {})
    assert sending.deliver_due(db, outbound, now, rng) == 2
    assert len({message.id for message in hooked.received[:4]}) == 1
    assert [message.positions for message in hooked.received] == [[1]] * 4 + [[2, 3, 4]]
    assert len({message.body for message in hooked.received[:4]}) == 1
    log = webhooks.deliveries(db, hook)
    assert [(one.tries, one.status, one.from_position, one.to_position) for one in log] == [
        (1, 204, 1, 4),
        (4, 204, 0, 1),
        (3, 500, 0, 1),
        (2, 500, 0, 1),
        (1, 500, 0, 1),
    ]
    assert log[1].error is None
    assert log[2].error == "the receiver answered 500"


def test_gone_disables_at_once(
    db: Database, outbound: Outbound, hooked: Receiver, rng: np.random.Generator
) -> None:
    """410 Gone means never again, until the customer replays."""
    project = make_project(db)
    hook = register(db, project, hooked)
    hooked.answer = lambda _: (410, {})
    emit(db, project, "task.expired")
    sending.deliver_due(db, outbound, NOW, rng)
    found = webhooks.get(db, hook)
    assert (found.state, found.reason) == ("disabled", "the receiver answered 410 Gone")
    emit(db, project, "task.expired")
    sending.deliver_due(db, outbound, NOW + timedelta(days=30), rng)
    assert len(hooked.received) == 1
    hooked.answer = lambda _: (200, {})
    assert webhooks.replay(db, hook, found.position, NOW).state == "enabled"
    sending.deliver_due(db, outbound, NOW, rng)
    assert hooked.received[-1].positions == [1, 2]


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("120", 120), (format_datetime(NOW + timedelta(seconds=300)), 300), ("999999999", 86400), ("x", 0)],
)
def test_retry_after_is_honoured(
    db: Database, outbound: Outbound, hooked: Receiver, rng: np.random.Generator, header: str, seconds: int
) -> None:
    """A receiver that names a time is not asked before it, at most for a day."""
    project = make_project(db)
    hook = register(db, project, hooked)
    hooked.answer = lambda _: (503, {"Retry-After": header})
    emit(db, project, "task.expired")
    sending.deliver_due(db, outbound, NOW, rng)
    wait = webhooks.get(db, hook).next_try_at - NOW
    assert timedelta(seconds=seconds) <= wait <= timedelta(seconds=max(seconds, 10))


def failing(tries: int = 0) -> Webhook:
    """A webhook with a message under way that has failed so often."""
    return Webhook(1, 1, "https://x.example/", "whsec_", [], "enabled", None, 5, 9, tries, NOW, NOW)


def test_the_schedule_lasts_about_three_days() -> None:
    """24 tries, waits with full jitter: half of ten seconds at first, half of twelve hours at the end."""
    rng = np.random.default_rng(5)
    totals = []
    for _ in range(300):
        hook, now = failing(), NOW
        while True:
            hook = sending.settle(hook, Reply(500, "the receiver answered 500", None, 1), now, rng)
            if hook.state == "disabled":
                break
            longest = min(timedelta(hours=12), timedelta(seconds=10) * 2 ** (hook.tries - 1))
            assert timedelta(0) <= hook.next_try_at - now <= longest
            now = hook.next_try_at
        assert hook.tries == 24
        assert hook.reason == "given up after 24 tries; the last: the receiver answered 500"
        totals.append((now - NOW) / timedelta(days=1))
    assert 2.8 < float(np.mean(totals)) < 3.1
    assert min(totals) > 1
    first = [sending.retry_wait(1, rng).total_seconds() for _ in range(500)]
    assert 4 < float(np.mean(first)) < 6
    assert max(first) <= 10


def test_success_forgets_earlier_failures() -> None:
    """The next message starts with all its tries."""
    after = sending.settle(failing(20), Reply(200, None, None, 1), NOW, np.random.default_rng(0))
    assert (after.position, after.sending_to, after.tries, after.state) == (9, None, 0, "enabled")


def test_two_workers_send_nothing_twice(database_url: str, hooked: Receiver) -> None:
    """Two processes' loops over the same webhooks: each message has one sender."""
    with Database(database_url) as one, Database(database_url) as other:
        project = make_project(one)
        hook = register(one, project, hooked)
        total, stop, errors = 1500, threading.Event(), []

        def slowly(_: Received) -> tuple[int, dict[str, str]]:
            time.sleep(0.002)
            return 200, {}

        hooked.answer = slowly

        def work(db: Database, seed: int) -> None:
            rng = np.random.default_rng(seed)
            with Outbound(timeout=5, allow_private=True) as outbound:
                while not stop.is_set():
                    try:
                        sending.deliver_due(db, outbound, datetime.now(UTC), rng)
                    except Exception as error:  # noqa: BLE001  shown by the assertion below
                        errors.append(error)
                        return

        workers = [threading.Thread(target=work, args=(db, i)) for i, db in enumerate([one, other, one])]
        for thread in workers:
            thread.start()
        for _ in range(total // 15):
            emit(one, project, *["task.expired"] * 15)
        deadline = time.monotonic() + 30
        while webhooks.get(one, hook).position < total and time.monotonic() < deadline:
            time.sleep(0.02)
        stop.set()
        for thread in workers:
            thread.join()
        assert errors == []
        assert len({message.id for message in hooked.received}) == len(hooked.received)
        assert [position for message in hooked.received for position in message.positions] == list(
            range(1, total + 1)
        )


def test_a_lost_lease_writes_nothing(
    db: Database, outbound: Outbound, hooked: Receiver, rng: np.random.Generator
) -> None:
    """A sender that took so long that another was let in cannot move the cursor any more."""
    project = make_project(db)
    hook = register(db, project, hooked)
    emit(db, project, "task.expired")
    lease = timedelta(seconds=10)
    (slow,) = sending.claim_due(db, NOW, limit=10, lease=lease)
    assert sending.claim_due(db, NOW + timedelta(seconds=9), limit=10, lease=lease) == []
    later = NOW + timedelta(seconds=10)
    assert sending.deliver_due(db, outbound, later, rng) == 1
    before = webhooks.get(db, hook)
    assert sending.serve(db, outbound, slow, clock=lambda: later, rng=rng, lease=lease) == 0
    assert webhooks.get(db, hook) == before
    assert len(hooked.received) == 1


def test_a_deleted_webhook_stops(db: Database, outbound: Outbound, hooked: Receiver) -> None:
    """Deleted while a message is under way: nothing more is sent, and no log row stays behind."""
    project = make_project(db)
    hook = register(db, project, hooked)

    def delete(_: Received) -> tuple[int, dict[str, str]]:
        webhooks.delete(db, hook)
        return 200, {}

    hooked.answer = delete
    emit(db, project, *["task.expired"] * 250)
    assert sending.deliver_due(db, outbound, NOW, np.random.default_rng(0)) == 0
    assert len(hooked.received) == 1
    with db.connection() as tx:
        assert tx.execute("SELECT count(*) FROM deliveries").fetchone() == (0,)
    with pytest.raises(NotFound):
        webhooks.get(db, hook)
    with pytest.raises(NotFound):
        webhooks.delete(db, hook)


WORKER = """
    import os, signal, sys
    from datetime import UTC, datetime
    import numpy as np
    from goldvein.services import sending
    from goldvein.services.outbound import Outbound
    from goldvein.store.database import Database

    class Dying(Outbound):
        def post(self, url, headers, body):
            reply = super().post(url, headers, body)
            os.kill(os.getpid(), signal.SIGKILL)
            return reply

    with Database(sys.argv[1]) as db, Dying(timeout=5, allow_private=True) as outbound:
        sending.deliver_due(db, outbound, datetime.now(UTC), np.random.default_rng(0), lease_seconds=0.05)
"""


def test_kill_between_sending_and_writing_sends_the_same_message_again(
    db: Database, database_url: str, outbound: Outbound
) -> None:
    """Killed when the receiver has it and before we know: same id and events again, though more came."""
    project = make_project(db)
    with receiver() as hooked:
        hook = register(db, project, hooked)
        emit(db, project, *["task.expired"] * 7)
        for _ in range(3):
            worker = subprocess.run(
                [sys.executable, "-c", textwrap.dedent(WORKER), database_url],
                env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
                timeout=60,
            )
            assert worker.returncode == -signal.SIGKILL
            emit(db, project, "task.expired")
            time.sleep(0.06)
        assert webhooks.get(db, hook).position == 0
        assert sending.deliver_due(db, outbound, datetime.now(UTC), np.random.default_rng(0)) == 2
        assert hooked.unverified == 0
    assert [message.positions for message in hooked.received] == [list(range(1, 8))] * 4 + [[8, 9, 10]]
    assert len({message.id for message in hooked.received}) == 2
    assert hooked.distinct() == list(range(1, 11))


def test_a_test_message_moves_nothing(db: Database, outbound: Outbound, hooked: Receiver) -> None:
    """It is signed like any other, logged, and tells what came back."""
    project = make_project(db)
    hook = register(db, project, hooked)
    before = webhooks.get(db, hook)
    hooked.answer = lambda _: (418, {})
    sent = webhooks.send_test(db, outbound, hook, NOW)
    assert (sent.status, sent.error) == (418, "the receiver answered 418")
    assert hooked.received[0].payload == {
        "type": "webhook.test",
        "timestamp": "2026-03-01T12:00:00Z",
        "data": {"webhook": hook},
    }
    assert webhooks.get(db, hook) == before
    assert webhooks.deliveries(db, hook) == [sent]


def test_a_private_receiver_gets_nothing(db: Database, hooked: Receiver, rng: np.random.Generator) -> None:
    """Without the setting it can neither be registered nor, if it was once, be called."""
    project = make_project(db)
    with pytest.raises(InvalidInput):
        webhooks.create(db, project, hooked.url, None, allow_private=False, now=NOW)
    hook = register(db, project, hooked)
    emit(db, project, "task.expired")
    with Outbound(timeout=5) as outbound:
        sending.deliver_due(db, outbound, NOW, rng)
    assert hooked.received == []
    (tried,) = webhooks.deliveries(db, hook)
    assert tried.status is None
    assert "public internet" in (tried.error or "")
    assert webhooks.get(db, hook).tries == 1


def test_what_cannot_be_registered(db: Database) -> None:
    """Each refusal says why."""
    project = make_project(db)
    with pytest.raises(InvalidInput) as unknown:
        webhooks.create(db, project, "https://example.com", ["label.made"], allow_private=False, now=NOW)
    assert unknown.value.code == "unknown_event"
    with pytest.raises(NotFound):
        webhooks.create(db, project + 1, "https://example.com", None, allow_private=False, now=NOW)
    made = webhooks.create(db, project, "https://example.com", None, allow_private=False, now=NOW)
    assert len(made.events) == 6
    assert made.secret.startswith("whsec_")
    assert webhooks.list_(db, project) == [replace(made)]
    with pytest.raises(InvalidInput):
        webhooks.replay(db, made.id, -1, NOW)
    with pytest.raises(NotFound):
        webhooks.deliveries(db, made.id + 1)
