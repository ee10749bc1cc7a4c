"""What a look at labels costs does not grow with their number, however few are wanted; no file is held."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest

from goldvein.services import labelled as service
from goldvein.services.exporting import FORMATS, Layout
from goldvein.store import labelled
from goldvein.store.database import Database, Transaction
from goldvein.store.labelled import FIRST, LAST, Wanted
from tests.services.delivery_world import make_project
from tests.store.plans import Watch

MANY = 1_000_000
SOME = 7_000
"""Blocks that five hundred labels with their tasks, contents and batches may touch."""
RARE = 50_000
"""One label in so many was taken back."""
FILL = (
    """
    INSERT INTO batches (project, name, created_at)
    VALUES (1, 'great', '2026-01-05'), (1, 'small', '2026-01-05')""",
    f"""
    INSERT INTO tasks (project, id, batch, content, state, priority, created_at) OVERRIDING SYSTEM VALUE
    SELECT 1, n, (SELECT id FROM batches WHERE (name = 'small') = (n > {MANY} - 700)), n, 'labelled', 0,
           '2026-01-05'
    FROM generate_series(1, {MANY}) n""",
    f"""
    INSERT INTO task_inputs (project, task, input, rules)
    SELECT 1, n, '{{"prompt": "It rained.", "options": ["Hard.", "On tin.", "Oh.", "So."]}}', '{{}}'
    FROM generate_series(1, {MANY}) n""",
    f"""
    INSERT INTO labels
        (project, task, answer, basis, labeler, policy_version, answered_at, delivered_at, withdrawn_at)
    SELECT 1, n, '{{"choice": 1, "value": "On tin."}}', CASE WHEN n = 3 THEN 'manual' ELSE 'labeler' END, 7,
           1, '2026-01-05', '2026-01-05', CASE WHEN n % {RARE} = 0 THEN '2026-01-06'::timestamptz END
    FROM generate_series(1, {MANY}) n""",
)
TABLES = ["tasks", "task_inputs", "labels"]


def _drop_indexes(tx: Transaction) -> list[str]:
    """Drop what would be kept up to date a million times; give what makes it again."""
    keys = tx.execute(
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE contype = 'p' AND conrelid = ANY (%s::regclass[])",
        (TABLES,),
    ).fetchall()
    for table, name, _ in keys:
        tx.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}".encode())
    others = tx.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = ANY (%s)", (TABLES,)
    ).fetchall()
    for name, _ in others:
        tx.execute(f"DROP INDEX {name}".encode())
    made = [f"ALTER TABLE {table} ADD CONSTRAINT {name} {how}" for table, name, how in keys]
    return made + [how for _, how in others]


@pytest.fixture(scope="module")
def full(module_database_url: str) -> Iterator[Database]:
    """A project with a million labels, nearly all of one batch."""
    with Database(module_database_url, pool_size=1) as db:
        make_project(db)
        with db.connection() as tx:
            made = _drop_indexes(tx)
            for statement in FILL:
                tx.execute(statement.encode())
            tx.execute("SET maintenance_work_mem = '200MB'")
            for again in made:
                tx.execute(again.encode())
            tx.execute("ANALYZE")
        yield db


def batch(name: str) -> Callable[[Transaction], int]:
    def find(tx: Transaction) -> int:
        row = tx.execute(f"SELECT id FROM batches WHERE name = '{name}'").fetchone()
        assert row is not None
        return int(row[0])

    return find


LOOKS: dict[str, tuple[Wanted, str | None, int]] = {
    "all": (Wanted(state="all"), None, 500),
    "current": (Wanted(), None, 500),
    "of a rare basis": (Wanted(basis="manual"), None, 500),
    "of an answer that nobody gave": (Wanted(choice=3), None, 500),
    "since yesterday": (Wanted(since=datetime(2026, 3, 1, tzinfo=UTC)), None, 500),
    "surely good": (Wanted(confidence=0.99, p=0.99), None, 500),
    "withdrawn": (Wanted(state="withdrawn"), None, MANY // RARE // 2),
    "of a great batch": (Wanted(), "great", 499),
    "of a small batch": (Wanted(state="all"), "small", 500),
    "withdrawn of a batch": (Wanted(state="withdrawn"), "great", 499),
}


@pytest.mark.parametrize("backwards", [False, True], ids=["oldest first", "newest first"])
@pytest.mark.parametrize("name", LOOKS)
def test_a_look_reads_what_it_looks_at(full: Database, name: str, *, backwards: bool) -> None:
    """By both kinds of plan: no table from end to end, and as many blocks as five hundred labels take."""
    wanted, batch_name, least = LOOKS[name]
    middle = MANY // 2 + 1
    place = (LAST if backwards else FIRST) if batch_name == "small" else (middle, middle)
    watch = Watch(full)
    with closing(watch), watch.connection() as tx:
        if batch_name is not None:
            wanted = replace(wanted, batch=batch(batch_name)(tx))
        watch.seen.clear()
        seen = labelled.places(tx, 1, wanted, place, 500, backwards=backwards)
        labelled.read(tx, 1, [label for _, label in seen if label is not None], wanted)
    assert len(seen) >= least
    assert {one.name for one in watch.seen} >= {"labelled.wanted"}
    for one in watch.seen:
        large = {
            table: blocks for table, blocks in one.scanned.items() if table not in {"instance", "batches"}
        }
        assert max(large.values(), default=0) < 20, (one.name, one.mode, one.scanned)
        assert one.blocks < SOME, (one.name, one.mode, one.blocks)


@pytest.mark.parametrize("newest_first", [False, True])
def test_a_page_of_what_nobody_has_ends(full: Database, *, newest_first: bool) -> None:
    """It says how far it looked, and where to look on; it does not read a million labels to find none."""
    watch = Watch(full)
    with closing(watch):
        page = service.browse(
            cast("Database", watch), 1, Wanted(choice=3), newest_first=newest_first, count=50
        )
    assert not page.labels
    assert page.next is not None
    assert MANY / 1_000 < page.looked < MANY / 50


def rss() -> int:
    """Bytes of memory that this process holds."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path("/proc/self/status").read_text("utf-8"))
    assert found is not None
    return int(found[1]) * 1_000


@pytest.mark.slow
@pytest.mark.parametrize(("name", "labels"), [("jsonl", MANY // 5), ("parquet", MANY // 10)])
def test_a_file_is_never_held(full: Database, name: str, labels: int) -> None:
    """What is held after twenty thousand labels is held after ten times as many."""
    writer = FORMATS[name].make(Layout(content=False))
    written, count, held = len(writer.begin()), 0, 0
    for page in service.export(full, 1, Wanted(), content=name != "jsonl"):
        written += len(writer.page(page))
        count += len(page)
        if count < 20_000:
            held = rss()
        if count >= labels:
            break
    written += len(writer.end())
    assert count > 0.999 * labels
    assert written > 500_000
    assert rss() - held < 20_000_000


def test_all_pages_together_are_all_labels(full: Database) -> None:
    """Of a small batch, and backwards as well as forwards, each once."""
    with full.connection() as tx:
        wanted = Wanted(batch=batch("small")(tx), state="all")
    for newest_first in (False, True):
        seen: list[int] = []
        place: Any = None
        while True:
            page = service.browse(full, 1, wanted, place, newest_first=newest_first, count=90)
            seen += [one.label.task for one in page.labels]
            place = page.next
            if place is None:
                break
        assert seen == sorted(range(MANY - 699, MANY + 1), reverse=newest_first)
