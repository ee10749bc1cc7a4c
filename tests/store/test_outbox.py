"""Positions: given after commit, contiguous, each once, whatever commits in which order."""

import threading
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from goldvein.services import delivery
from goldvein.store import labels, outbox
from goldvein.store.database import Database
from goldvein.store.queries import load
from tests.services.delivery_world import NOW, add_tasks, emit, make_project, new_label, write_labels

QUERIES = load("outbox")


def positions(db: Database, project: int, after: int = 0) -> list[int]:
    return [event.position for event in delivery.events(db, project, after, 10**6)[0]]


def tasks_seen(db: Database, project: int, after: int = 0) -> list[int | None]:
    return [event.task for event in delivery.events(db, project, after, 10**6)[0]]


def test_positions_start_at_one_and_leave_no_gap(db: Database) -> None:
    """The n-th committed event of a project has position n; other projects count for themselves."""
    first, second = make_project(db), make_project(db)
    for project, count in ((first, 3), (second, 2), (first, 4)):
        emit(db, project, *["task.expired"] * count)
    assert positions(db, first) == list(range(1, 8))
    assert positions(db, second) == [1, 2]


def test_a_transaction_that_commits_later_comes_later(db: Database) -> None:
    """Two transactions commit in reverse order, a third is killed: a cursor meets each commit once."""
    project = make_project(db)
    a, b, killed, c = add_tasks(db, project, 4)
    with db.transaction() as late:
        write_labels(late, project, [a])
        with db.transaction() as doomed:
            write_labels(doomed, project, [killed])
            with db.transaction() as early:
                write_labels(early, project, [b])
            seen = tasks_seen(db, project)
            assert seen == [b]
            with db.connection() as other:
                other.execute("SELECT pg_terminate_backend(%s)", (doomed.info.backend_pid,))
            with pytest.raises(psycopg.OperationalError):
                doomed.execute("SELECT 1")
            with pytest.raises(psycopg.OperationalError):
                raise psycopg.OperationalError
        assert tasks_seen(db, project, 1) == []
    seen += tasks_seen(db, project, 1)
    with db.transaction() as tx:
        write_labels(tx, project, [c])
    seen += tasks_seen(db, project, 2)
    assert seen == [b, a, c]
    assert positions(db, project) == [1, 2, 3]


def test_an_event_follows_what_caused_it(db: Database) -> None:
    """A withdrawal is numbered after the label it takes back, even if both wait together."""
    project = make_project(db)
    (task,) = add_tasks(db, project, 1)
    with db.transaction() as tx:
        (label,) = write_labels(tx, project, [task])
    with db.transaction() as tx:
        assert labels.withdraw(tx, [(project, label)], NOW) == [(project, task, label)]
        outbox.insert_many(tx, [project], ["label.withdrawn"], [task], [label], [None], NOW)
    events, _ = delivery.events(db, project, 0, 10)
    assert [event.event for event in events] == ["label.created", "label.withdrawn"]
    assert all(event.label is not None and event.label.withdrawn_at == NOW for event in events)


def test_nothing_is_numbered_while_another_process_numbers(db: Database) -> None:
    """The second numberer leaves at once, and finds the first one's work afterwards."""
    project = make_project(db)
    emit(db, project, "task.expired")
    with db.transaction() as tx:
        assert outbox.try_to_number(tx, project)
        assert delivery.number(db, project) == 0
        assert outbox.number(tx, project, limit=10) == 1
        assert positions(db, project) == []
    assert positions(db, project) == [1]


def test_numberers_racing_give_every_position_once(db: Database) -> None:
    """Eight threads number while four write: 1..n, without gap, double or loss."""
    project, rounds = make_project(db), 40
    stop = threading.Event()
    errors: list[Exception] = []

    def run(work: Any) -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001  shown by the assertion below
            errors.append(error)

    def write() -> None:
        for _ in range(rounds):
            emit(db, project, *["task.expired"] * 3)

    def number() -> None:
        while not stop.is_set():
            delivery.number(db, project)

    writers = [threading.Thread(target=run, args=(write,)) for _ in range(4)]
    numberers = [threading.Thread(target=run, args=(number,)) for _ in range(4)]
    for thread in [*writers, *numberers]:
        thread.start()
    for thread in writers:
        thread.join()
    stop.set()
    for thread in numberers:
        thread.join()
    assert errors == []
    assert positions(db, project) == list(range(1, 4 * rounds * 3 + 1))


def test_readers_beside_writers_see_each_event_once_in_order(db: Database) -> None:
    """Readers that follow cursors while others commit, slowly and in any order, miss and repeat nothing."""
    project = make_project(db)
    tasks = add_tasks(db, project, 300)
    done = threading.Event()
    seen: list[list[int | None]] = [[], [], []]
    errors: list[Exception] = []

    def write(part: list[int]) -> None:
        for i in range(0, len(part), 5):
            with db.transaction() as tx:
                write_labels(tx, project, part[i : i + 5])
                tx.execute("SELECT pg_sleep(random() * 0.01)")

    def read(mine: list[int | None]) -> None:
        cursor = 0
        try:
            while True:
                last = done.is_set()
                found, cursor = delivery.events(db, project, cursor, 7)
                mine.extend(event.task for event in found)
                if last and not found and len(mine) >= len(tasks):
                    return
        except Exception as error:  # noqa: BLE001  shown by the assertion below
            errors.append(error)

    writers = [threading.Thread(target=write, args=(tasks[i::4],)) for i in range(4)]
    readers = [threading.Thread(target=read, args=(mine,)) for mine in seen]
    for thread in [*writers, *readers]:
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    for thread in readers:
        thread.join(30)
    assert errors == []
    assert sorted(task or 0 for task in seen[0]) == tasks
    assert seen[0] == seen[1] == seen[2]


def test_a_backlog_is_numbered_in_several_transactions(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """More events than one transaction takes are still numbered by one call."""
    monkeypatch.setattr(delivery, "_NUMBERED_AT_ONCE", 10)
    project = make_project(db)
    emit(db, project, *["task.expired"] * 35)
    assert delivery.number(db, project) == 35
    assert delivery.number(db, project) == 0
    assert positions(db, project) == list(range(1, 36))


def test_a_task_cannot_have_two_current_labels(db: Database) -> None:
    """A second label is refused until the first, which it replaces, is withdrawn; ids come as asked."""
    project = make_project(db)
    first, second = add_tasks(db, project, 2)
    with db.transaction() as tx:
        ids = labels.insert_many(tx, [new_label(project, second), new_label(project, first)])
        assert tx.execute("SELECT task FROM labels WHERE id = %s", (ids[0],)).fetchone() == (second,)
    with pytest.raises(psycopg.errors.UniqueViolation), db.transaction() as tx:
        labels.insert_many(tx, [new_label(project, first)])
    with db.transaction() as tx:
        labels.withdraw(tx, [(project, ids[1])], NOW)
        (again,) = labels.insert_many(tx, [new_label(project, first)])
        assert labels.current_for_tasks(tx, project, [first, second])[first].replaces == ids[1]
    assert again not in ids


def explain(connection: Any, statement: str, values: dict[str, Any]) -> str:
    rows = connection.execute("EXPLAIN (ANALYZE, BUFFERS) " + statement, values)
    return "\n".join(row[0] for row in rows)


@pytest.fixture
def million(database_url: str) -> Iterator[tuple[Database, int]]:
    with Database(database_url) as database:
        project = make_project(database)
        with database.connection() as connection:
            connection.execute(
                "INSERT INTO outbox (project, event, created_at, position)"
                " SELECT %s, 'task.expired', %s, i FROM generate_series(1, 1000000) i",
                (project, NOW),
            )
            connection.execute("INSERT INTO outbox_positions VALUES (%s, 1000000)", (project,))
        yield database, project


@pytest.mark.parametrize("analysed", [False, True])
def test_cost_does_not_grow_with_a_million_events(million: tuple[Database, int], analysed: bool) -> None:
    """With a million events behind, numbering and reading use the indexes, statistics fresh or missing."""
    db, project = million
    with db.connection() as connection:
        if analysed:
            connection.execute("VACUUM ANALYZE outbox")
        emit(db, project, *["task.expired"] * 1000)
        waits = explain(connection, QUERIES.waits, {"project": project})
        assert "outbox_unnumbered" in waits
        with connection.transaction():
            number = explain(connection, QUERIES.number, {"project": project, "limit": 1000})
        assert "outbox_unnumbered" in number
        assert "Tid Scan" in number
        assert "Seq Scan on outbox" not in number
        values = {"project": project, "after": 999_500, "upto": 999_600, "limit": 100, "events": None}
        after = explain(connection, QUERIES.after, values)
        assert "outbox_position" in after
        assert "Seq Scan on outbox" not in after
    assert positions(db, project, 1_000_990) == list(range(1_000_991, 1_001_001))


def test_every_query_is_prepared_and_used() -> None:
    """No statement of ours stands in its file unused."""
    import inspect

    from goldvein.store import webhooks

    for aggregate, module in (("outbox", outbox), ("labels", labels), ("webhooks", webhooks)):
        source = inspect.getsource(module)
        unused = [name for name in load(aggregate).names() if f"_queries.{name}" not in source]
        assert unused == []
