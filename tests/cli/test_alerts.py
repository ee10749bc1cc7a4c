"""``goldvein admin alerts``."""

import json
from datetime import UTC, datetime

from goldvein.services.alarms import open_alarm, resolve_alarm
from goldvein.store.database import Database
from tests.cli.conftest import Run
from tests.services.delivery_world import make_project

NOW = datetime(2026, 1, 5, tzinfo=UTC)


def test_alerts_are_listed_and_acknowledged(on_database: Run, database_url: str) -> None:
    """Open ones unless all are asked for; who said first that they look after one stays."""
    with Database(database_url, pool_size=1) as db:
        project = make_project(db)
        with db.transaction() as tx:
            alert = open_alarm(tx, project, "low", "active_labelers", {}, NOW)
            open_alarm(tx, project, "silent", "customer", {}, NOW)
            resolve_alarm(tx, project, "silent", "customer", NOW)
    (found,) = json.loads(on_database("admin", "alerts", "list", "--json", "-").output)
    assert (found["project"], found["alert"], found["title"]) == (project, alert, "fewer labelers at work")
    assert len(json.loads(on_database("admin", "alerts", "list", "--all", "--json", "-").output)) == 2
    for name in ("anna", "bert"):
        said = on_database("admin", "alerts", "acknowledge", str(project), str(alert), "--by", name).output
        assert said.startswith("anna looks after alert")
