"""A server over a database of the module's own."""

import threading
from collections.abc import Iterator

import pytest

from goldvein.bootstrap import running_server
from goldvein.settings import read_settings
from goldvein.store.database import Database
from tests.api.world import World, make_world


@pytest.fixture(scope="module")
def world(module_database_url: str) -> Iterator[World]:
    """A server that the module's tests share."""
    settings = read_settings({"GOLDVEIN_ALLOW_PRIVATE_WEBHOOKS": "yes"})
    with (
        Database(module_database_url, pool_size=2) as db,
        running_server(module_database_url, settings, seed=1) as base,
    ):
        yield make_world(base, db)
    assert not [t for t in threading.enumerate() if t.name == "goldvein-group"], "the group's thread lives on"
