"""Commands run in this process, on a database of the test's own."""

import os
from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result

from goldvein.cli import main

Run = Callable[..., Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command without any setting of the surroundings."""
    for name in [name for name in os.environ if name.startswith("GOLDVEIN_")]:
        monkeypatch.delenv(name)

    def invoke(*arguments: str, code: int = 0) -> Result:
        result = CliRunner().invoke(main, list(arguments), catch_exceptions=False)
        assert result.exit_code == code, result.output
        return result

    return invoke


@pytest.fixture
def on_database(run: Run, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command on a migrated database of the test's own."""
    monkeypatch.setenv("GOLDVEIN_DATABASE_URL", database_url)
    return run
