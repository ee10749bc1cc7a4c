"""What is left of a text in the whole database, and whether rows are as before."""

from __future__ import annotations

import hashlib

from psycopg import sql

from goldvein.store.database import Database, Transaction


def everywhere(tx: Transaction, text: str) -> list[str]:
    """The columns of the whole database that hold a text, in whatever type."""
    columns = tx.execute(
        "SELECT table_schema, table_name, column_name FROM information_schema.columns"
        " JOIN information_schema.tables USING (table_schema, table_name)"
        " WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')"
        " AND data_type IN ('text', 'jsonb', 'json', 'ARRAY', 'character varying', 'bytea')"
    ).fetchall()
    assert len(columns) > 60
    found = []
    for schema, table, column in columns:
        query = sql.SQL(
            "SELECT EXISTS (SELECT FROM {}.{} WHERE position(lower({}) IN lower({}::text)) > 0"
            " OR position({} IN {}::text) > 0)"
        ).format(
            sql.Identifier(schema), sql.Identifier(table), sql.Literal(text), sql.Identifier(column),
            sql.Literal(text.encode().hex()), sql.Identifier(column),
        )  # fmt: skip
        row = tx.execute(query).fetchone()
        if row and row[0]:
            found.append(f"{table}.{column}")
    return found


def left(db: Database, text: str) -> list[str]:
    """Where a text is left."""
    with db.connection() as tx:
        return everywhere(tx, text)


def digest(db: Database, query: str) -> str:
    """One value for all rows that a query gives."""
    with db.connection() as tx:
        rows = tx.execute(query.encode()).fetchall()
    assert rows
    return hashlib.sha256(repr(rows).encode()).hexdigest()
