"""The closing report counts what happened, on the right side."""

from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import Mock

from goldvein.domain.policy import Policy
from goldvein.sim import labelers
from goldvein.sim.demo.report import confusion, labels_needed
from goldvein.sim.outcome import Outcome
from goldvein.sim.population import Person
from goldvein.store.facts import AnswerFact, LabelFact
from goldvein.store.standings import StandingLine

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CROWD = [
    Person("trusted-1", "trusted", labelers.Honest(0.97)),
    Person("honest-1", "labeler", labelers.Honest(0.9)),
    Person("unable-1", "labeler", labelers.Honest(0.5, kind="unable")),
    Person("sleeper-1", "labeler", labelers.Sleeper(labelers.Honest(0.9), after=1)),
    Person("random-1", "labeler", labelers.Random()),
    Person("random-2", "labeler", labelers.Random()),
]


def _line(labeler: int, p_good: float, state: str = "admitted") -> StandingLine:
    name = CROWD[labeler].name
    return StandingLine(1, labeler, name, state, None, 9, p_good, p_good, 8, 9, 0, 0, b"", 1)


def _answer(task: int, labeler: int) -> AnswerFact:
    return AnswerFact(task, task, labeler, "label", "answered", 0, NOW + timedelta(seconds=task))


def _label(task: int, labeler: int, withdrawn_at: datetime | None = None) -> LabelFact:
    return LabelFact(task, task, "labeler", labeler, 0, NOW, NOW, NOW, withdrawn_at)


def _outcome(**facts: Any) -> Outcome:
    none: dict[str, Any] = {"model": None, "keys": [], "tasks": {}, "project": Mock()}
    return Outcome(**none, **facts)


def test_the_confusion_table_counts_people_as_they_are_and_answers_as_they_were() -> None:
    """A sleeper is bad, its first answer is not; who is under the bar is bad; the trusted are not counted."""
    outcome = _outcome(
        answers=[
            _answer(1, 1), _answer(2, 1), _answer(3, 3), _answer(4, 3), _answer(5, 4), _answer(6, 2),
            _answer(7, 3),
        ],
        labels=[_label(1, 1), _label(3, 3), _label(4, 3, withdrawn_at=NOW)],
        holds=[(2, 2, 1), (6, 6, 2)],
        standings={
            1: _line(1, 0.99), 2: _line(2, 0.6), 3: _line(3, 0.99), 4: _line(4, 0.0001, "dismissed"),
        },
    )  # fmt: skip

    table = confusion(outcome, CROWD, Policy())

    assert table["people"] == {
        "good": {"delivering": 1, "held": 0, "dismissed": 0, "waiting": 0},
        "bad": {"delivering": 1, "held": 1, "dismissed": 1, "waiting": 1},
    }
    assert table["answers"] == {
        "good": {"delivered": 2, "withdrawn": 0, "held": 1, "discarded": 0},
        "bad": {"delivered": 0, "withdrawn": 1, "held": 1, "discarded": 2},
    }


def test_labels_needed_are_those_after_which_a_model_stays_right() -> None:
    """An early stroke of luck does not count, nor does one that was never right."""
    shares = ((50, 0.99, 0.9), (100, 0.93, 0.9), (200, 0.95, 0.9), (400, 0.97, 0.94))
    curve = [{"labels": n, "a": {"accuracy": a}, "b": {"accuracy": b}} for n, a, b in shares]

    assert labels_needed(curve, "a") == 200
    assert labels_needed(curve, "b") is None
