"""What readers of events and exports receive."""

import json
from datetime import timedelta

import msgspec

from goldvein.services import delivery, labelled
from goldvein.store import labels
from goldvein.store.database import Database
from goldvein.store.labelled import Wanted
from goldvein.wire.labels import Event as WireEvent
from goldvein.wire.labels import Label as WireLabel
from tests.services.delivery_world import NOW, add_tasks, emit, make_project, new_label, write_labels


def test_a_label_event_carries_the_label(db: Database) -> None:
    """One event: position, kind, and the label with the customer's own key and a pseudonym."""
    project = make_project(db)
    (task,) = add_tasks(db, project, 1)
    with db.transaction() as tx:
        (label,) = write_labels(tx, project, [task])
    (event,), cursor = delivery.events(db, project, 0, 10)
    shape = json.loads(msgspec.json.encode(delivery.event_json(event)))
    assert cursor == 1
    assert shape == {
        "position": 1,
        "event": "label.created",
        "created_at": "2026-03-01T12:00:00Z",
        "label": {
            "id": label,
            "task": task,
            "unique_id": "u1",
            "answer": {"choice": 2, "value": "the third"},
            "basis": "labeler",
            "labeler": shape["label"]["labeler"],
            "confidence": None,
            "evidence": {
                "p_benchmarks": 0.99,
                "p_all": 0.98,
                "benchmarks": 12,
                "state": "deliver",
                "policy": 1,
            },
            "answered_at": "2026-03-01T12:00:00Z",
            "delivered_at": "2026-03-01T12:00:00Z",
            "replaces": None,
            "withdrawn_at": None,
        },
    }


def test_events_have_the_published_shape(db: Database) -> None:
    """What goes out, by any road, is the wire's Event, field by field."""
    project = make_project(db)
    (task,) = add_tasks(db, project, 1)
    with db.transaction() as tx:
        write_labels(tx, project, [task])
    emit(db, project, "task.expired", task=task)
    emit(db, project, "alert.opened")
    events, _ = delivery.events(db, project, 0, 10)
    for event in events:
        sent = msgspec.json.encode(delivery.event_json(event))
        read = msgspec.json.decode(sent, type=WireEvent)
        assert json.loads(msgspec.json.encode(read)) == json.loads(sent)
    assert delivery.event_json(events[1]) == {
        "position": 2,
        "event": "task.expired",
        "created_at": NOW,
        "task": task,
        "unique_id": "u1",
    }


def test_a_batch_is_named(db: Database) -> None:
    """Events of a batch, and of tasks in it, name the batch."""
    project = make_project(db)
    (task,) = add_tasks(db, project, 1)
    with db.transaction() as tx:
        tx.execute(
            "INSERT INTO batches (project, name, created_at) VALUES (%s, 'round 1', %s)", (project, NOW)
        )
        tx.execute("UPDATE tasks SET batch = (SELECT id FROM batches) WHERE id = %s", (task,))
        write_labels(tx, project, [task])
        tx.execute(
            "INSERT INTO outbox (project, event, batch, created_at)"
            " SELECT project, 'batch.drained', id, %s FROM batches",
            (NOW,),
        )
    events, _ = delivery.events(db, project, 0, 10)
    assert [(event.event, event.batch) for event in events] == [
        ("label.created", "round 1"),
        ("batch.drained", "round 1"),
    ]


def test_a_pseudonym_is_the_same_within_a_project_and_different_elsewhere() -> None:
    """It says that two labels are by one person, but not by whom, nor who that is in another project."""
    key = b"0123456789abcdef"
    name = labels.pseudonym(key, 1, 7)
    assert labels.pseudonym(key, 1, 7) == name
    assert len({name, labels.pseudonym(key, 2, 7), labels.pseudonym(key, 1, 8)}) == 3
    assert labels.pseudonym(b"another key 1234", 1, 7) != name
    assert len(name) == 10
    assert "7" not in name.translate(str.maketrans("", "", "234567")) or name.isalnum()


def test_a_panels_label_names_nobody(db: Database) -> None:
    """A label by several people has no labeler."""
    project = make_project(db)
    (task,) = add_tasks(db, project, 1)
    with db.transaction() as tx:
        labels.insert_many(tx, [new_label(project, task, basis="panel", labeler=None, attempt=None)])
        assert labels.current_for_tasks(tx, project, [task])[task].labeler is None


def test_the_cursor_stays_where_nothing_is_new(db: Database) -> None:
    """Asking again with the returned cursor gives the rest and then nothing."""
    project = make_project(db)
    emit(db, project, *["task.expired"] * 5)
    first, cursor = delivery.events(db, project, 0, 3)
    rest, cursor = delivery.events(db, project, cursor, 3)
    assert [event.position for event in [*first, *rest]] == [1, 2, 3, 4, 5]
    assert delivery.events(db, project, cursor, 3) == ([], 5)
    assert delivery.events(db, project, 10**6, 3) == ([], 10**6)
    assert delivery.last_position(db, project) == 5


def test_an_export_has_current_labels_only(db: Database) -> None:
    """Pages follow one another by key; withdrawn labels are left out; the shape is the wire's."""
    project = make_project(db)
    tasks = add_tasks(db, project, 25)
    with db.transaction() as tx:
        ids = write_labels(tx, project, tasks)
        labels.withdraw(tx, [(project, ids[3]), (project, ids[11])], NOW)
    pages = list(labelled.export(db, project, Wanted(), page=10))
    assert [len(page) for page in pages] == [9, 9, 5]
    exported = [one.label.id for page in pages for one in page]
    assert exported == sorted(set(ids) - {ids[3], ids[11]})
    msgspec.json.decode(msgspec.json.encode(delivery.label_json(pages[0][0].label)), type=WireLabel)


def test_an_export_holds_no_connection_between_pages(database_url: str) -> None:
    """Whoever reads slowly holds up nobody: the only connection is free while the reader thinks."""
    with Database(database_url, pool_size=1) as db:
        project = make_project(db)
        with db.transaction() as tx:
            tasks = [1, 2, 3]
            tx.execute(
                "INSERT INTO tasks (project, id, content, state, priority, created_at)"
                " OVERRIDING SYSTEM VALUE SELECT %s, i, i, 'queued', 0, %s FROM unnest(%s::bigint[]) i",
                (project, NOW, tasks),
            )
            write_labels(tx, project, tasks)
        pages = labelled.export(db, project, Wanted(), page=1)
        next(pages)
        with db.transaction() as tx:
            assert tx.execute("SELECT 1").fetchone() == (1,)
        assert [len(page) for page in pages] == [1, 1, 0]


def test_a_position_before_a_moment_misses_nothing_since(db: Database) -> None:
    """By halving: what happened since stands after it, and not much more."""
    project = make_project(db)
    for ten in range(10):
        emit(db, project, *["batch.drained"] * 3, at=NOW + timedelta(minutes=10 * ten))
    assert delivery.position_before(db, project, NOW + timedelta(minutes=45)) == 15
    assert delivery.position_before(db, project, NOW - timedelta(days=1)) == 0
    assert delivery.position_before(db, project, NOW + timedelta(days=1)) == 30
