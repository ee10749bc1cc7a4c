"""One embedded PostgreSQL for the session, one migrated template, and a fresh clone of it for each test."""

import itertools
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from hypothesis import settings
from psycopg import sql

from goldvein.store.database import Database
from goldvein.store.embedded import EmbeddedServer

_TEMPLATE = "goldvein_template"
settings.register_profile("goldvein", deadline=None)  # no timer decides: the machine may be busy
settings.load_profile("goldvein")
_numbers = itertools.count(1)


def with_database(url: str, name: str) -> str:
    """Give the address of another database on the same server."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


@pytest.fixture(scope="session")
def reachable_folder() -> Iterator[Path]:
    """A temporary folder that every account may pass through, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="gv-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def embedded_server(reachable_folder: Path) -> Iterator[EmbeddedServer]:
    """The session's server; each worker of pytest-xdist has its own. Quick, not durable."""
    quick = {"shared_buffers": "64MB", "autovacuum_naptime": "1h", "log_checkpoints": "off"}
    with EmbeddedServer(reachable_folder / "home", durable=False, server_settings=quick) as server:
        yield server


@pytest.fixture(scope="session")
def template_database(embedded_server: EmbeddedServer) -> str:
    """Name of a database in which every migration was carried out, once for the session."""
    from goldvein.store.migrations import migrate

    with psycopg.connect(embedded_server.url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(_TEMPLATE)))
    migrate(with_database(embedded_server.url, _TEMPLATE))
    return _TEMPLATE


def _cloned(server: EmbeddedServer, template: str) -> Iterator[str]:
    name = f"test_{next(_numbers)}"
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        )
        yield with_database(server.url, name)
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def database_url(embedded_server: EmbeddedServer, template_database: str) -> Iterator[str]:
    """Address of a migrated database of the test's own, dropped afterwards."""
    yield from _cloned(embedded_server, template_database)


@pytest.fixture
def empty_database_url(embedded_server: EmbeddedServer) -> Iterator[str]:
    """Address of a database without any table, for tests of the migrations themselves."""
    yield from _cloned(embedded_server, "template0")


@pytest.fixture(scope="module")
def module_database_url(embedded_server: EmbeddedServer, template_database: str) -> Iterator[str]:
    """Address of a migrated database that the tests of one module share."""
    yield from _cloned(embedded_server, template_database)


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    """A pool of connections to the test's own database."""
    with Database(database_url) as database:
        yield database
