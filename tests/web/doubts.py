"""A project with benchmarks in doubt, for pages of auditors."""

from datetime import UTC, datetime

from goldvein.domain.records import ProjectDraft
from goldvein.services import benchmarks, lifecycle, projects
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
