"""``goldvein admin benchmarks``: files in, lists out, changes, and copies of projects."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from goldvein.domain.records import ProjectDraft
from goldvein.services import keys, lifecycle, projects
from goldvein.store.database import Database
from tests.cli.conftest import Run

NOW = datetime(2026, 1, 5, tzinfo=UTC)


@pytest.fixture
def project(database_url: str) -> int:
    """A project without anything in it."""
    with Database(database_url, pool_size=1) as db:
        customer = keys.create_customer(db, "lab", NOW)
        return projects.create(db, customer, ProjectDraft("p", "Pick."), NOW).id


def gold(path: Path, kind: str) -> Path:
    """Four good benchmarks and a bad one."""
    rows = [
        {"input": {"prompt": f"p{n}", "options": ["a", "b"]}, "key": 5 if n == 2 else n % 2} for n in range(5)
    ]
    file = path / f"gold.{kind}"
    if kind == "csv":
        lines = [f"p{n},a,b,{row['key']}" for n, row in enumerate(rows)]
        file.write_text("\n".join(["prompt,option_0,option_1,key", *lines]))
    elif kind == "json":
        file.write_text(json.dumps({"benchmarks": rows}))
    else:
        file.write_text("\n".join(map(json.dumps, rows)))
    return file


@pytest.mark.parametrize("kind", ["csv", "json", "jsonl"])
def test_a_file_is_added_and_may_be_added_again(
    on_database: Run, project: int, tmp_path: Path, kind: str
) -> None:
    """Bad items are named by their place, the others stay."""
    file = gold(tmp_path, kind)
    first = json.loads(
        on_database("admin", "benchmarks", "add", str(project), str(file), "--json", "-").stdout
    )
    assert (first["created"], first["existing"], first["refused"]) == (4, 0, 1)
    assert [(one["index"], one["code"]) for one in first["errors"]] == [(2, "key_out_of_range")]
    again = on_database("admin", "benchmarks", "add", str(project), str(file))
    assert "0 benchmarks are new, 4 were there, 1 were refused" in again.output
    assert "key_out_of_range" in again.output


def test_label_studio_by_its_name(on_database: Run, project: int, tmp_path: Path) -> None:
    """The ending says only that it is JSON; a file in which nothing is good fails the command."""
    result = [{"type": "choices", "value": {"choices": ["b"]}}]
    task = {
        "id": 1,
        "data": {"options": ["a", "b"]},
        "annotations": [{"ground_truth": True, "result": result}],
    }
    file = tmp_path / "export.json"
    file.write_text(json.dumps([task]))
    add = ("admin", "benchmarks", "add", str(project), str(file))
    on_database(*add, code=1)
    assert "1 benchmarks are new" in on_database(*add, "--format", "label-studio").output
    file.write_text(json.dumps([{**task, "annotations": []}]))
    on_database(*add, "--format", "label-studio", code=1)
    other = tmp_path / "gold.xls"
    other.write_text("")
    assert "--format" in on_database("admin", "benchmarks", "add", str(project), str(other), code=2).output


def test_look_and_change(on_database: Run, project: int, tmp_path: Path, database_url: str) -> None:
    """List, show, edit, freeze, confirm, retire, and the auditors' queue."""
    on_database("admin", "benchmarks", "add", str(project), str(gold(tmp_path, "jsonl")))

    def listed(*options: str) -> list[int]:
        said = on_database("admin", "benchmarks", "list", str(project), *options, "--json", "-")
        return [row["task"] for row in json.loads(said.stdout)]

    tasks = listed("--state", "active")
    assert len(tasks) == 4
    assert "manual" in on_database("admin", "benchmarks", "list", str(project)).output
    place = (str(project), str(tasks[0]))
    on_database("admin", "benchmarks", "edit", *place, "1", "--key-right", "0.9", "--reason", "slip")
    on_database("admin", "benchmarks", "freeze", *place)
    assert listed("--state", "frozen") == tasks[:1]
    on_database("admin", "benchmarks", "confirm", *place)
    on_database("admin", "benchmarks", "edit", *place, "7", code=1)
    shown = json.loads(on_database("admin", "benchmarks", "show", *place, "--json", "-").stdout)
    assert (shown["key"], shown["state"]) == (1, "active")
    assert [step["kind"] for step in shown["life"]] == ["promote", "key", "freeze", "thaw", "key"]
    assert "slip" in on_database("admin", "benchmarks", "show", *place).output
    with Database(database_url, pool_size=1) as db, db.transaction() as tx:
        lifecycle.flag(tx, project, tasks[1], "doubt", NOW)
    queue = json.loads(on_database("admin", "benchmarks", "queue", "--json", "-").stdout)
    assert [row["task"] for row in queue] == tasks[1:2]
    assert "key" not in queue[0]
    assert "1 benchmarks" in on_database("admin", "benchmarks", "retire", str(project), "--flagged").output
    assert (
        "2 benchmarks"
        in on_database("admin", "benchmarks", "retire", *map(str, (project, *tasks[2:]))).output
    )
    on_database("admin", "benchmarks", "retire", str(project), code=2)
    copied = on_database("admin", "projects", "copy", str(project), "again", "--benchmarks", "--json", "-")
    assert json.loads(copied.stdout)[0]["carried"] == 1
