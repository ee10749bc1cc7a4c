"""Migrations: numbered without a gap, applied once however many ask, and equal to schema.sql."""

import re
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from typing import Any

import psycopg
import pytest

from goldvein.domain.errors import Conflict
from goldvein.store import migrations, schema
from goldvein.store.migrations import migrate

CATALOGS = {
    "columns": """
        SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity,
               pg_get_expr(d.adbin, d.adrelid), a.attstorage, a.attcompression
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p')
        LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE c.relnamespace = 'public'::regnamespace AND a.attnum > 0 AND c.relname <> 'migrations'
        ORDER BY c.relname, a.attnum""",
    "constraints": """
        SELECT conrelid::regclass::text, conname, contype, convalidated, pg_get_constraintdef(oid)
        FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text <> 'migrations'
        ORDER BY 1, 2""",
    "indexes": """
        SELECT tablename, indexname, indexdef FROM pg_indexes
        WHERE schemaname = 'public' AND tablename <> 'migrations' ORDER BY 1, 2""",
    "relations": """
        SELECT relname, relkind, relpersistence, reloptions, pg_get_expr(relpartbound, oid),
               pg_get_partkeydef(oid)
        FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname !~ '^migrations' ORDER BY 1""",
    "functions": """
        SELECT oid::regprocedure::text FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace ORDER BY 1""",
    "triggers": "SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1, 2",
}


def catalogs(url: str) -> dict[str, list[tuple[Any, ...]]]:
    with psycopg.connect(url) as connection:
        return {name: connection.execute(query).fetchall() for name, query in CATALOGS.items()}


def test_schema_sql_is_all_migrations(database_url: str, empty_database_url: str) -> None:
    """One database made from schema.sql and one from the migrations are equal; else run `just schema`."""
    with psycopg.connect(empty_database_url) as connection:
        connection.execute(schema.FILE.read_bytes())
    made, migrated = catalogs(empty_database_url), catalogs(database_url)
    assert len(migrated["columns"]) > 150
    for name, rows in migrated.items():
        assert made[name] == rows, name


def test_migrations_run_from_one_without_a_gap() -> None:
    """Each file has the number after the last one, and a name that says what it is for."""
    found = migrations.migrations()
    assert [number for number, _, _ in found] == list(range(1, len(found) + 1))
    assert all(re.fullmatch(r"\d{4}_[a-z][a-z_]+\.sql", name) for _, name, _ in found)


def test_a_gap_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """A missing file is named before anything is applied."""
    for name in ("0001_first.sql", "0003_third.sql"):
        (tmp_path / name).write_text("SELECT 1")
    monkeypatch.setattr("importlib.resources.files", lambda package: tmp_path)
    with pytest.raises(ValueError, match="0003_third"):
        migrations.migrations()


def test_processes_that_migrate_at_once_apply_each_migration_once(empty_database_url: str) -> None:
    """Any number of processes may start together: one works, the others wait and find it done."""
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        applied = list(pool.map(migrate, [empty_database_url] * 2))
    with ThreadPoolExecutor(4) as threads:
        applied += list(threads.map(migrate, [empty_database_url] * 4))
    assert sorted(applied) == [0] * 5 + [len(migrations.migrations())]
    with psycopg.connect(empty_database_url) as connection:
        count, key = connection.execute(
            "SELECT (SELECT count(*) FROM migrations), (SELECT lease_key FROM instance)"
        ).fetchone() or (None, None)
    assert count == len(migrations.migrations())
    assert len(key) == 16


def test_a_migration_that_fails_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, empty_database_url: str
) -> None:
    """Each migration is one transaction: half of one is never there."""
    broken = [(1, "0001_broken.sql", b"CREATE TABLE half (id integer); SELECT 1 / 0")]
    monkeypatch.setattr(migrations, "migrations", lambda: broken)
    with pytest.raises(psycopg.errors.DivisionByZero):
        migrate(empty_database_url)
    assert catalogs(empty_database_url)["columns"] == []


def test_an_older_program_leaves_a_newer_database_alone(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would write what the newer one does not expect; the error says which way out there is."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("INSERT INTO migrations (number, name) VALUES (9999, 'of tomorrow')")
    with pytest.raises(Conflict, match="migration 9999, and this program knows"):
        migrate(database_url)
    monkeypatch.setattr(migrations, "_OLDEST_SERVER", 99)
    with pytest.raises(Conflict, match="99 or newer is needed"):
        migrate(database_url)
