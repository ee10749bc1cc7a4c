"""A silent hour, with and without a warm sandbox: idle people, and how soon the first real task is answered.

    python -m perf.warmup [--people 40] [--minutes 60] [--seeds 3] [--json FILE]

Virtual time goes straight through the services, in groups of half a second; everything else is real. People
think 20 to 60 s about a task and, without work, ask again when they are told to, as on their page. A project
opens and works off its rounds; then its customer is silent for so long, and pushes one task at the end.
"""

from __future__ import annotations

import argparse
import heapq
import json
import statistics
from collections import defaultdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from goldvein.cli.logs import set_up_logs
from goldvein.domain.errors import GoldveinError
from goldvein.domain.records import NoWork, Work
from goldvein.services import sandboxes, verification
from goldvein.services.metering import Meter
from goldvein.services.sandboxes import SandboxDraft
from goldvein.settings import read_settings
from goldvein.sim.scratch import scratch_database, server_url
from goldvein.store.database import Database
from perf.customer_hour import START, SWEEP, TICK, Hour

LABELS = 400
LATER = timedelta(minutes=10)


class Silence(Hour):
    """An hour of which the seconds are counted that people wait without work."""

    def __init__(self, db: Database, seed: int, people: int) -> None:
        super().__init__(db, seed, people, LABELS, trusted=6)
        self.idle_seconds: dict[int, float] = defaultdict(float)
        self.measures = False
        self.idle_since: dict[int, datetime] = {}
        self.meter = Meter(db)

    def step(self, now: datetime) -> None:
        """Carry out what is due, and note who got nothing."""
        due = []
        while self.agenda and self.agenda[0][0] <= now:
            due.append(heapq.heappop(self.agenda)[2])
        if not due:
            return
        for request, result in zip(due, self.group.handle(due, now, self.rng), strict=True):
            if isinstance(result, GoldveinError):
                self.ask_at(now + timedelta(seconds=1), request.labeler)
            elif isinstance(result, Exception):
                raise result
            elif isinstance(result.next, Work):
                self._rest_ends(request.labeler, now)
                self.take(request.labeler, result.next, now)
            elif isinstance(result.next, NoWork):
                self.reasons[result.next.reason] += 1
                if result.next.reason != "dismissed":
                    self.idle_since.setdefault(request.labeler, now)
                wait = result.next.retry_after_seconds * float(self.rng.uniform(1.0, 1.2))
                self.ask_at(now + timedelta(seconds=wait), request.labeler)

    def _rest_ends(self, labeler: int, now: datetime) -> None:
        since = self.idle_since.pop(labeler, None)
        if since is not None and self.measures:
            self.idle_seconds[labeler] += (now - since).total_seconds()

    def pass_time(self, now: datetime, until: datetime) -> datetime:
        """Let time pass, with the loops that run beside the way."""
        swept = now
        while now < until:
            now += TICK
            self.step(now)
            if now - swept >= SWEEP:
                self.meter.step(now)
                self.sweeper.sweep(now)
                swept = now
        return now

    def measure(self, now: datetime, minutes: float) -> datetime:
        """Let the customer be silent; return when it is over."""
        self.reasons.clear()
        self.idle_since = dict.fromkeys(self.idle_since, now)
        self.measures = True
        end = self.pass_time(now, now + timedelta(minutes=minutes))
        for labeler in list(self.idle_since):
            self._rest_ends(labeler, end)
        self.measures = False
        return end


def run_one(server: str, seed: int, people: int, minutes: float, *, is_warm: bool) -> dict[str, Any]:
    """One crowd and one silence."""
    with scratch_database(server) as url, Database(url, pool_size=4) as db:
        hour = Silence(db, seed, people)
        for labeler in hour.ids:
            hour.ask_at(START + timedelta(seconds=float(hour.rng.uniform(0, 30))), labeler)
        hour.push(START, LABELS)
        now = START
        while hour.waiting():
            now = hour.pass_time(now, now + timedelta(minutes=5))
        now = hour.pass_time(now, now + LATER)
        if is_warm:
            made = sandboxes.create(db, hour.project, SandboxDraft(tasks=1_000), now)
            sandboxes.set_warm(db, made.id, 100_000, now)
            now = hour.pass_time(now, now + 2 * SWEEP)
        now = hour.measure(now, minutes)
        out = _dismissed(db, hour.project)
        at_work = set(hour.ids) - out
        hour.push(now, 1)
        handed, answered = _first_answer(db, hour, now)
        checked = verification.verify(db)
    idle = sum(hour.idle_seconds[labeler] for labeler in at_work)
    return {
        "seed": seed, "warm": is_warm, "people": people, "dismissed": len(out),
        "idle_share": idle / (len(at_work) * 60 * minutes), "no_work": dict(hour.reasons),
        "first_handed_seconds": handed, "first_answer_seconds": answered,
        "verify": "ok" if checked.ok else len(checked.broken),
    }  # fmt: skip


def _dismissed(db: Database, project: int) -> set[int]:
    """Who is out: some of them have answers of their grace left, and hear of no work until they give them."""
    query = "SELECT labeler FROM standings WHERE project = %s AND state = 'dismissed'"
    with db.connection() as tx:
        return {row[0] for row in tx.execute(query, (project,))}


def _first_answer(db: Database, hour: Silence, pushed: datetime) -> tuple[float | None, float | None]:
    """Seconds from the push of a task until it is in somebody's hands, and until somebody has answered it."""
    now = pushed
    while now < pushed + LATER:
        now = hour.pass_time(now, now + TICK)
        with db.connection() as tx:
            row = tx.execute(
                "SELECT min(t.shown_at), min(a.received_at) FROM attempts t"
                " LEFT JOIN answers a ON a.project = t.project AND a.attempt = t.id"
                " WHERE t.project = %s AND t.task = (SELECT max(id) FROM tasks WHERE project = %s)",
                (hour.project, hour.project),
            ).fetchone()
        if row is not None and row[1] is not None:
            return (row[0] - pushed).total_seconds(), (row[1] - pushed).total_seconds()
    return None, None


def main() -> None:
    """Print a line for each run, and the worst of them."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--people", type=int, default=40)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--json", dest="json_path", help="file of the figures")
    options = parser.parse_args()
    set_up_logs("error")
    runs = []
    with server_url(read_settings()) as server:
        for seed in range(1, options.seeds + 1):
            for is_warm in (False, True):
                runs.append(run_one(server, seed, options.people, options.minutes, is_warm=is_warm))
                print(line(runs[-1]), flush=True)
    warm = [run for run in runs if run["warm"]]
    firsts = [run["first_answer_seconds"] or 999.0 for run in warm]
    print(
        f"warm: idle {max(run['idle_share'] for run in warm):.2%} at most; first real task answered after "
        f"{statistics.median(firsts):.0f} s (median), {max(firsts):.0f} s at most"
    )
    if options.json_path:
        Path(options.json_path).write_text(json.dumps(runs, indent=2) + "\n", encoding="utf-8")


def line(run: dict[str, Any]) -> str:
    """One run for people."""
    handed, answered = (_seconds(run[f"first_{what}_seconds"]) for what in ("handed", "answer"))
    return (
        f"seed {run['seed']}, {'warm' if run['warm'] else 'cold'}: {run['people']} people, "
        f"{run['dismissed']} of them dismissed; idle {run['idle_share']:.2%}; first real task handed out "
        f"after {handed}, answered after {answered}; no work: {run['no_work']}; verify {run['verify']}"
    )


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f} s"


if __name__ == "__main__":
    main()
