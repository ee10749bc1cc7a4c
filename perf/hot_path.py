"""CPU and latency of the hot path, beside the same work as bare SQL.

``python -m perf.hot_path [--json FILE]``: 64 labelers over HTTP, each a connection of its own that answers
and gets the next task in one round trip; 100,000 tasks, at least 5% of the servings benchmarks; `serve`,
`work`, the labelers and a webhook receiver each in a process of their own; an embedded PostgreSQL with
fsync and synchronous_commit on. Then `pgbench` runs ``perf/bare.sql`` with as many clients on the same
server: claim a task, store its answer, one by one.

What repeats on a noisy machine is CPU per answer, and best of all the ratio of the two: both are measured
in turns. Events are part of it: the clock of the CPU stops when the receiver has every label.

Keys of the JSON report: ``machine``, ``settings``; ``hot`` and, where asked for, ``thinking`` and ``aged``,
each with ``answers, errors, waits, seconds, answers_per_second``, the times of answer-and-next ``p50_ms,
p95_ms, p99_ms, max_ms``, ``events_behind_seconds, group_mean, benchmark_share, labels, cpu_ms`` (server CPU
milliseconds per answered task), ``cpu_ms_of`` {serve, work, postgres}, ``client_cpu_ms``; ``bare`` with
``pairs, pairs_per_second, cpu_ms``; ``cpu_ratio`` (hot over bare) and ``aged_ratio`` (aged over hot).
"""

import argparse
import asyncio
import json
import os
import platform
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

import psycopg

from goldvein.sim.processes import free_port, start_command, stopped_in_the_end, wait_until_served
from goldvein.store.binaries import find_binaries
from goldvein.store.embedded import EmbeddedServer
from goldvein.store.migrations import migrate
from perf.http import Connection
from perf.load import task_input
from perf.processes import cpu_seconds, environment

POLICY: Final = {
    "quality_bar": 0.7,
    "rate_floor": 0.06,
    "exposure_cap": 1_000_000,
    "max_benchmarks": 1_000_000,
    "trust_benchmarks": 1_000_000,
}
BENCHMARKS: Final = 1_500
TURNS: Final = 2
"""Goldvein and pgbench take turns so often, so that a slow minute of the machine hits both."""
_PUSH_AT_ONCE: Final = 10_000

_BARE_TABLES: Final = """
DROP SCHEMA IF EXISTS bare CASCADE;
CREATE SCHEMA bare;
CREATE TABLE bare.tasks (
    id bigint PRIMARY KEY, place bigint NOT NULL, state text NOT NULL, labeler integer, leased_at timestamptz
) WITH (fillfactor = 70);
CREATE TABLE bare.answers (
    task bigint PRIMARY KEY, labeler integer NOT NULL, answer jsonb NOT NULL, received_at timestamptz NOT NULL
);
CREATE TABLE bare.standings (
    labeler integer PRIMARY KEY, posterior bytea NOT NULL, n bigint NOT NULL, updated_at timestamptz
) WITH (fillfactor = 50);
CREATE TABLE bare.outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, event text NOT NULL, task bigint NOT NULL,
    created_at timestamptz NOT NULL
);
INSERT INTO bare.tasks SELECT n, n, 'open' FROM generate_series(1, %(tasks)s) AS n;
CREATE INDEX tasks_open ON bare.tasks (place) WHERE state = 'open';
INSERT INTO bare.standings SELECT n, decode(repeat('5a', 256), 'hex'), 0, NULL
FROM generate_series(1, %(labelers)s) AS n;
ANALYZE bare.tasks, bare.standings;
"""


@dataclass
class Site:
    """A running installation with a project that is open."""

    server: EmbeddedServer
    port: int
    receiver_port: int
    processes: dict[str, int]
    customer: str
    tokens: list[str]
    project: int
    pushed: int = 0

    def call(self, method: str, path: str, body: Any = None, content_type: str = "application/json") -> Any:
        """Send one request as the customer."""

        async def send() -> Any:
            line = Connection("127.0.0.1", self.port, self.customer)
            content = body if isinstance(body, bytes) else json.dumps(body).encode() if body else b""
            reply = await line.request(method, path, content, content_type)
            line.close()
            if reply.status >= 300 or reply.status == 207:
                raise RuntimeError(f"{method} {path}: {reply.status} {reply.body[:500].decode()}")
            return json.loads(reply.body) if reply.body else None

        return asyncio.run(send())

    def push(self, count: int) -> None:
        """Push so many tasks as NDJSON."""
        rng = random.Random(self.pushed)
        for start in range(self.pushed, self.pushed + count, _PUSH_AT_ONCE):
            numbers = range(start, min(start + _PUSH_AT_ONCE, self.pushed + count))
            lines = [{"input": task_input(n, rng)[0], "unique_id": f"task-{n}"} for n in numbers]
            body = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
            self.call("POST", f"/v1/projects/{self.project}/tasks", body, "application/x-ndjson")
        self.pushed += count

    def cpu(self) -> dict[str, float]:
        """CPU seconds used so far, by part."""
        return {name: cpu_seconds(process) for name, process in self.processes.items()}

    def received(self) -> int:
        """How many events the webhook's receiver has had."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.receiver_port}/") as reply:
            return int(json.load(reply)["events"])

    def query(self, statement: str, *values: object) -> tuple[Any, ...]:
        """Read one row."""
        with psycopg.connect(self.server.url, autocommit=True) as connection:
            row = connection.execute(statement.encode(), values).fetchone()
            assert row is not None
            return row


@contextmanager
def site(labelers: int, *, answer_step: str = "0") -> Iterator[Site]:
    """Start everything on an empty home and open a project with benchmarks by hand.

    Responses that wait for an even pace would leave the processors idle, so they go at once unless asked
    otherwise by ``answer_step``.
    """
    home = Path(tempfile.mkdtemp(prefix="goldvein-perf-", dir="/tmp"))
    home.chmod(0o755)  # as root, PostgreSQL runs as nobody
    try:
        with EmbeddedServer(home / "home") as server:
            migrate(server.url)
            with _running(server, labelers, answer_step) as running:
                yield running
    finally:
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def _running(server: EmbeddedServer, labelers: int, answer_step: str) -> Iterator[Site]:
    port = free_port()
    settings = {
        "GOLDVEIN_DATABASE_URL": server.url,
        "GOLDVEIN_PORT": str(port),
        "GOLDVEIN_ALLOW_PRIVATE_WEBHOOKS": "yes",
        "GOLDVEIN_LOG_LEVEL": "warning",
        "GOLDVEIN_ANSWER_STEP": answer_step,
    }
    receiver = subprocess.Popen(
        [sys.executable, "-m", "perf.receiver"], env=environment(), stdout=subprocess.PIPE
    )
    assert receiver.stdout is not None
    receiver_port = int(receiver.stdout.readline())
    serve, work = start_command("serve", **settings), start_command("work", **settings)
    with stopped_in_the_end(serve, work, receiver):
        wait_until_served(port, serve)
        assert server.pid is not None
        processes = {"serve": serve.pid, "work": work.pid, "postgres": server.pid}
        customer, tokens = _people(server.url, labelers)
        made = Site(server, port, receiver_port, processes, customer, tokens, 0)
        _open_project(made)
        yield made


def _people(url: str, labelers: int) -> tuple[str, list[str]]:
    """Make the customer's and the labelers' keys."""
    from datetime import UTC, datetime

    from goldvein.services import keys
    from goldvein.store.database import Database

    now = datetime.now(UTC)
    with Database(url, pool_size=2) as db:
        customer = keys.issue(db, "customer", keys.create_customer(db, "lab", now), "lab", now)
        people = keys.create_labelers(db, [(f"labeler-{n}", "labeler") for n in range(labelers)], now)
        tokens = keys.issue_many(db, [("labeler", labeler, "") for labeler in people], now)
        return customer, [key.token for key in tokens]


def _open_project(made: Site) -> None:
    asked = {"name": "texts", "instruction": "Which continuation is the most descriptive?", "policy": POLICY}
    made.project = made.call("POST", "/v1/projects", asked)["id"]
    rng = random.Random(7)
    items = [task_input(10**9 + n, rng) for n in range(BENCHMARKS)]
    benchmarks = [{"input": content, "key": key} for content, key in items]
    made.call("POST", f"/v1/projects/{made.project}/benchmarks", {"benchmarks": benchmarks})
    hook = {"project": made.project, "url": f"http://127.0.0.1:{made.receiver_port}/hook"}
    made.call("POST", "/v1/webhooks", hook)


# --- measuring -----------------------------------------------------------------------------------


def work_for(made: Site, *, answers: int = 0, seconds: float = 1e9, think: float = 0.0) -> dict[str, Any]:
    """Let the labelers answer, wait until the receiver has every label, and count what all of it cost."""
    plan = {
        "host": "127.0.0.1", "port": made.port, "tokens": made.tokens, "answers": answers, "seconds": seconds,
        "think_seconds": think, "seed": random.randrange(2**31),
    }  # fmt: skip
    (first,) = made.query("SELECT coalesce(max(id), 0) FROM log")
    before = made.cpu()
    load = subprocess.run(
        [sys.executable, "-m", "perf.load"],
        env=environment(),
        input=json.dumps(plan).encode(),
        stdout=subprocess.PIPE,
        check=True,
    )
    caught_up = _wait_for_events(made)
    after = made.cpu()
    result = json.loads(load.stdout)
    used = {name: 1e3 * (after[name] - before[name]) / result["answers"] for name in after}
    answered, served, groups, labels = made.query(
        "SELECT count(*), count(*) FILTER (WHERE stage = 'benchmark'), count(DISTINCT at),"
        " count(*) FILTER (WHERE decision = 'deliver') FROM log WHERE id > %s AND kind = 'answer'",
        first,
    )
    return {
        **{
            name: result[name]
            for name in ("answers", "errors", "statuses", "waits", "p50_ms", "p95_ms", "p99_ms", "max_ms")
        },
        "seconds": result["seconds"],
        "answers_per_second": result["answers"] / result["seconds"],
        "events_behind_seconds": caught_up,
        "group_mean": answered / max(1, groups),
        "benchmark_share": served / max(1, answered),
        "labels": labels,
        "cpu_ms": sum(used.values()),
        "cpu_ms_of": used,
        "client_cpu_ms": 1e3 * result["client_cpu_seconds"] / result["answers"],
    }


def _wait_for_events(made: Site) -> float:
    """Wait until the receiver has an event for every label; return how long that took."""
    begun = time.monotonic()
    (labels,) = made.query("SELECT count(*) FROM outbox")
    while made.received() < labels:
        if time.monotonic() - begun > 120:
            raise RuntimeError(f"the receiver has {made.received()} of {labels} events after two minutes")
        time.sleep(0.05)
    return time.monotonic() - begun


def bare(made: Site, pairs: int, labelers: int) -> dict[str, Any]:
    """Run ``perf/bare.sql`` and count what it costs PostgreSQL."""
    program = find_binaries().program("pgbench")
    if not os.access(program, os.X_OK):
        program = shutil.which("pgbench") or program
    with psycopg.connect(made.server.url, autocommit=True) as connection:
        tables = psycopg.ClientCursor(connection).mogrify(
            _BARE_TABLES, {"tasks": max(pairs, 100_000), "labelers": labelers}
        )
        connection.execute(tables.encode())
    address = urlsplit(made.server.url)
    options = parse_qs(address.query)
    per_client = max(1, pairs // labelers)
    before = cpu_seconds(made.processes["postgres"])
    done = subprocess.run(
        [
            program, "--no-vacuum", "--protocol=prepared", f"--client={labelers}", "--jobs=1",
            f"--transactions={per_client}", f"--file={Path(__file__).with_name('bare.sql')}",
            "--host", unquote(options["host"][0]), "--port", options["port"][0],
            "--username", address.username or "", address.path[1:],
        ],
        env={**os.environ, "PGPASSWORD": unquote(address.password or "")},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    used = cpu_seconds(made.processes["postgres"]) - before
    rate = re.search(r"tps = ([\d.]+)", done.stdout)
    assert rate is not None, done.stdout
    count = per_client * labelers
    return {"pairs": count, "pairs_per_second": float(rate[1]), "cpu_ms": 1e3 * used / count}


def together(turns: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Turns of one kind as one: sums of counts, means weighted by answers, quantiles of the worst turn."""
    if len(turns) == 1:
        return turns[0]
    count = sum(turn["answers"] for turn in turns)
    result: dict[str, Any] = {}
    for name, value in turns[0].items():
        if name == "statuses":
            result[name] = {key: sum(turn[name].get(key, 0) for turn in turns) for key in value}
        elif name == "cpu_ms_of":
            result[name] = {part: _mean([t[name][part] for t in turns], turns) for part in value}
        elif name in {"answers", "errors", "waits", "labels", "seconds"}:
            result[name] = sum(turn[name] for turn in turns)
        elif name in {"cpu_ms", "client_cpu_ms", "group_mean", "benchmark_share"}:
            result[name] = _mean([turn[name] for turn in turns], turns)
        else:
            result[name] = max(turn[name] for turn in turns)
    result["answers_per_second"] = count / result["seconds"]
    return result


def _mean(values: Sequence[float], turns: Sequence[dict[str, Any]]) -> float:
    weights = [turn["answers"] for turn in turns]
    return float(sum(value * weight for value, weight in zip(values, weights, strict=True)) / sum(weights))


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """Run everything; return the report."""
    per_turn = arguments.answers // TURNS
    with site(arguments.labelers) as made:
        _say(f"pushing {arguments.tasks:,} tasks")
        made.push(arguments.tasks)
        # Fill caches and plans, and let the newcomers pass their first benchmarks.
        work_for(made, answers=min(5_000, arguments.answers // 4))
        hot, floor = [], []
        for turn in range(TURNS):
            _say(f"turn {turn + 1}: {per_turn:,} answers, then as many pairs by pgbench")
            hot.append(work_for(made, answers=per_turn))
            floor.append(bare(made, per_turn, arguments.labelers))
        report: dict[str, Any] = {
            "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
            "settings": {**vars(arguments), "json": None},
            "hot": together(hot),
            "bare": {name: sum(turn[name] for turn in floor) / TURNS for name in floor[0]},
        }
        report["bare"]["pairs"] = sum(turn["pairs"] for turn in floor)
        report["cpu_ratio"] = report["hot"]["cpu_ms"] / report["bare"]["cpu_ms"]
        if arguments.think:
            _say(f"{arguments.think_for:g} seconds with {arguments.think:g} s of think time")
            report["thinking"] = work_for(made, seconds=arguments.think_for, think=arguments.think)
        if arguments.settle:
            _say(f"pushing and answering {arguments.settle:,} more, without a manual vacuum")
            made.push(arguments.settle + arguments.answers)
            work_for(made, answers=arguments.settle)
            report["aged"] = together([work_for(made, answers=per_turn) for _ in range(TURNS)])
            report["aged_ratio"] = report["aged"]["cpu_ms"] / report["hot"]["cpu_ms"]
    return report


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def table(report: dict[str, Any]) -> str:
    """Write the report for people."""
    names = ("answers", "/s", "p50 ms", "p95 ms", "p99 ms", "group", "bench", "errors", "CPU ms")
    lines = ["".join(f"{name:>9}" for name in ("", *names)) + "  =    serve     work postgres"]
    for name in ("hot", "thinking", "aged"):
        if row := report.get(name):
            times = "".join(f"{row[f'p{share}_ms']:9.1f}" for share in (50, 95, 99))
            parts = "".join(f"{value:9.3f}" for value in row["cpu_ms_of"].values())
            lines.append(
                f"{name:>9}{row['answers']:9,}{row['answers_per_second']:9,.0f}{times}{row['group_mean']:9.1f}"
                f"{row['benchmark_share']:9.1%}{row['errors']:9}{row['cpu_ms']:9.3f}   {parts}"
            )
    floor = report["bare"]
    lines.append(
        f"{'bare SQL':>9}{floor['pairs']:9,}{floor['pairs_per_second']:9,.0f}{'':54}{floor['cpu_ms']:9.3f}"
    )
    lines.append(f"cpu_ratio {report['cpu_ratio']:.2f}")
    if "aged_ratio" in report:
        lines.append(f"aged_ratio {report['aged_ratio']:.2f}")
    return "\n".join(lines)


def main() -> None:
    """Measure, print the table, write the JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the report to FILE")
    parser.add_argument("--labelers", type=int, default=64)
    parser.add_argument("--tasks", type=int, default=100_000, help="tasks pushed before measuring")
    parser.add_argument("--answers", type=int, default=40_000, help="answers measured")
    parser.add_argument("--think", type=float, default=1.0, help="mean think time of a second run; 0: none")
    parser.add_argument("--think-for", type=float, default=30.0, help="seconds of the run with think time")
    parser.add_argument("--settle", type=int, default=0, help="then answer so many more and measure again")
    arguments = parser.parse_args()
    report = measure(arguments)
    print(table(report))
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
