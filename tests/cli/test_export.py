"""Labels into a file from the command line."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from goldvein.cli import main
from goldvein.cli.export import export
from goldvein.services.exporting import FORMATS
from goldvein.store.database import Database
from tests.services.delivery_world import add_tasks, make_project, write_labels


def test_a_file_of_labels(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole or not there; what cannot be asked says why. Its formats are those of the API."""
    monkeypatch.setenv("GOLDVEIN_DATABASE_URL", database_url)
    with Database(database_url, pool_size=1) as db:
        project = make_project(db)
        tasks = add_tasks(db, project, 3)
        with db.transaction() as tx:
            write_labels(tx, project, tasks)
    path = tmp_path / "labels.csv"
    run = CliRunner().invoke(main, ["export", str(project), "--format", "csv", "--to", str(path)])
    assert run.exit_code == 0, run.output
    assert len(path.read_bytes().splitlines()) == 4
    run = CliRunner().invoke(main, ["export", str(project), "--batch", "none", "--to", str(tmp_path / "x")])
    assert run.exit_code == 1
    assert "no batch 'none'" in run.output
    assert [one.name for one in tmp_path.iterdir()] == ["labels.csv"]
    (choices,) = [parameter.type for parameter in export.params if parameter.name == "name"]
    assert tuple(choices.choices) == tuple(FORMATS)  # type: ignore[attr-defined]
    run = CliRunner().invoke(main, ["export", str(project), "--format", "csv", "--to", "-"])
    assert run.stdout_bytes == path.read_bytes()
    assert not run.stderr
    run = CliRunner().invoke(main, ["export", str(project), "--to", str(tmp_path / "none" / "x")])
    assert run.exit_code == 1
    assert "cannot be written" in " ".join(run.output.replace("│", " ").split())
