"""Partitions of the log ahead of time, without losing a row, and purges."""

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest

from goldvein.services import forgetting, upkeep, webhooks
from goldvein.services.forgetting import Spans
from goldvein.store.database import Database
from tests.services.delivery_world import NOW, make_project

DAY = timedelta(days=1)


def write_log(db: Database, at: datetime, count: int = 1) -> None:
    with db.transaction() as tx:
        tx.execute(
            "INSERT INTO log (project, at, kind, task)"
            " SELECT 1, %s, 'expire', i FROM generate_series(1, %s) i",
            (at, count),
        )


def rows(db: Database, table: str) -> int:
    with db.connection() as tx:
        row = tx.execute("SELECT count(*) FROM " + table).fetchone()
    assert row is not None
    return int(row[0])


def contents(db: Database) -> list[Any]:
    with db.connection() as tx:
        return tx.execute("SELECT * FROM log ORDER BY id").fetchall()


def test_partitions_exist_a_month_ahead(db: Database) -> None:
    """This month's and the next one's, over the end of a year; the next run has nothing to do."""
    assert upkeep.make_log_partitions(db, NOW) == ["log_20260301", "log_20260401"]
    assert upkeep.make_log_partitions(db, NOW + 30 * DAY) == []
    assert upkeep.make_log_partitions(db, NOW + 31 * DAY) == ["log_20260501"]
    assert upkeep.make_log_partitions(db, NOW.replace(month=12, day=31)) == ["log_20261201", "log_20270101"]
    for at in (NOW.replace(month=12, day=31, hour=23, minute=59), NOW.replace(year=2027, month=1, day=1)):
        write_log(db, at)
    assert (rows(db, "log_20261201"), rows(db, "log_20270101"), rows(db, "log_other")) == (1, 1, 0)


def test_partitions_of_days_stay_and_months_go_on_behind_them(db: Database) -> None:
    """What an older installation has of a month is left alone; only what it lacks is made."""
    with db.transaction() as tx:
        for day in (3, 4, 9):
            tx.execute(
                f"CREATE TABLE log_2026030{day} PARTITION OF log"
                f" FOR VALUES FROM ('2026-03-0{day} 00:00+00') TO ('2026-03-0{day} 24:00+00')"
            )
    for day in range(31):
        write_log(db, NOW.replace(day=1) + day * DAY)
    made = upkeep.make_log_partitions(db, NOW, months=0)
    assert made == ["log_20260301", "log_20260305", "log_20260310"]
    assert [rows(db, one) for one in made] == [2, 4, 22]
    assert rows(db, "log_other") == 0
    assert rows(db, "log") == 31


def test_years_of_log_are_planned_as_quickly_as_weeks(db: Database) -> None:
    """A look-up without a time locks every index of every partition: three years of them stay few."""
    for month in range(36):
        upkeep.make_log_partitions(db, NOW.replace(year=2026 + month // 12, month=month % 12 + 1))
    with db.transaction() as tx:
        tx.execute("SELECT FROM log WHERE project = 1 AND task = 1")
        row = tx.execute("SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid()").fetchone()
    assert row is not None
    assert row[0] < 400


def test_rows_that_came_too_early_move_to_their_month(db: Database) -> None:
    """What the default partition has of a month moves with its id; no other row does, and none is lost."""
    for at in (NOW - 40 * DAY, NOW - timedelta(hours=13), NOW, NOW + timedelta(hours=11), NOW + 32 * DAY):
        write_log(db, at, 3)
    before = contents(db)
    upkeep.make_log_partitions(db, NOW)
    assert contents(db) == before
    assert rows(db, "log_other") == 6
    assert rows(db, "log_20260301") == 6
    assert rows(db, "log_20260401") == 3
    write_log(db, NOW)
    after = contents(db)
    assert after[:-1] == before
    assert rows(db, "log_20260301") == 7


def test_a_large_default_partition_is_left_alone(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """To read all of it would hold up answers; its rows are as good where they are."""
    monkeypatch.setattr(upkeep, "_DEFAULT_AT_MOST", 0)
    write_log(db, NOW, 100)
    assert upkeep.make_log_partitions(db, NOW) == []
    assert rows(db, "log_other") == rows(db, "log") == 100


def test_nothing_is_lost_between_writers_and_partitions(db: Database) -> None:
    """Rows written while their month's partition is made end up in the log, each once."""
    total, done = 600, threading.Event()
    made: list[str] = []

    def write(offset: int) -> None:
        try:
            for i in range(total // 3):
                write_log(db, NOW + (i + offset) % 8 * 7 * DAY)
        finally:
            done.set()

    def partition() -> None:
        while not done.is_set():
            made.extend(upkeep.make_log_partitions(db, NOW))

    threads = [threading.Thread(target=write, args=(i,)) for i in range(3)]
    threads += [threading.Thread(target=partition) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert rows(db, "log") == total
    assert len(made) == len(set(made)) > 0
    assert len({row[2] for row in contents(db)}) == total


def test_a_long_reader_does_not_hold_up_answers(db: Database) -> None:
    """Where a lock cannot be had soon, the month is left for the next run; writers never waited for long."""
    with db.transaction() as reader:
        reader.execute("LOCK TABLE log_other IN ACCESS SHARE MODE")
        assert upkeep.make_log_partitions(db, NOW, months=0) == []
    assert upkeep.make_log_partitions(db, NOW, months=0) == ["log_20260301"]


def test_old_deliveries_and_keys_are_forgotten(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Thirty days of tries to deliver are kept, and idempotency keys as long as they are honoured."""
    monkeypatch.setattr(forgetting, "_AT_ONCE", 4)
    project = make_project(db)
    hook = webhooks.create(db, project, "https://example.com", None, allow_private=False, now=NOW)
    with db.transaction() as tx:
        for age in range(40):
            tx.execute(
                "INSERT INTO deliveries"
                " (webhook, message, from_position, to_position, try, duration_ms, sent_at)"
                " VALUES (%s, 'm', 0, 1, 1, 5, %s)",
                (hook.id, NOW - age * DAY),
            )
        tx.execute(
            "INSERT INTO api_keys (hash, role, name, created_at) VALUES (%s, 'operator', 'k', %s)",
            (b"h" * 32, NOW),
        )
        for age in (0, 10):
            tx.execute(
                "INSERT INTO idempotency_keys SELECT id, %s, 'x', 200, 'y', %s FROM api_keys",
                (str(age), NOW - age * DAY),
            )
    assert upkeep.purge(db, NOW) == {"idempotency_keys": 1, "sessions": 0}
    assert upkeep.purge(db, NOW) == {"idempotency_keys": 0, "sessions": 0}
    assert forgetting.forget(db, NOW, Spans())["deliveries"] == 9
    assert forgetting.forget(db, NOW, Spans(deliveries=0))["deliveries"] == 0
    assert rows(db, "deliveries") == 31
