"""Searching a project for shortcuts from the command line."""

import json

from goldvein.store.database import Database
from tests.cli.conftest import Run
from tests.services.test_discovering import town_of


def test_discover_says_who_follows_what(on_database: Run, database_url: str) -> None:
    """A rule is printed with its followers once it is found; a second look, as JSON, opens no alert."""
    with Database(database_url) as db:
        town_of(db, followers=6)
    said = on_database("admin", "projects", "discover", "1").output
    assert "follow 'most politeness' in" in said
    assert "judged by model version 2" in said
    again = json.loads(on_database("admin", "projects", "discover", "1", "--json", "-").output)
    assert again["opened"] == []
    assert again["model_version"] is None
    report = on_database("admin", "projects", "discover", "9", code=1).output
    assert "no project 9" in report
