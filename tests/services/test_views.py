"""What a process keeps between groups stays small, whatever customers push."""

import pytest

from goldvein import store
from goldvein.domain.errors import NotFound
from goldvein.domain.records import Project, ProjectDraft, TaskDraft
from goldvein.services import characteristic, discovering, intake, projects, quality, reestimation
from goldvein.services.views import Views
from goldvein.store.database import Database, Transaction
from tests.services.town import Town


def test_large_contents_push_older_ones_out(db: Database) -> None:
    """Contents are kept up to a number of bytes, and one that was let go is read again."""
    town = Town(db)
    texts = [f"{n}" + "".join(map(chr, town.rng.integers(0x4E00, 0x9FFF, 5_000))) for n in range(8)]
    drafts = [TaskDraft(n, {"prompt": text, "options": ["a", "b"]}) for n, text in enumerate(texts)]
    pushed = intake.push(db, town.project.id, drafts, None, town.now).tasks
    keys = [(town.project.id, task.id) for task in pushed]
    views = Views(bytes_kept=40_000)

    with db.connection() as tx:
        read = [views.contents(tx, [key])[key].input["prompt"] for key in [*keys, *keys]]

    assert read == texts * 2
    assert 0 < views.bytes_held <= 40_000


def test_a_look_at_one_project_reads_no_other(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every project's jobs and reports look at it alone, however many others there are."""
    town = Town(db)
    town.open_by_hand(40)
    for n in range(3):
        projects.create(db, town.customer, ProjectDraft(f"other {n}", "Pick."), town.now)
    read, found = set[int](), store.projects.find

    def find(tx: Transaction, project: int) -> Project | None:
        read.add(project)
        return found(tx, project)

    monkeypatch.setattr(store.projects, "find", find)
    report = quality.report(db, town.project.id, town.now)
    assert report["benchmarks"]["active"] == 40
    reestimation.estimate(db, town.project.id, town.now)
    discovering.discover(db, town.project.id, town.now)
    assert characteristic.operating_characteristic(db, town.project.id)["versions"]["model"] == 1
    assert read == {town.project.id}
    with db.connection() as tx, pytest.raises(NotFound, match="no project 77 under way"):
        Views().one(tx, 77)


def test_contents_of_a_project_that_is_over_are_kept_no_longer(db: Database) -> None:
    """What its tasks say may be erased: no process goes on remembering it."""
    town = Town(db)
    town.push(5)
    views = Views()
    keys = [(town.project.id, row[0]) for row in town.rows("SELECT task FROM task_inputs")]
    with db.connection() as tx:
        views.refresh(tx)
        views.contents(tx, keys)
        assert views.bytes_held > 0
        projects.update(db, town.project.id, None, state="closed", now=town.now)
        views.refresh(tx)
    assert views.bytes_held == 0
