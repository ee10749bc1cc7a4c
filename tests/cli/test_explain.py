"""Explaining a run: each label and each person has a story whose numbers are those of the log."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from goldvein.domain.records import ProjectDraft, TaskDraft
from goldvein.services import explaining, intake, keys, projects
from goldvein.services.recorded import RecordedRow, RecordedWork
from goldvein.sim.outcome import read_outcome
from goldvein.store.database import Database

NOW = datetime(2026, 3, 1, tzinfo=UTC)
CLASSES = ("bird", "boat", "cat", "dog")


@pytest.fixture
def played(database_url: str) -> tuple[str, int]:
    """A project in which four trusted people, a good and a bad one answered 60 tasks."""
    with Database(database_url, pool_size=2) as db:
        customer = keys.create_customer(db, "acme", NOW)
        roles = ["trusted"] * 4 + ["labeler"] * 2
        people = keys.create_labelers(db, [(f"p{n}", role) for n, role in enumerate(roles)], NOW)  # type: ignore[misc]
        policy = {"open_at": 10, "quality_bar": 0.7, "suspect_below": 0.9}
        draft = ProjectDraft("animals", "What is it?", classes=CLASSES, policy=policy)
        project = projects.create(db, customer, draft, NOW).id
        drafts = [TaskDraft(n, {"task": str(n)}, str(n)) for n in range(60)]
        tasks = [task.id for task in intake.push(db, project, drafts, None, NOW).tasks]
        rows = [
            RecordedRow(person, task, place % 4) for place, task in enumerate(tasks) for person in people[:5]
        ]
        rows += [RecordedRow(people[5], task, (place + 1) % 4) for place, task in enumerate(tasks)]
        work = RecordedWork(db, project, panel=people[:4], to_come=[(row.labeler, row.task) for row in rows])
        rng = np.random.default_rng(1)
        for place, row in enumerate(rows):
            work.submit([row], NOW + timedelta(seconds=place), rng)
    return database_url, project


def test_a_label_is_explained_from_push_to_gate(played: tuple[str, int]) -> None:
    """The story ends with the delivery and marks the benchmark that brought its labeler over the gate."""
    url, project = played
    with Database(url, pool_size=2) as db:
        labels = read_outcome(db, project).current_labels
        own = next(label for label in labels if label.basis == "labeler")
        panel = next(label for label in labels if label.basis == "panel")
        story = explaining.explain(db, f"label:{own.id}")
        mined = explaining.explain(db, f"label:{panel.id}")

    texts = [moment.text for moment in story.moments]
    assert "was pushed" in texts[0]
    assert any("was delivered" in text for text in texts)
    assert any("brought the labeler over the gate" in text for text in texts)
    assert any(moment.tipped for moment in story.moments)
    assert any("of the panel picked" in moment.text for moment in mined.moments)
    assert any("became a benchmark" in moment.text for moment in mined.moments)


def test_a_labeler_is_explained_by_every_benchmark(played: tuple[str, int]) -> None:
    """Good and bad are told by their benchmarks, with draws and posteriors, to the verdict."""
    url, _ = played
    with Database(url, pool_size=2) as db:
        good, bad = (explaining.explain(db, name) for name in ("p4", "p5"))
        by_id = explaining.explain(db, "labeler:5")

    assert good.verdict.startswith("good enough")
    assert bad.verdict == "dismissed"
    assert by_id.to_dict() == good.to_dict()
    assert sum("benchmark" in moment.text for moment in good.moments) >= 4
    assert all(moment["at"] for moment in bad.to_dict()["moments"])
