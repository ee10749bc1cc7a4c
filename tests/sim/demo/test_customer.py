"""The customer keeps its books by the events that it reads."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import numpy as np

from goldvein import wire
from goldvein.sim.demo.customer import Books
from goldvein.sim.demo.reward import N_FEATURES

NOW = datetime(2026, 1, 1, tzinfo=UTC)
EVIDENCE = {"p_benchmarks": 0.99, "p_all": 0.99, "benchmarks": 9, "state": "admitted", "policy": 1}


def _event(event: str, name: str, choice: int, **label: Any) -> wire.Event:
    said = {
        "id": 1, "task": 1, "unique_id": name, "answer": {"choice": choice}, "basis": "labeler",
        "labeler": "a", "confidence": 0.9, "evidence": EVIDENCE, "answered_at": NOW, "delivered_at": NOW,
        "replaces": None, "withdrawn_at": None,
    }  # fmt: skip
    return msgspec.convert(
        {"position": 1, "event": event, "created_at": NOW, "label": said | label}, wire.Event
    )


def test_a_withdrawn_label_is_dropped_until_it_is_replaced() -> None:
    """What is trained on is what stands: nothing withdrawn, and the replacement in the end."""
    books = Books(truths={"a": 0, "b": 2, "c": 1})
    books.read([_event("label.created", name, choice) for name, choice in (("a", 0), ("b", 3), ("c", 1))])
    assert (books.labels, books.right) == ({"a": 0, "b": 3, "c": 1}, 2)

    books.read([_event("label.withdrawn", "a", 0, withdrawn_at=NOW), _event("label.withdrawn", "b", 3)])
    assert (books.labels, books.right) == ({"c": 1}, 1)

    books.read([_event("label.created", "b", 2, replaces=1)])
    assert (books.labels, books.right) == ({"c": 1, "b": 2}, 2)


def test_events_of_nothing_that_was_asked_change_nothing() -> None:
    """A task that expired, a label of a task that a visitor of the demonstration pushed."""
    books = Books(truths={"a": 0})
    books.read([wire.Event(position=1, event="task.expired", created_at=NOW, unique_id="a")])
    books.read([_event("label.created", "a visitor's", 1), _event("label.withdrawn", "a visitor's", 1)])

    assert books.labels == {}


def test_no_truth_enters_training() -> None:
    """With the truths gone or all wrong, the same labels make the same model."""
    looks = {str(n): np.random.default_rng(n).poisson(1.0, (4, N_FEATURES)).astype(float) for n in range(60)}
    labels = {name: int(name) % 4 for name in looks}
    with_truth = Books(looks=looks, truths=labels, labels=labels)
    without = Books(looks=looks, labels=labels)

    first, second = (books.learned(books.labels, books.labels) for books in (with_truth, without))
    assert np.array_equal(first.weights, second.weights)
