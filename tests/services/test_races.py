"""Several processes at once on one database: every task in one pair of hands, every answer once."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import psycopg
import pytest

from goldvein.domain.records import TaskDraft, Work, WorkRequest, WorkResult
from goldvein.services import intake, keys
from goldvein.services.sweeps import Sweeper
from goldvein.services.verification import verify
from goldvein.services.work import WorkGroup
from goldvein.store import attempts, benchmarks, projects
from goldvein.store.database import Database, Transaction
from tests.services.test_leases import has
from tests.services.town import Town, knows, task_input


class Crew:
    """Some of the people, served by a process of their own."""

    def __init__(self, db: Database, people: list[int], seed: int) -> None:
        self.work = WorkGroup(db)
        self.people = people
        self.rng = np.random.default_rng(seed)
        self.leases: dict[int, Work] = {}
        self.answered: list[str] = []
        self.odd: list[Any] = []

    def round(self, town: Town) -> None:
        """Everybody of this crew answers or asks, in groups of eight."""
        behave = knows(0.95)
        for start in range(0, len(self.people), 8):
            requests = [
                WorkRequest(
                    who, "answer", lease=self.leases[who].lease, answer=behave(self.leases[who], self.rng)
                )
                if who in self.leases
                else WorkRequest(who, "next")
                for who in self.people[start : start + 8]
            ]
            for request, result in zip(requests, self.work.handle(requests, town.now, self.rng), strict=True):
                if not isinstance(result, WorkResult):
                    self.odd.append(result)
                    continue
                if request.lease is not None:
                    self.answered.append(request.lease)
                self.leases.pop(request.labeler, None)
                if isinstance(result.next, Work):
                    self.leases[request.labeler] = result.next


def test_two_processes_share_one_project(database_url: str) -> None:
    """Two processes with eighty people mine, judge and hand out side by side, while tasks come and go."""
    with Database(database_url) as db, Database(database_url) as other:
        town = Town(db, {"open_at": 12, "benchmarks_per_labeler": 2, "hold_seconds": 60})
        town.push(700)
        names = [(f"trusted {n}", "trusted") for n in range(8)] + [(f"p{n}", "labeler") for n in range(72)]
        people = keys.create_labelers(db, names, town.now)  # type: ignore[arg-type]  # roles, as they are
        crews = [Crew(db, people[0::2], 1), Crew(other, people[1::2], 2)]
        done = threading.Event()

        def upkeep() -> None:
            sweeper, number = Sweeper(other), 10**6
            while not done.is_set():
                sweeper.sweep(town.now)
                drafts = [TaskDraft(n, task_input(number + n, n % 4)) for n in range(5)]
                pushed = intake.push(other, 1, drafts, "more", town.now).tasks
                intake.cancel_task(other, 1, pushed[0].id, town.now)
                number += 5

        with ThreadPoolExecutor(3) as threads:
            side = threads.submit(upkeep)
            try:
                for _ in range(25):
                    town.wait(5)
                    list(threads.map(lambda crew: crew.round(town), crews))
            finally:
                done.set()
            side.result()
        assert [odd for crew in crews for odd in crew.odd] == []
        proof = verify(db)
        assert proof.ok, proof.broken
        answered = [lease for crew in crews for lease in crew.answered]
        assert len(set(answered)) == len(answered) == proof.rows["answers"]
        assert proof.rows["labels"] > 50
        hands = town.rows(
            "SELECT task FROM attempts WHERE state = 'leased' AND stage <> 'benchmark' "
            "GROUP BY task HAVING count(*) > 1"
        )
        assert hands == []
        assert max(Counter(lease.lease for crew in crews for lease in crew.leases.values()).values()) == 1


def test_a_deadlock_costs_a_retry(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A group that PostgreSQL ends to free another one is carried out again, request by request."""
    town = Town(db)
    town.open_by_hand()
    town.push(4)
    people = [town.hire(f"p{n}", knows(1)) for n in range(2)]
    original = attempts.lease
    failed: list[bool] = []

    def unlucky(tx: Transaction, *rest: Any) -> None:
        if not failed:
            failed.append(True)
            tx.execute("DO $$ BEGIN RAISE deadlock_detected; END $$")
        original(tx, *rest)

    monkeypatch.setattr(attempts, "lease", unlucky)
    results = town.handle(*(WorkRequest(person, "next") for person in people))
    assert failed
    assert len({has(result.next).lease for result in results if isinstance(result, WorkResult)}) == 2  # type: ignore[arg-type]
    assert not town.proof()


def test_an_outage_stores_nothing_and_is_the_callers_to_know(db: Database) -> None:
    """When the connection dies nothing of the group is there; the same requests go through afterwards."""
    town = Town(db)
    town.open_by_hand()
    town.push(4)
    person = town.hire("ann", knows(1))
    work = has(town.ask(person))
    with psycopg.connect(db.url, autocommit=True) as killer:
        killer.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    request = WorkRequest(person, "answer", lease=work.lease, answer={"choice": 0})
    with pytest.raises(psycopg.OperationalError):
        town.handle(request)
    db.reset()
    (result,) = town.handle(request)
    assert isinstance(result, WorkResult)
    assert town.rows("SELECT count(*) FROM answers") == [(1,)]


def test_servings_are_counted_while_benchmarks_get_new_versions(db: Database) -> None:
    """All lock benchmarks in key order, also where so few are there that a plan reads the whole table."""
    town = Town(db)
    town.open_by_hand(40)
    own = [task for (task,) in town.rows("SELECT task FROM benchmarks")]
    with db.connection() as tx:  # servings have moved rows about, and statistics know how few there are
        for task in town.rng.permutation(own).tolist():
            benchmarks.count_exposures(tx, {(1, task): 1})
        tx.execute("ANALYZE")

    def count(seed: int) -> None:
        rng = np.random.default_rng(seed)
        for _ in range(150):
            served = rng.choice(own, 25, replace=False).tolist()
            with db.transaction(durable=False) as tx:
                benchmarks.count_exposures(tx, dict.fromkeys([(1, task) for task in served], 1))

    def version() -> None:
        for _ in range(60):
            with db.transaction(durable=False) as tx:
                items = [one.item for one in benchmarks.changed_since(tx, 1, 0)]
                revision = projects.next_revision(tx, 1)
                benchmarks.set_item_versions(tx, 1, items, revision=revision)

    with ThreadPoolExecutor(4) as threads:
        done = [threads.submit(version), *(threads.submit(count, seed) for seed in range(3))]
    assert [one.result() for one in done] == [None] * 4
    assert town.rows("SELECT sum(exposures) FROM benchmarks") == [(40 + 3 * 150 * 25,)]
