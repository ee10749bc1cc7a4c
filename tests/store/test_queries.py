"""Named SQL: every statement fits the schema and is used, and no SQL stands anywhere else."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from goldvein.store import queries
from tests.store.sql_text import numbered, statements

SOURCE = Path(queries.__file__).parents[1]
STATEMENT = re.compile(
    r"^\s*(SELECT\s.+\sFROM\s|INSERT\s+INTO\s|UPDATE\s+\w+\s+SET\s|DELETE\s+FROM\s|WITH\s+\w+\s+AS\s*\(|"
    r"(CREATE|ALTER|DROP)\s+(TABLE|INDEX)\s|SET\s+(LOCAL|TRANSACTION|SESSION)\s|SELECT\s+pg_)",
    re.IGNORECASE | re.DOTALL,
)
ELSEWHERE = {
    "jobs/schedule.py",  # makes procrastinate's own schema
}


def test_every_statement_can_be_prepared(database_url: str) -> None:
    """Tables, columns and types that a statement names are there."""
    failed = {}
    with psycopg.connect(database_url, autocommit=True) as connection:
        for aggregate, name, statement in statements():
            text = numbered(statement)
            if re.match(r"\s*(SET|LOCK)\b", text):
                continue
            try:
                connection.execute(f"PREPARE {aggregate}_{name} AS {text}".encode())
            except psycopg.Error as error:
                failed[f"{aggregate}.{name}"] = str(error)
        prepared = connection.execute("SELECT count(*) FROM pg_prepared_statements").fetchone()
    assert failed == {}
    assert prepared is not None
    assert prepared[0] > 90


def test_every_statement_is_used_by_its_module() -> None:
    """A statement that its aggregate's module does not name is dead."""
    unused = [
        f"{aggregate}.{name}"
        for aggregate, name, _ in statements()
        if not re.search(
            rf"""(_queries\.{name}\b|"{name}")""", (SOURCE / f"store/{aggregate}.py").read_text()
        )
    ]
    assert unused == []


@pytest.mark.parametrize(
    "text",
    ["-- name: a\n-- Says.\nSELECT 1;\n-- name: a\n-- Says.\nSELECT 2;", "-- name: a\nSELECT 1;"],
    ids=["twice", "without a description"],
)
def test_a_careless_file_is_refused(text: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """One name, one statement, one line that says what it is for."""
    (tmp_path / "sql").mkdir()
    (tmp_path / "sql" / "careless.sql").write_text(text)
    monkeypatch.setattr("importlib.resources.files", lambda package: tmp_path)
    with pytest.raises(ValueError, match="careless"):
        queries.load("careless")


def texts(path: Path) -> Iterator[str]:
    """String constants of a module that are no docstrings."""
    tree = ast.parse(path.read_text("utf-8"))
    lonely = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in lonely:
            yield node.value


def test_no_sql_outside_the_store() -> None:
    """Services and everything above speak to tables through the store's functions."""
    modules = [path for path in SOURCE.rglob("*.py") if path.relative_to(SOURCE).parts[0] != "store"]
    assert len(modules) > 60
    found = {
        str(path.relative_to(SOURCE)): text
        for path in modules
        for text in texts(path)
        if STATEMENT.match(text) and str(path.relative_to(SOURCE)) not in ELSEWHERE
    }
    assert found == {}
