"""The customer's hour: 5,000 labels in an hour of virtual time from 200 people, three in ten of them bad.

    python -m perf.customer_hour [--labels 5000] [--people 200] [--seeds 1] [--json FILE]

People think 20 to 60 s about a task and, without work, ask again when they are told to. The customer pushes a
round every five minutes. Virtual time goes straight through the services, in groups of half a second;
everything else is real. Latency counts from push to label (holds, discards and requeues included), from the
opening for what was pushed before it.
"""

from __future__ import annotations

import argparse
import heapq
import json
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from goldvein.cli.logs import set_up_logs
from goldvein.domain.errors import GoldveinError
from goldvein.domain.records import NoWork, ProjectDraft, TaskDraft, Work, WorkRequest
from goldvein.services import intake, keys, projects, verification
from goldvein.services.sweeps import Sweeper
from goldvein.services.work import WorkGroup
from goldvein.settings import read_settings
from goldvein.sim.demo.report import report_of
from goldvein.sim.labelers import Behaviour, FirstShown, Honest, Longest, Random, Shortest, Sleeper
from goldvein.sim.outcome import read_outcome
from goldvein.sim.population import Knowledge, Person
from goldvein.sim.scratch import scratch_database, server_url
from goldvein.sim.texts import INSTRUCTION, texts
from goldvein.store import tasks
from goldvein.store.database import Database

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
TICK = timedelta(seconds=0.5)
SWEEP = timedelta(seconds=5)
ROUND = timedelta(minutes=5)
HOUR = timedelta(hours=1)
LONGEST = timedelta(hours=4)


def crowd_of(size: int, trusted: int, rng: np.random.Generator) -> list[Person]:
    """70% honest at .80 to .95; of the bad, random, longest, first shown, shortest and sleepers."""
    bad: list[Behaviour] = [
        Random(), Longest(), Random(), Longest(), FirstShown(), Shortest(),
        Sleeper(Honest(0.9), after=int(rng.integers(20, 60))), Longest(), Random(), FirstShown(),
    ]  # fmt: skip
    count = round(0.3 * size)
    people = [Person(f"bad-{n}", "labeler", bad[n % len(bad)]) for n in range(count)]
    for n in range(size - count):
        role = "trusted" if n < trusted else "labeler"
        accuracy = 0.95 if role == "trusted" else float(rng.uniform(0.80, 0.95))
        people.append(Person(f"honest-{n}", role, Honest(accuracy)))  # type: ignore[arg-type]
    return people


class Hour:
    """One run in virtual time."""

    def __init__(self, db: Database, seed: int, people: int, labels: int, trusted: int) -> None:
        self.db = db
        self.rng = np.random.default_rng(seed)
        self.crowd = crowd_of(people, trusted, self.rng)
        roles: Any = [(person.name, person.role) for person in self.crowd]
        self.ids = keys.create_labelers(db, roles, START)
        self.of = dict(zip(self.ids, self.crowd, strict=True))
        customer = keys.create_customer(db, "hour", START)
        self.project = projects.create(db, customer, ProjectDraft("hour", INSTRUCTION), START).id
        self.group = WorkGroup(db)
        self.sweeper = Sweeper(db)
        self.knowledge = Knowledge()
        self.truths: dict[str, int] = {}
        self.wanted = labels
        self.opened: datetime | None = None
        self.given: Counter[int] = Counter()
        self.reasons: Counter[str] = Counter()
        self.agenda: list[tuple[datetime, int, WorkRequest]] = []

    def push(self, now: datetime, count: int) -> None:
        drafts: list[TaskDraft] = []
        for text in texts(count, self.rng):
            name = f"t{len(self.truths)}"
            self.knowledge.add_text(text)
            self.truths[name] = text.truth
            drafts.append(TaskDraft(len(drafts), text.input(), name))
        intake.push(self.db, self.project, drafts, None, now)

    def ask_at(self, at: datetime, labeler: int) -> None:
        heapq.heappush(self.agenda, (at, labeler, WorkRequest(labeler, "next", self.project)))

    def take(self, labeler: int, work: Work, now: datetime) -> None:
        """Think, then answer."""
        seconds = float(self.rng.uniform(20, 60))
        choice = self.of[labeler].behaviour.choose(
            self.knowledge.shown(work.input), self.given[labeler], self.rng
        )
        self.given[labeler] += 1
        request = WorkRequest(
            labeler, "answer", lease=work.lease, answer={"choice": choice}, focus_ms=round(1000 * seconds)
        )
        heapq.heappush(self.agenda, (now + timedelta(seconds=seconds), labeler, request))

    def step(self, now: datetime) -> None:
        """Carry out what is due by now, one transaction for all of it."""
        due = []
        while self.agenda and self.agenda[0][0] <= now:
            due.append(heapq.heappop(self.agenda)[2])
        if not due:
            return
        for request, result in zip(due, self.group.handle(due, now, self.rng), strict=True):
            if isinstance(result, GoldveinError):
                self.reasons[result.code] += 1
                self.ask_at(now + timedelta(seconds=1), request.labeler)
            elif isinstance(result, Exception):
                raise result
            elif isinstance(result.next, Work):
                self.take(request.labeler, result.next, now)
            elif isinstance(result.next, NoWork):
                self.reasons[result.next.reason] += 1
                wait = result.next.retry_after_seconds * float(self.rng.uniform(1.0, 1.2))
                self.ask_at(now + timedelta(seconds=wait), request.labeler)

    def run(self) -> datetime:
        """Push for an hour from the opening, and go on to the last label, for four hours at most."""
        for labeler in self.ids:
            self.ask_at(START + timedelta(seconds=float(self.rng.uniform(0, 30))), labeler)
        rounds = int(HOUR / ROUND)
        size = self.wanted // rounds
        now, pushed, swept, shown = START, 1, START, START
        self.push(now, size)
        while now < START + LONGEST:
            now += TICK
            self.step(now)
            if now - swept >= SWEEP:
                self.sweeper.sweep(now)
                swept = now
                if self.opened is None:
                    self.opened = projects.get(self.db, self.project, None).opened_at
            due = self.opened is not None and now >= self.opened + pushed * ROUND
            if due and pushed < rounds:
                pushed += 1
                self.push(now, self.wanted - size * (rounds - 1) if pushed == rounds else size)
            if now - shown >= ROUND:
                shown = now
                print(
                    f"  {(now - START).total_seconds() / 60:.0f} min: {dict(self.reasons)}", file=sys.stderr
                )
                if pushed == rounds and not self.waiting():
                    break
        return now

    def waiting(self) -> int:
        with self.db.connection() as tx:
            return tasks.counts_by_state(tx, self.project).get("queued", 0)


def run_one(server: str, seed: int, people: int, labels: int, trusted: int) -> dict[str, Any]:
    began = time.perf_counter()
    with scratch_database(server) as url, Database(url, pool_size=4) as db:
        hour = Hour(db, seed, people, labels, trusted)
        hour.run()
        outcome = read_outcome(db, hour.project)
        checked = verification.verify(db, hour.project)
    report = report_of(outcome, hour.crowd, hour.truths)
    opened = outcome.project.opened_at
    in_hour = (
        0 if opened is None else sum(label.delivered_at <= opened + HOUR for label in outcome.current_labels)
    )
    return {
        "seed": seed,
        "people": people,
        "trusted": trusted,
        "pushed": len(hour.truths),
        "open_after_seconds": None if opened is None else (opened - START).total_seconds(),
        "labels_in_the_hour": in_hour,
        **report,
        "no_work": dict(hour.reasons),
        "verify": "ok" if checked.ok else len(checked.broken),
        "real_seconds": time.perf_counter() - began,
    }


def summary(run: dict[str, Any]) -> str:
    late = {name: (value or 0) / 60 for name, value in run["latency_since_open_seconds"].items()}
    return (
        f"seed {run['seed']}: open after {(run['open_after_seconds'] or 0) / 60:.1f} min; "
        f"{run['labels_in_the_hour']:,} labels in the hour, "
        f"{run['delivered']:,} of {run['pushed']:,} in all; "
        f"push to label p50 {late['p50']:.1f} min, p95 {late['p95']:.1f} min; "
        f"{100 * (run['accuracy_delivered'] or 0):.1f}% right, "
        f"{100 * (run['accuracy_answers'] or 0):.1f}% of all answers; "
        f"verify {run['verify']}; {run['real_seconds']:.0f} s"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--labels", type=int, default=5_000)
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--trusted", type=int, default=10)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--json", dest="json_path", help="file of the report; - for standard output")
    options = parser.parse_args()
    set_up_logs("warning")
    runs = []
    with server_url(read_settings()) as server:
        for seed in range(1, options.seeds + 1):
            runs.append(run_one(server, seed, options.people, options.labels, options.trusted))
            run = runs[-1]
            print(summary(run), file=sys.stderr if options.json_path == "-" else sys.stdout, flush=True)
    text = json.dumps(runs, indent=2)
    if options.json_path == "-":
        print(text)
    elif options.json_path:
        Path(options.json_path).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
