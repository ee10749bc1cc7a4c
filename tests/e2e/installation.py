"""A whole installation in processes of its own, and people and readers that keep what they saw."""

import asyncio
import json
import os
import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from goldvein.services import keys
from goldvein.services.leases import LeaseTokens
from goldvein.sim.processes import free_port, start_command, stopped_in_the_end, wait_until_served
from goldvein.store import projects
from goldvein.store.database import Database
from goldvein.store.embedded import EmbeddedServer
from goldvein.store.migrations import migrate
from perf.http import Connection, Reply, stream_lines
from perf.load import Work, answer_body, read_answered, read_work, task_input

HOST = "127.0.0.1"
FIRST_BENCHMARK = 10**9
"""Texts from this number on are benchmarks; the labelers of these tests may look, real ones cannot."""


@dataclass
class Installation:
    """`serve`, `work` and an embedded PostgreSQL, each of which can be killed."""

    server: EmbeddedServer
    port: int = field(default_factory=free_port)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, command: str) -> None:
        """Start ``serve`` or ``work``, as a supervisor would."""
        self.processes[command] = start_command(
            command,
            GOLDVEIN_DATABASE_URL=self.server.url,
            GOLDVEIN_PORT=str(self.port),
            GOLDVEIN_ALLOW_PRIVATE_WEBHOOKS="yes",
            GOLDVEIN_WEBHOOK_TIMEOUT="1",
            GOLDVEIN_LOG_LEVEL="error",
        )

    def kill(self, victim: str) -> None:
        """Kill -9; what was ours to start is started again, PostgreSQL by its keeper."""
        if victim == "postgres":
            pid = self.server.pid
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
            return
        self.processes[victim].kill()
        self.processes[victim].wait()
        self.start(victim)


@contextmanager
def installation(home: Path) -> Iterator[Installation]:
    """Run everything on a folder, durably."""
    with EmbeddedServer(home) as server:
        migrate(server.url)
        made = Installation(server)
        made.start("serve")
        made.start("work")
        try:
            wait_until_served(made.port, made.processes["serve"])
            yield made
        finally:
            with stopped_in_the_end(*made.processes.values()):
                pass


@dataclass
class Project:
    """An open project with its customer and its people; ``in_hand`` holds the ordinary texts they look at."""

    site: Installation
    customer: str
    tokens: list[str]
    id: int
    in_hand: dict[str, int] = field(default_factory=dict)
    shown: dict[tuple[int, str], str] = field(default_factory=dict)
    accepted: dict[str, int] = field(default_factory=dict)
    outages: Counter[str] = field(default_factory=Counter)
    open: bool = True

    async def call(self, method: str, path: str, body: Any = None) -> Any:
        """Send one request as the customer, however often it takes."""
        line = Connection(HOST, self.site.port, self.customer)
        reply = await self.insist(line, method, path, json.dumps(body).encode() if body is not None else b"")
        line.close()
        assert reply.status < 300, reply
        assert reply.status != 207, reply.body
        return json.loads(reply.body) if reply.body else None

    async def pause(self) -> None:
        """Hand out no more of this project, so that the next test's people work on theirs."""
        self.open = False
        await self.call("PATCH", f"/v1/projects/{self.id}", {"state": "paused"})

    async def insist(self, line: Connection, method: str, path: str, body: bytes = b"") -> Reply:
        """Send a request again until it is answered; an outage shows as a hang-up or as a clean 503."""
        while True:
            try:
                async with asyncio.timeout(40):
                    reply = await line.request(method, path, body)
            except OSError:
                self.outages["hang-up"] += 1
                await asyncio.sleep(0.05)
                continue
            if reply.status < 500:
                return reply
            problem = json.loads(reply.body)
            assert reply.status == 503, problem
            assert problem["code"] in {"unavailable", "overloaded"}
            assert b"retry-after" in reply.head.lower()
            self.outages["503"] += 1
            await asyncio.sleep(0.1)

    async def labeler(
        self, number: int, *, answers: int, think_seconds: float, repeats: float, defers: float
    ) -> None:
        """Answer so many times or until the project ends; some answers are kept back, some sent twice."""
        rng = random.Random(number)
        line, other = (Connection(HOST, self.site.port, self.tokens[number]) for _ in range(2))
        given, work = 0, None
        while given < answers and self.open:
            if work is None:
                work = await self._ask(line)
                if work is not None:
                    self._take(work, number)
                continue
            await asyncio.sleep(think_seconds * rng.uniform(0.5, 1.5))
            if rng.random() < defers:
                await self._keep_back(line, work, number, think_seconds)
            self._let_go(work)
            path, body = f"/v1/work/{work.lease.id}/answer", answer_body(work, rng, 0.93)
            sends = [self.insist(line, "POST", path, body)]
            if rng.random() < repeats:
                sends.append(self.insist(other, "POST", path, body))
            replies = await asyncio.gather(*sends)
            assert {reply.status for reply in replies} == {200}, replies
            self.accepted[work.lease.id] = json.loads(body)["answer"]["choice"]
            found = {msgspec.json.encode(read_answered.decode(reply.body).next) for reply in replies}
            assert len(found) == 1, "an answer sent twice leads to the same next work"
            given += 1
            work = read_answered.decode(replies[0].body).next
            if work is not None:
                self._take(work, number)
        line.close()
        other.close()

    async def _keep_back(self, line: Connection, work: Work, number: int, seconds: float) -> None:
        """Have the next task in hand for a while before the answer to this one goes out."""
        reply = await self.insist(line, "POST", f"/v1/work/{work.lease.id}/defer")
        assert reply.status == 200, reply
        following = read_answered.decode(reply.body).next
        if following is not None:
            self._take(following, number)
        await asyncio.sleep(seconds)

    async def _ask(self, line: Connection) -> Work | None:
        reply = await self.insist(line, "POST", "/v1/work/next", b"{}")
        if reply.status == 200:
            return read_work.decode(reply.body)
        assert reply.status == 204, reply
        await asyncio.sleep(0.2)
        return None

    def _take(self, work: Work, number: int) -> None:
        text = work.task.input.prompt
        lease = self.shown.setdefault((number, text), work.lease.id)
        assert lease == work.lease.id, f"{number} saw {text} twice"
        if _number(text) < FIRST_BENCHMARK:
            holder = self.in_hand.setdefault(text, number)
            assert holder == number, f"{text} is in the hands of {holder} and {number}"

    def _let_go(self, work: Work) -> None:
        self.in_hand.pop(work.task.input.prompt, None)


def _number(prompt: str) -> int:
    return int(prompt.split(maxsplit=2)[1].rstrip(":"))


async def open_project(site: Installation, *, labelers: int, tasks: int, benchmarks: int) -> Project:
    """Make people and a project that benchmarks by hand have opened."""
    now, mark = datetime.now(UTC), random.randrange(10**9)
    with Database(site.server.url, pool_size=2) as db:
        customer = keys.issue(db, "customer", keys.create_customer(db, "lab", now), "lab", now)
        people = keys.create_labelers(db, [(f"{mark}-{n}", "labeler") for n in range(labelers)], now)
        tokens = [key.token for key in keys.issue_many(db, [("labeler", one, "") for one in people], now)]
    project = Project(site, customer, tokens, 0)
    policy = {"exposure_cap": 10_000, "hold_seconds": 5, "rate_ceiling": 0.4, "rate_fresh_benchmarks": 0}
    asked = {"name": "texts", "instruction": "Pick the right one.", "policy": policy}
    project.id = (await project.call("POST", "/v1/projects", asked))["id"]
    rng = random.Random(mark)
    items = [task_input(FIRST_BENCHMARK + n, rng) for n in range(benchmarks)]
    listed = [{"input": content, "key": key} for content, key in items]
    await project.call("POST", f"/v1/projects/{project.id}/benchmarks", {"benchmarks": listed})
    pushed = [{"input": task_input(n, rng)[0], "unique_id": str(n)} for n in range(tasks)]
    await project.call("POST", f"/v1/projects/{project.id}/tasks", {"tasks": pushed})
    return project


# --- readers of events ---------------------------------------------------------------------------


@dataclass
class Readers:
    """Everybody who follows a project's events: by cursor, by SSE and by webhook."""

    project: Project
    cursor: list[dict[str, Any]] = field(default_factory=list)
    stream: list[dict[str, Any]] = field(default_factory=list)
    webhook: list[dict[str, Any]] = field(default_factory=list)
    messages: Counter[str] = field(default_factory=Counter)
    senders: set[asyncio.StreamWriter] = field(default_factory=set)

    async def follow_cursor(self) -> None:
        """Long-poll from where the last page ended."""
        after, line = 0, Connection(HOST, self.project.site.port, self.project.customer)
        while True:
            path = f"/v1/projects/{self.project.id}/labels?after={after}&limit=500&wait=5"
            page = json.loads((await self.project.insist(line, "GET", path)).body)
            self.cursor += page["events"]
            after = page["next"]

    async def follow_stream(self) -> None:
        """Read the stream; where it breaks off, go on after the last event that came whole."""
        while True:
            after = self.stream[-1]["position"] if self.stream else 0
            path = f"/v1/projects/{self.project.id}/labels/stream?after={after}"
            with suppress(OSError):
                async for line in stream_lines(HOST, self.project.site.port, self.project.customer, path):
                    if line.startswith(b"data: "):
                        self.stream.append(json.loads(line[6:]))
            await asyncio.sleep(0.05)

    async def receive(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take messages; one whose id is known is taken and dropped, as the reference says."""
        self.senders.add(writer)
        with suppress(asyncio.IncompleteReadError, OSError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
                headers = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
                body = json.loads(await reader.readexactly(int(headers["content-length"])))
                if not self.messages[headers["webhook-id"]]:
                    self.webhook += body["data"]["events"]
                self.messages[headers["webhook-id"]] += 1
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
        writer.close()
        self.senders.discard(writer)

    async def hang_up(self) -> None:
        """End what senders keep open."""
        for writer in list(self.senders):
            writer.close()
        await until(lambda: not self.senders, seconds=5)

    def behind(self, last: int) -> list[str]:
        """Name the readers who have not seen this position yet."""
        seen = {"cursor": self.cursor, "stream": self.stream, "webhook": self.webhook}
        return [name for name, events in seen.items() if not events or events[-1]["position"] < last]


@asynccontextmanager
async def following(project: Project) -> AsyncIterator[Readers]:
    """Follow a project's events in all three ways."""
    readers = Readers(project)
    server = await asyncio.start_server(readers.receive, HOST, 0, limit=2**24)
    port = server.sockets[0].getsockname()[1]
    await project.call("POST", "/v1/webhooks", {"project": project.id, "url": f"http://{HOST}:{port}/hook"})
    tasks = [
        asyncio.create_task(readers.follow_cursor()),
        asyncio.create_task(readers.follow_stream()),
    ]
    try:
        yield readers
        for task in tasks:
            assert not task.done(), task.exception()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        server.close()
        await readers.hang_up()


async def until(true: Callable[[], bool], *, seconds: float, what: Callable[[], object] = str) -> None:
    """Wait for a condition.

    Raises
    ------
    AssertionError
        If it takes longer.
    """
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"after {seconds:g} seconds: {what()}"
        await asyncio.sleep(0.05)


async def together(*running: Awaitable[None]) -> None:
    """Run all; the first failure ends all."""
    async with asyncio.TaskGroup() as group:
        for one in running:
            group.create_task(_run(one))


async def _run(one: Awaitable[None]) -> None:
    await one


# --- what is stored ------------------------------------------------------------------------------


def stored_answers(db: Database, project: int) -> dict[str, int]:
    """Every stored answer of a project: the lease's token and the position picked."""
    with db.connection() as connection:
        tokens = LeaseTokens(projects.lease_key(connection))
        rows = connection.execute(
            "SELECT n.project, n.attempt, a.fence, (n.answer ->> 'choice')::integer FROM answers n"
            " JOIN attempts a ON a.project = n.project AND a.id = n.attempt WHERE n.project = %s",
            [project],
        ).fetchall()
    found = {tokens.seal(*row[:3]): row[3] for row in rows}
    assert len(found) == len(rows)
    return found


def overlaps(db: Database, project: int) -> int:
    """Count pairs of labelers who had the same ordinary task at the same time."""
    with db.connection() as connection:
        row = connection.execute(
            "WITH held AS (SELECT a.task, a.id, a.shown_at, coalesce(n.received_at, 'infinity') AS until"
            "  FROM attempts a LEFT JOIN answers n ON n.project = a.project AND n.attempt = a.id"
            "  WHERE a.project = %s AND a.stage = 'label' AND a.shown_at IS NOT NULL)"
            " SELECT count(*) FROM held one JOIN held other ON one.task = other.task AND one.id < other.id"
            " WHERE one.shown_at < other.until AND other.shown_at < one.until",
            [project],
        ).fetchone()
    assert row is not None
    return int(row[0])


def events_stored(db: Database, project: int) -> tuple[int, int]:
    """Count a project's events and those of them that tell of a label."""
    with db.connection() as connection:
        row = connection.execute(
            "SELECT count(*), count(*) FILTER (WHERE event = 'label.created') FROM outbox WHERE project = %s",
            [project],
        ).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])
