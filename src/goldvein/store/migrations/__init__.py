"""Numbered, forward-only migrations under an advisory lock. A file, once released, is never edited."""

from __future__ import annotations

import re
import secrets
from importlib import resources

import psycopg

from goldvein.domain.errors import Conflict

_OLDEST_SERVER = 15
_LOCK = 0x676F6C64  # "gold"
_FILE = re.compile(r"^(\d{4})_\w+\.sql$")


def migrations() -> list[tuple[int, str, bytes]]:
    """List (number, file name, text) in order.

    Raises
    ------
    ValueError
        If the numbers have a gap.
    """
    found = sorted(
        (int(match[1]), entry.name, entry.read_bytes())
        for entry in resources.files(__package__).iterdir()
        if (match := _FILE.match(entry.name))
    )
    if [number for number, _, _ in found] != list(range(1, len(found) + 1)):
        raise ValueError(f"migrations have a gap: {[name for _, name, _ in found]}")
    return found


def migrate(url: str) -> int:
    """Bring the database at ``url`` up to date; safe to call from many processes at once.

    Returns
    -------
    int
        How many migrations were applied.

    Raises
    ------
    Conflict
        If the server is too old, or the database is that of a newer program.
    """
    applied, found = 0, migrations()
    with psycopg.connect(url, autocommit=True) as connection:
        server = connection.info.server_version // 10_000
        if server < _OLDEST_SERVER:
            raise Conflict(f"the server is PostgreSQL {server}, and {_OLDEST_SERVER} or newer is needed")
        connection.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
        connection.execute(
            "CREATE TABLE IF NOT EXISTS migrations (number integer PRIMARY KEY, name text NOT NULL,"
            " applied_at timestamptz NOT NULL DEFAULT now())"
        )
        row = connection.execute("SELECT coalesce(max(number), 0) FROM migrations").fetchone()
        done = int(row[0]) if row else 0
        if done > len(found):
            raise Conflict(
                f"the database is of a newer Goldvein: it has migration {done}, and this program knows "
                f"{len(found)}; run the newer program"
            )
        for number, name, text in found:
            if number <= done:
                continue
            with connection.transaction():
                connection.execute(text)
                connection.execute("INSERT INTO migrations (number, name) VALUES (%s, %s)", (number, name))
            applied += 1
        connection.execute(
            "INSERT INTO instance (lease_key) VALUES (%s) ON CONFLICT DO NOTHING", (secrets.token_bytes(16),)
        )
    return applied
