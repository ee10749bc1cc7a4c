"""The wire shapes: what they refuse, and that what goes out can be read back."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from goldvein import wire

NOW = datetime(2026, 1, 1, tzinfo=UTC)
STRUCTS = [
    shape
    for name in wire.__all__
    if isinstance(shape := getattr(wire, name), type) and issubclass(shape, msgspec.Struct)
]


@pytest.mark.parametrize("shape", STRUCTS, ids=lambda shape: shape.__name__)
def test_every_shape_has_a_schema_and_a_description(shape: type[msgspec.Struct]) -> None:
    """The OpenAPI document is made from them."""
    schema = msgspec.json.schema(shape)["$defs"][shape.__name__]
    assert schema["description"]
    assert "policy" not in schema or schema["policy"]


@pytest.mark.parametrize(
    ("shape", "body"),
    [
        (wire.ProjectCreate, {"name": "n", "instruction": "i", "clases": ["a", "b"]}),
        (wire.ProjectCreate, {"name": "", "instruction": "i"}),
        (wire.ProjectCreate, {"name": "n", "instruction": "i", "classes": ["one"]}),
        (wire.ProjectCreate, {"name": "n\0", "instruction": "i"}),
        (wire.TaskNew, {"input": []}),
        (wire.TaskNew, {"input": {}, "deadline": "2026-01-01T00:00:00"}),
        (wire.TaskNew, {"input": {}, "priority": 1_000_001}),
        (wire.TaskPush, {"tasks": []}),
        (wire.TaskPush, {"tasks": [{"input": {}}], "batch": "a/b"}),
        (wire.BenchmarkNew, {"input": {}, "key": -1}),
        (wire.BenchmarkNew, {"input": {}, "key": 0, "key_right": 1.5}),
        (wire.WorkAnswer, {"answer": 2}),
        (wire.WorkAnswer, {"answer": {}, "focus_ms": -1}),
        (wire.LabelerChange, {"role": "operator"}),
        (wire.WebhookCreate, {"project": 1, "url": "https://x.y", "events": ["label.eaten"]}),
    ],
)
def test_what_breaks_a_rule_is_refused(shape: type[msgspec.Struct], body: dict[str, Any]) -> None:
    """Also a field that nobody reads: it is most often a typing error."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(msgspec.json.encode(body), type=shape)


def test_events_are_read_by_clients_older_than_the_server() -> None:
    """A field that is new to a client is passed over."""
    label = wire.Label(
        id=1, task=2, unique_id=None, answer={"choice": 0}, basis="labeler", labeler="x", confidence=None,
        evidence=wire.Evidence(p_benchmarks=0.9, p_all=0.9, benchmarks=5, state="admitted", policy=1),
        answered_at=NOW, delivered_at=NOW, replaces=None, withdrawn_at=None,
    )  # fmt: skip
    event = wire.Event(position=1, event="label.created", created_at=NOW, label=label)
    body = msgspec.json.decode(msgspec.json.encode(wire.Events(events=[event], next=1)))
    body["events"][0]["label"]["novelty"] = body["novelty"] = 7
    again = msgspec.json.decode(msgspec.json.encode(body), type=wire.Events)
    assert again.events == [event]


def test_the_public_names_are_sorted_and_there() -> None:
    """``__all__`` tells the truth."""
    assert [name for name in wire.__all__ if not hasattr(wire, name)] == []
