"""Server time of the operator's pages at 100,000 labelers and millions of rows of the log.

Fills a scratch database, meters it as `goldvein work` would, and asks the running server for each page again
and again. Run: ``python -m perf.pages [--labelers N] [--rows N] [--json FILE]``.
"""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

import httpx
import numpy as np

from goldvein.api.keyring import SESSION_COOKIE
from goldvein.bootstrap import running_server
from goldvein.domain.records import ProjectDraft
from goldvein.services import accounts, benchmarks, keys, projects
from goldvein.services.benchmarks import ManualBenchmark
from goldvein.services.metering import Meter
from goldvein.settings import read_settings
from goldvein.sim.scratch import scratch_database, server_url
from goldvein.store.database import Database

PEOPLE = """
    INSERT INTO labelers (name, role, created_at)
        SELECT 'labeler ' || n, 'labeler', %(since)s FROM generate_series(1, %(labelers)s) n"""
STANDINGS = """
    INSERT INTO standings (project, labeler, state, n, model_version, posterior, p_benchmarks, p_all,
                           benchmarks, answers, seen, admitted_at, updated_at)
        SELECT 1, n,
               CASE WHEN n %% 50 = 0 THEN 'dismissed' WHEN n %% 70 = 0 THEN 'boundary' ELSE 'admitted' END,
               1, 1, decode(repeat('000000000000b03f', 52), 'hex'), n %% 991 / 991.0::float8,
               n %% 997 / 997.0::float8, 20, 100, '', %(since)s, %(since)s
        FROM generate_series(1, %(labelers)s) n"""
TASKS = """
    INSERT INTO tasks (project, content, state, priority, created_at)
        SELECT 1, n, 'labelled', 0, %(since)s FROM generate_series(1, %(tasks)s) n"""
# People come in shifts of a thousand. One answer in a hundred is somebody's who is always there.
LOG = """
    INSERT INTO log (project, at, kind, labeler, n, attempt, task, stage, choice, item_version, model_version,
                     policy_version, rate, draw, milliseconds, p_benchmarks, p_all, benchmarks, decision)
        SELECT 1, %(since)s::timestamptz + n * %(step)s::interval, 'answer',
               CASE WHEN n %% 100 = 0 THEN 1 ELSE (n / %(shift)s * 1000 + n %% 1000) %% %(labelers)s + 1 END,
               n, n,
               CASE WHEN n %% 20 = 0 THEN n %% 60 + 1 ELSE n %% %(tasks)s + 1 END,
               CASE WHEN n %% 20 = 0 THEN 'benchmark' ELSE 'label' END, n %% 4,
               CASE WHEN n %% 20 = 0 THEN 1 END, 1, 1, 0.05, 0.25, 2000 + n %% 30000,
               n %% 991 / 991.0::float8, n %% 997 / 997.0::float8, 20,
               CASE WHEN n %% 20 > 0 THEN 'deliver' END
        FROM generate_series(%(first)s::bigint, %(last)s::bigint) n"""
AT_ONCE = 500_000


def fill(db: Database, labelers: int, rows: int, now: datetime) -> None:
    """A project of a week, with as many labelers and rows of the log."""
    since, tasks = now - timedelta(days=7), min(rows, 1_000_000)
    customer = keys.create_customer(db, "lab", since)
    project = projects.create(db, customer, ProjectDraft("texts", "Pick one."), since)
    texts = [{"prompt": f"task {n}", "options": [f"{n}-{k}" for k in range(4)]} for n in range(60)]
    items = [ManualBenchmark(n, text, n % 4) for n, text in enumerate(texts)]
    assert not benchmarks.add_manual(db, project.id, items, since).errors
    values = {
        "since": since, "labelers": labelers, "tasks": tasks, "step": timedelta(days=7) / rows,
        "shift": max(1, 1_000 * rows // labelers),
    }  # fmt: skip
    with db.connection() as tx:
        for statement in (PEOPLE, STANDINGS, TASKS):
            tx.execute(statement.encode(), values)
        for first in range(1, rows + 1, AT_ONCE):
            tx.execute(LOG.encode(), {**values, "first": first, "last": min(rows, first + AT_ONCE - 1)})
        tx.execute("VACUUM ANALYZE")


def addresses(client: httpx.Client) -> dict[str, str]:
    """The pages measured, by what they show."""
    own = "/operate/1"
    listed = client.get(f"{own}/labelers?sort=p_all").text
    after = listed.partition("after=")[2].partition('"')[0].replace("&amp;", "&")
    return {
        "all projects": "/operate",
        **{f"live, {window}": f"{own}?window={window}" for window in ("15m", "3h", "24h", "7d")},
        **{f"metrics, {window}": f"{own}/metrics?window={window}" for window in ("24h", "7d", "1y")},
        "metrics for Prometheus": "/metrics",
        "labelers, last seen": f"{own}/labelers",
        "labelers by P(good), second page": f"{own}/labelers?sort=p_all&after={after}",
        "labelers, dismissed": f"{own}/labelers?state=dismissed&sort=withdrawn",
        "labelers by a prefix": f"{own}/labelers?prefix=labeler+77",
        "a labeler": f"{own}/labelers/1711",
        "a labeler of many answers": f"{own}/labelers/1",
        "log": f"{own}/log",
        "log of a labeler": f"{own}/log?labeler=1",
        "log of a task": f"{own}/log?task=3",
        "log of a kind": f"{own}/log?kind=policy",
    }


def timed(client: httpx.Client, path: str, times: int) -> dict[str, float]:
    """Milliseconds from request to answer, and the size of the answer."""
    took = []
    for _ in range(times):
        begun = perf_counter()
        response = client.get(path)
        took.append(1000 * (perf_counter() - begun))
        response.raise_for_status()
    p50, p95 = np.quantile(took, [0.5, 0.95])
    return {
        "p50_ms": round(float(p50), 1),
        "p95_ms": round(float(p95), 1),
        "kilobytes": len(response.content) // 1024,
    }


def measure(labelers: int, rows: int, times: int) -> dict[str, Any]:
    """Fill, meter, and time each page."""
    now = datetime.now(UTC)
    with server_url(read_settings()) as server, scratch_database(server) as url, Database(url) as db:
        begun = perf_counter()
        fill(db, labelers, rows, now)
        filled = perf_counter()
        meter = Meter(db)
        meter.catch_up()
        metered = perf_counter()
        meter.step(now)
        with db.connection() as tx:
            tx.execute("ANALYZE")
        operator = accounts.create(db, "operator", "correct horse battery", "operator", now)
        token = accounts.begin_session(db, operator, "perf", now)
        with running_server(url) as base, httpx.Client(base_url=base, timeout=60) as client:
            client.cookies.set(SESSION_COOKIE, token)
            client.headers["Accept"] = "text/html"
            pages = {name: timed(client, path, times) for name, path in addresses(client).items()}
    return {
        "labelers": labelers, "rows": rows, "fill_seconds": round(filled - begun, 1),
        "rollup_rows_per_second": round(rows / (metered - filled)), "pages": pages,
    }  # fmt: skip


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the report to FILE")
    parser.add_argument("--labelers", type=int, default=100_000)
    parser.add_argument("--rows", type=int, default=10_000_000, help="of the log")
    parser.add_argument("--times", type=int, default=20, help="requests of each page")
    arguments = parser.parse_args()
    report = measure(arguments.labelers, arguments.rows, arguments.times)
    size = f"{report['labelers']:,} labelers, {report['rows']:,} rows of the log"
    print(f"{size}, filled in {report['fill_seconds']} s")
    print(f"rolled up at {report['rollup_rows_per_second']:,} rows a second, both rollups together")
    for name, line in report["pages"].items():
        times = f"p50 {line['p50_ms']:7.1f} ms   p95 {line['p95_ms']:7.1f} ms"
        print(f"{name:36} {times}   {line['kilobytes']:5} kB")
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
