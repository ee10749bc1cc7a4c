"""What it costs that a key falls: a thousand standings of six hundred answers each, computed anew.

``python -m perf.rescoring [--people 1000] [--answers 600] [--json FILE]``: ten people answer through the real
services in virtual time; what they did is then copied in the database, standing by standing, until there are
so many. The benchmark that most of them have met is frozen, and all who met it are rescored, while the ten go
on answering in groups. On an embedded PostgreSQL with fsync on.

Keys of the JSON report: ``standings`` rescored, ``freeze_ms``, ``seconds`` in all, ``ms_each``, ``lock_ms``
(``p50``, ``p95``, ``max``: how long each standing's own transaction took, and so the longest that a group can
have waited for it), ``group_ms`` (``before`` and ``during``, each with ``p50``, ``p95``, ``max``: a group of
ten answers).
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from goldvein.services import lifecycle, rescoring
from goldvein.services.views import Views
from goldvein.store.database import Database
from goldvein.store.embedded import EmbeddedServer
from goldvein.store.migrations import migrate
from tests.services.town import Town, knows

PEOPLE = 10
_COPY = (
    """
INSERT INTO labelers (name, role, created_at)
SELECT 'copy ' || n, 'labeler', now() FROM generate_series(1, {more}) n""",
    """
INSERT INTO standings (project, labeler, state, panel, n, model_version, posterior, p_benchmarks, p_all,
    benchmarks, undecided, answers, skips, held, grace, seen, admitted_at, updated_at)
SELECT project, labeler + {people} * k, state, panel, n, model_version, posterior, p_benchmarks, p_all,
    benchmarks, undecided, answers, skips, 0, grace, seen, admitted_at, updated_at
FROM standings, generate_series(1, {times}) k""",
    """
INSERT INTO attempts (project, task, content, stage, state, lane, due_at, urgency, fence, labeler, shown)
SELECT project, task, content, stage, state, lane, due_at, urgency, fence, labeler + {people} * k, shown
FROM attempts, generate_series(1, {times}) k WHERE stage = 'benchmark' AND state = 'answered'""",
    """
INSERT INTO log (project, at, kind, labeler, n, attempt, task, stage, choice, shown, item_version,
    model_version, policy_version, rate, draw, exposures, milliseconds, p_benchmarks, p_all, benchmarks,
    decision, detail)
SELECT project, at, kind, labeler + {people} * k, n, attempt, task, stage, choice, shown, item_version,
    model_version, policy_version, rate, draw, exposures, milliseconds, p_benchmarks, p_all, benchmarks,
    decision, detail
FROM log, generate_series(1, {times}) k WHERE n IS NOT NULL""",
    "ANALYZE",
)


def main() -> None:
    """Measure, print and write the report."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--people", type=int, default=1_000)
    parser.add_argument("--answers", type=int, default=600)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        Path(home).chmod(0o755)
        report = _on_a_server(Path(home) / "home", asked.people, asked.answers)
    text = json.dumps(report, indent=2)
    print(text)
    if asked.json:
        asked.json.write_text(text + "\n")


def _on_a_server(home: Path, people: int, answers: int) -> dict[str, Any]:
    with EmbeddedServer(home) as server:
        migrate(server.url)
        with Database(server.url) as db:
            return measure(db, people, answers)


def measure(db: Database, people: int, answers: int) -> dict[str, Any]:
    """Build the history, let a key fall, and rescore while people answer."""
    town = Town(db, {"open_at": 12, "rate_floor": 0.06, "exposure_cap": 10**6, "exposure_budget": 10**6})
    town.open_by_hand(30)
    town.push(PEOPLE * (answers + 400))
    for n in range(PEOPLE):
        town.hire(f"person {n}", knows(0.93))
    before = [_timed(town.round) for _ in range(answers)][-100:]
    values = {"people": PEOPLE, "more": people - PEOPLE, "times": people // PEOPLE - 1}
    with db.connection() as tx:
        for statement in _COPY:
            tx.execute(statement.format(**values).encode())
    ((task,),) = town.rows(
        "SELECT task FROM attempts WHERE stage = 'benchmark' AND state = 'answered' "
        "GROUP BY task ORDER BY count(*) DESC, task LIMIT 1"
    )
    freeze = _timed(lambda: _freeze(db, task, town))
    during: list[float] = []
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        at_work = pool.submit(rescore_all, db.url)
        while not at_work.done():
            during.append(_timed(town.round))
        looked_at, seconds, locks = at_work.result()
    ((standings,),) = town.rows("SELECT count(*) FROM log WHERE kind = 'rescored'")
    return {
        "standings": standings, "looked_at": looked_at, "freeze_ms": round(freeze, 1),
        "seconds": round(seconds, 1), "ms_each": round(1000 * seconds / max(1, standings), 1),
        "lock_ms": _spread(locks), "group_ms": {"before": _spread(before), "during": _spread(during)},
    }  # fmt: skip


def rescore_all(url: str) -> tuple[int, float, list[float]]:
    """Rescore in a process of its own: how many were looked at, seconds, milliseconds of each writing."""
    with Database(url) as db:
        with db.connection() as tx:
            view = Views().one(tx, 1)
        locks = _watch_locks()
        begun, looked_at = time.perf_counter(), 0
        while done := rescoring.rescore(db, view, datetime.now(UTC)):
            looked_at += done
        return looked_at, time.perf_counter() - begun, locks


def _freeze(db: Database, task: int, town: Town) -> None:
    with db.transaction() as tx:
        lifecycle.freeze(tx, 1, task, "measured", town.now)


def _watch_locks() -> list[float]:
    """Note from now on how long the writing of each standing takes."""
    times: list[float] = []
    settle = rescoring._settle  # noqa: SLF001 - measured from outside

    def timed(*args: Any) -> None:
        times.append(_timed(lambda: settle(*args)))

    setattr(rescoring, "_settle", timed)  # noqa: B010 - put in its place for the measurement
    return times


def _timed(what: Callable[[], object]) -> float:
    begun = time.perf_counter()
    what()
    return 1000 * (time.perf_counter() - begun)


def _spread(times: Sequence[float]) -> dict[str, float]:
    if not times:
        return {}
    p50, p95 = np.percentile(times, (50, 95))
    return {"p50": round(float(p50), 1), "p95": round(float(p95), 1), "max": round(max(times), 1)}


if __name__ == "__main__":
    main()
