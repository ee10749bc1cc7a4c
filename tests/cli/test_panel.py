"""``goldvein admin panel``: who is trusted and why, by hand."""

import json

from tests.cli.conftest import Run


def test_somebody_is_appointed_barred_and_left_to_the_benchmarks(on_database: Run) -> None:
    """Each needs a reason; what cannot be done says what to do instead."""
    on_database("admin", "customers", "add", "lab")
    on_database("admin", "labelers", "add", "ada", "bob")
    project = _project(on_database)

    assert "nobody is trusted" in on_database("admin", "panel", "list", project).output
    on_database("admin", "panel", "appoint", project, "1", "--reason", "wrote the instructions")
    on_database("admin", "panel", "bar", project, "2", "--reason", "a friend")
    found = json.loads(on_database("admin", "panel", "list", project, "--json", "-").output)
    assert [(one["name"], one["basis"]) for one in found] == [("ada", "appointed"), ("bob", "barred")]
    assert "ada  appointed: wrote the instructions" in on_database("admin", "panel", "list", project).output

    on_database("admin", "panel", "leave", project, "1", "--reason", "done")
    refused = on_database("admin", "panel", "leave", project, "1", "--reason", "done", code=1)
    assert "neither appointed" in refused.output
    on_database("admin", "panel", "appoint", project, "1", code=2)
    never = on_database("admin", "panel", "bootstrap", project, code=1)
    assert "bootstrap_tasks" in never.output


def _project(on_database: Run) -> str:
    """A project, made where the commands look."""
    from goldvein.cli.common import database, now
    from goldvein.domain.records import ProjectDraft
    from goldvein.services import projects

    with database() as db:
        return str(projects.create(db, 1, ProjectDraft("texts", "Pick."), now()).id)
