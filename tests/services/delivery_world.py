"""A project with tasks, events to deliver, and a receiver of webhooks that verifies what it gets."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook as Verifier

from goldvein.store import labels, outbox
from goldvein.store.database import Database, Transaction
from goldvein.store.labels import NewLabel

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def make_project(db: Database, tasks: int = 0) -> int:
    """A customer's open project with some tasks named u1, u2, ..."""
    with db.transaction() as tx:
        tx.execute("INSERT INTO instance (lease_key) VALUES (%s) ON CONFLICT DO NOTHING", (b"k" * 16,))
        customer = tx.execute(
            "INSERT INTO customers (name, created_at) VALUES ('c', %s) RETURNING id", (NOW,)
        ).fetchone()
        assert customer is not None
        project = tx.execute(
            "INSERT INTO projects (customer, name, instruction, type, state, supply_target, created_at)"
            " VALUES (%s, 'p', 'i', 'choice', 'open', 1, %s) RETURNING id",
            (customer[0], NOW),
        ).fetchone()
        assert project is not None
        number = int(project[0])
        tx.execute("INSERT INTO policy_versions VALUES (%s, 1, '{}', %s)", (number, NOW))
    if tasks:
        add_tasks(db, number, tasks)
    return number


def add_tasks(db: Database, project: int, count: int) -> list[int]:
    """Push tasks; return their ids."""
    with db.transaction() as tx:
        rows = tx.execute(
            "INSERT INTO tasks (project, unique_id, content, state, priority, created_at)"
            " SELECT %s, 'u' || i, i, 'queued', 0, %s FROM generate_series(1, %s) i RETURNING id",
            (project, NOW, count),
        )
        return [row[0] for row in rows]


def new_label(project: int, task: int, **changes: Any) -> NewLabel:
    """A label by labeler 7."""
    values: dict[str, Any] = {
        "answer": {"choice": 2, "value": "the third"},
        "basis": "labeler",
        "policy_version": 1,
        "answered_at": NOW,
        "delivered_at": NOW,
        "attempt": task,
        "labeler": 7,
        "p_benchmarks": 0.99,
        "p_all": 0.98,
        "benchmarks": 12,
        "standing_state": "deliver",
    }
    return NewLabel(project=project, task=task, **(values | changes))


def write_labels(tx: Transaction, project: int, tasks: Sequence[int]) -> list[int]:
    """Label tasks, with their events, in an open transaction."""
    ids = labels.insert_many(tx, [new_label(project, task) for task in tasks])
    n = len(tasks)
    outbox.insert_many(tx, [project] * n, ["label.created"] * n, list(tasks), ids, [None] * n, NOW)
    return ids


def emit(db: Database, project: int, *kinds: str, task: int | None = None, at: datetime = NOW) -> None:
    """Commit events without a label."""
    n = len(kinds)
    with db.transaction() as tx:
        outbox.insert_many(tx, [project] * n, kinds, [task] * n, [None] * n, [None] * n, at)


@dataclass
class Received:
    """One request as it came in."""

    id: str
    headers: dict[str, str]
    body: bytes
    payload: dict[str, Any]

    @property
    def positions(self) -> list[int]:
        """Positions of the events in it."""
        return [event["position"] for event in self.payload["data"]["events"]]


Answer = Callable[[Received], tuple[int, dict[str, str]]]


@dataclass
class Receiver:
    """What arrived, and what is answered: status and headers."""

    secret: str = ""
    answer: Answer = field(default=lambda _: (200, {}))
    received: list[Received] = field(default_factory=list)
    unverified: int = 0
    url: str = ""
    connections: int = 0
    ended: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    """Released with every connection that was hung up."""

    def distinct(self) -> list[int]:
        """Positions in the order of arrival, messages with a known id dropped."""
        first = {message.id: message for message in reversed(self.received)}
        seen: set[str] = set()
        positions = []
        for message in self.received:
            if message.id not in seen:
                seen.add(message.id)
                positions += first[message.id].positions
        return positions


@contextmanager
def receiver(*, verify_times: bool = True) -> Iterator[Receiver]:
    """Serve on a free port of 127.0.0.1; ``verify_times=False`` for tests whose clock stands still."""
    state = Receiver()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def setup(self) -> None:
            state.connections += 1
            super().setup()

        def finish(self) -> None:
            super().finish()
            state.ended.release()

        def do_POST(self) -> None:
            length = int(self.headers["content-length"])
            body = self.rfile.read(length)
            if len(body) < length:  # whoever sent it was killed meanwhile
                self.close_connection = True
                return
            headers = {name.lower(): value for name, value in self.headers.items()}
            verifier = Verifier(state.secret)
            if not verify_times:
                at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
                signed = verifier.sign(headers["webhook-id"], at, body.decode())
                assert signed == headers["webhook-signature"]
            try:
                checked = dict(headers)
                if not verify_times:
                    now = datetime.now(UTC)
                    checked["webhook-timestamp"] = str(int(now.timestamp()))
                    checked["webhook-signature"] = verifier.sign(headers["webhook-id"], now, body.decode())
                payload = verifier.verify(body, checked)
            except Exception:
                state.unverified += 1
                raise
            message = Received(headers["webhook-id"], headers, body, payload)
            state.received.append(message)
            status, extra = state.answer(message)
            self.send_response(status)
            for name, value in extra.items():
                self.send_header(name, value)
            if "content-length" not in {name.lower() for name in extra}:
                self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
