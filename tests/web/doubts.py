"""Benchmarks in doubt, and people who speak against them."""

from datetime import UTC, datetime

from goldvein.domain.records import ProjectDraft
from goldvein.services import benchmarks, keys, lifecycle, projects
from goldvein.services.benchmarks import ManualBenchmark
from tests.services.town import task_input
from tests.web.conftest import Site


def make_doubts(site: Site, *keys: int, flag: str = "key in doubt") -> tuple[int, list[int]]:
    """Make a project of benchmarks whose right option says so; each has the key given, and is in doubt."""
    now = datetime.now(UTC)
    project = projects.create(site.db, site.customer, ProjectDraft("in doubt", "Pick the right one."), now).id
    items = [ManualBenchmark(n, task_input(100 * project + n, 0), key) for n, key in enumerate(keys)]
    made = [task.id for task in benchmarks.add_manual(site.db, project, items, now).tasks]
    with site.db.transaction() as tx:
        for task in made:
            lifecycle.flag(tx, project, task, flag, datetime.now(UTC))
    return project, made


def dispute(site: Site, project: int, task: int, text: str, name: str = "Grace Hopper") -> None:
    """Somebody of the panel answers with a comment, and a labeler disputes."""
    now = datetime.now(UTC)
    person = keys.create_labeler(site.db, f"{name} {task}", "trusted", now)
    with site.db.connection() as tx:
        attempt = tx.execute(
            b"INSERT INTO attempts (project, task, content, stage, state, lane, due_at, urgency, labeler)"
            b" VALUES (%s, %s, %s, 'panel', 'answered', 1, now(), 0, %s) RETURNING id",
            (project, task, task, person),
        ).fetchone()
        assert attempt is not None
        tx.execute(
            b"INSERT INTO answers"
            b" (project, attempt, task, labeler, answer, choice, shown_at, received_at, comment)"
            b" VALUES (%s, %s, %s, %s, '{}', 1, now(), now(), %s)",
            (project, attempt[0], task, person, text),
        )
        tx.execute(
            b"INSERT INTO disputes VALUES (%s, %s, %s, %s, %s, now())",
            (project, attempt[0], task, person, f"unclear: {text}"),
        )
