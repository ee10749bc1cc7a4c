"""A database of a run's own: made for it, dropped after it, and never the one in use."""

from __future__ import annotations

import contextlib
import secrets
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from goldvein.store.embedded import open_database
from goldvein.store.migrations import migrate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from goldvein.settings import Settings


def server_url(settings: Settings) -> AbstractContextManager[str]:
    """Give the address of a server to make databases on: that of the database which the settings name."""
    return open_database(settings)


@contextlib.contextmanager
def scratch_database(server: str) -> Iterator[str]:
    """Give the address of a fresh, migrated database on a server, and drop it in the end."""
    name = f"goldvein_run_{secrets.token_hex(6)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        url = _named(server, name)
        migrate(url)
        yield url
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _named(url: str, database: str) -> str:
    """Name another database in an address, be it a URL or a list of ``key=value``."""
    if "://" in url:
        return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))
    return psycopg.conninfo.make_conninfo(url, dbname=database)
