"""Never the same content twice for the same labeler: a million servings through the real services.

    python -m perf.never_twice [--servings 1000000] [--people 800] [--json FILE]

The work group runs on the embedded database in virtual time. Contents are pushed twice under other names,
with their options in another order. Labelers answer, skip, let leases lapse, come late, are dismissed; a
panel mines; decoys go out. What is checked is what each labeler was shown, by its words alone, not what the
database says of it. The same is then asked of the contest's benchmarks, by item, over as many answers.
"""

import argparse
import hashlib
import json
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from goldvein.domain.errors import LeaseLost
from goldvein.domain.records import NoWork, ProjectDraft, TaskDraft, Work, WorkRequest, WorkResult
from goldvein.services import intake, keys, projects, sweeps
from goldvein.services.work import WorkGroup
from goldvein.store import facts
from goldvein.store.database import Database
from goldvein.store.embedded import EmbeddedServer
from goldvein.store.migrations import migrate

START = datetime(2026, 1, 5, 8, tzinfo=UTC)
ROUND_SECONDS = 20
AWAY_ROUNDS = 5
"""Rounds that somebody is gone, longer than a lease."""
PUSHED_TWICE = 0.3
POLICY = {"lease_seconds": 60, "hold_seconds": 120, "decoy_share": 0.05, "rate_floor": 0.02}


@dataclass
class Labeler:
    """Somebody at work: how able, and whether it reads at all."""

    id: int
    accuracy: float
    seen: set[int] = field(default_factory=set)
    lease: str | None = None
    work: Work | None = None
    late: tuple[str, int] | None = None
    wait_until: int = 0


class Town:
    """One project in virtual time."""

    def __init__(self, db: Database, people: int, seed: int, policy: Mapping[str, Any] | None = None) -> None:
        self.db, self.rng, self.now, self.round = db, np.random.default_rng(seed), START, 0
        self.servings, self.repeats = 0, list[tuple[int, str]]()
        customer = keys.create_customer(db, "lab", START)
        draft = ProjectDraft(
            "texts", "Pick the right one.", policy=dict(POLICY if policy is None else policy)
        )
        self.project = projects.create(db, customer, draft, START).id
        panel = max(4, people // 40)
        made = [(f"p{n}", "trusted" if n < panel else "labeler") for n in range(people)]
        ids = keys.create_labelers(db, made, START)  # type: ignore[arg-type]
        able = np.where(self.rng.random(people) < 0.9, self.rng.uniform(0.85, 0.98, people), 0.25)
        able[:panel] = 0.98
        self.people = [Labeler(one, float(a)) for one, a in zip(ids, able, strict=True)]
        self.work, self.pushed, self.again = WorkGroup(db), 0, list[dict[str, Any]]()

    def push(self, count: int) -> None:
        """Push new contents, and some of the last ones again under another name and in another order."""
        drafts: list[TaskDraft] = []
        for content in self.again:
            options = [content["options"][int(k)] for k in self.rng.permutation(4)]
            drafts.append(
                TaskDraft(
                    len(drafts), {**content, "options": options}, unique_id=f"again {content['prompt']}"
                )
            )
        self.again = []
        for _ in range(count - len(drafts)):
            number, key = self.pushed, self.pushed % 4
            self.pushed += 1
            content = {
                "prompt": f"task {number}",
                "options": [f"{'right' if k == key else 'wrong'} {number}-{k}" for k in range(4)],
            }
            drafts.append(TaskDraft(len(drafts), content, unique_id=str(number)))
            if self.rng.random() < PUSHED_TWICE:
                self.again.append(content)
        for start in range(0, len(drafts), 5_000):
            part = drafts[start : start + 5_000]
            part = [TaskDraft(n, one.input, unique_id=one.unique_id) for n, one in enumerate(part)]
            assert not intake.push(self.db, self.project, part, None, self.now).errors

    def step(self) -> None:
        """Everybody does the next thing, in one group."""
        self.round += 1
        self.now += timedelta(seconds=ROUND_SECONDS)
        rolls = self.rng.random(len(self.people))
        asked = [
            (person, self._request(person, float(roll)))
            for person, roll in zip(self.people, rolls, strict=True)
            if person.wait_until <= self.round
        ]
        results = self.work.handle([request for _, request in asked], self.now, self.rng)
        for (person, request), result in zip(asked, results, strict=True):
            self._take(person, request, result)

    def _request(self, person: Labeler, roll: float) -> WorkRequest:
        if person.late is not None and person.late[1] <= self.round:
            lease, person.late = person.late[0], None
            return WorkRequest(person.id, "answer", lease=lease, answer={"choice": 0})
        if person.work is None:
            return WorkRequest(person.id, "next")
        work, person.work = person.work, None
        if roll < 0.01:
            return WorkRequest(person.id, "skip", lease=work.lease)
        if roll < 0.014:  # gone until the lease has lapsed; some come back with their answer
            person.wait_until = self.round + 1
            if roll < 0.012:
                person.late = (work.lease, self.round + AWAY_ROUNDS)
            return WorkRequest(person.id, "renew", lease=work.lease)
        if roll < 0.018:
            return WorkRequest(person.id, "answer", lease=work.lease, answer={"unanswerable": True})
        return WorkRequest(
            person.id, "answer", lease=work.lease, answer={"choice": self._choice(person, work)}
        )

    def _choice(self, person: Labeler, work: Work) -> int:
        right = next(i for i, option in enumerate(work.input["options"]) if option.startswith("right"))
        if self.rng.random() < person.accuracy:
            return right
        return int((right + self.rng.integers(1, 4)) % 4)

    def _take(self, person: Labeler, request: WorkRequest, result: WorkResult | Exception) -> None:
        if isinstance(result, LeaseLost):
            return
        if isinstance(result, Exception):
            raise result
        if request.kind == "renew":
            person.wait_until = self.round + AWAY_ROUNDS
            return
        if isinstance(result.next, Work):
            self._look(person, result.next)
            person.work = result.next
        elif isinstance(result.next, NoWork):
            person.wait_until = self.round + 1 + min(20, result.next.retry_after_seconds // ROUND_SECONDS)

    def _look(self, person: Labeler, work: Work) -> None:
        """Note what was shown; a lease in hand that is shown again is the same serving."""
        if work.lease == person.lease:
            return
        person.lease = work.lease
        self.servings += 1
        words = json.dumps([work.input["prompt"], sorted(work.input["options"])]).encode()
        mark = int.from_bytes(hashlib.blake2b(words, digest_size=8).digest(), "big")
        if mark in person.seen:
            self.repeats.append((person.id, work.input["prompt"]))
        person.seen.add(mark)


def serve_many(
    db: Database, servings: int, people: int, seed: int = 1, *, say: bool = False
) -> dict[str, Any]:
    """Serve so many and report; ``repeats`` must be 0."""
    town, sweeper = Town(db, people, seed), sweeps.Sweeper(db)
    began = time.perf_counter()
    town.push(max(2_000, 4 * people))
    shown = 0
    while town.servings < servings:
        before = town.servings
        town.step()
        if town.round % 10 == 0:
            sweeper.sweep(town.now)
        if town.pushed + 0.3 * town.pushed < town.servings + 3 * people + 1_000:
            town.push(max(2_000, 4 * people))
        if say and town.servings // 50_000 > shown:
            shown = town.servings // 50_000
            print(f"{town.servings:,} servings, {time.perf_counter() - began:.0f} s", flush=True)
        assert town.servings > before or town.round < 2_000 or town.round % 50, "nobody gets work any more"
    with db.snapshot() as tx:
        rows = facts.servings(tx, town.project)
        twice = facts.seen_twice(tx)
    return {
        "servings": town.servings,
        "people": people,
        "repeats": len(town.repeats),
        "repeats_by_the_database": len(twice),
        "stages": dict(Counter(row.stage for row in rows)),
        "ends": dict(Counter(row.state for row in rows)),
        "seconds": time.perf_counter() - began,
    }


def contest_servings(answers: int, seed: int = 1) -> dict[str, Any]:
    """The contest's clock by item: benchmarks that somebody was shown twice."""
    from goldvein.sim.attack.ring import play_ring, ring_scenario

    size = 400
    scenario = ring_scenario(5, "at once", answers=max(1, answers // size), size=size)
    played = play_ring(scenario, seed)
    mine = played.content < played.n_benchmarks
    pairs = played.who[mine].astype(np.int64) * played.n_benchmarks + played.content[mine]
    everything = played.who.astype(np.int64) << 32 | played.content.astype(np.int64)
    return {
        "answers": len(played.who),
        "benchmarks": int(mine.sum()),
        "benchmarks_twice": int(len(pairs) - len(np.unique(pairs))),
        "contents_twice": int(len(everything) - len(np.unique(everything))),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--servings", type=int, default=1_000_000)
    parser.add_argument("--people", type=int, default=800)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    quick = {"shared_buffers": "512MB", "max_wal_size": "4GB"}
    with tempfile.TemporaryDirectory(prefix="gv-twice-", dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        with EmbeddedServer(Path(folder) / "home", durable=False, server_settings=quick) as server:
            migrate(server.url)
            with Database(server.url) as db:
                report = serve_many(db, asked.servings, asked.people, asked.seed, say=True)
    report["contest"] = contest_servings(asked.servings, asked.seed)
    print(json.dumps(report, indent=2))
    if asked.json:
        asked.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    contest = report["contest"]
    if report["repeats"] or report["repeats_by_the_database"] or contest["benchmarks_twice"]:
        raise SystemExit("somebody saw something twice")


if __name__ == "__main__":
    main()
