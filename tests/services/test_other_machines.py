"""Sums end in other last bits on another processor: neither draws nor proofs hang on them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from goldvein.services.verification import verify
from goldvein.store.database import Database
from tests.services.plain_machine import live, live_on_a_plain_machine

BEFORE_ESTIMATION = "n IS NOT NULL AND id < (SELECT min(id) FROM log WHERE kind = 'model') ORDER BY id"
WHAT = f"SELECT labeler, kind, stage, task, choice, shown, decision, draw FROM log WHERE {BEFORE_ESTIMATION}"
HOW_SURE = f"SELECT p_benchmarks, p_all FROM log WHERE {BEFORE_ESTIMATION}"


@pytest.fixture(scope="module")
def elsewhere(module_database_url: str) -> Iterator[Database]:
    """What another machine wrote."""
    live_on_a_plain_machine(module_database_url)
    with Database(module_database_url) as db:
        yield db


def rows(db: Database, query: str) -> list[tuple[object, ...]]:
    with db.connection() as tx:
        return tx.execute(query.encode()).fetchall()


def test_another_machine_gives_everybody_the_same(elsewhere: Database, db: Database) -> None:
    """With the same random numbers, whatever is alike: until an estimation, which only comes near."""
    live(db)
    assert len(rows(db, WHAT)) > 500
    assert rows(db, WHAT) == rows(elsewhere, WHAT)
    here, there = (np.array(rows(one, HOW_SURE), dtype=float) for one in (db, elsewhere))
    assert np.abs(here - there).max() < 1e-9


def test_what_another_machine_wrote_is_proved(elsewhere: Database) -> None:
    """An installation may move: what was computed there holds here to 1e-9."""
    assert rows(elsewhere, "SELECT DISTINCT model_version FROM standings WHERE model_version > 1") == [(2,)]
    assert not verify(elsewhere).broken
