"""Labelers are listed in the order of any column, page by page, each once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from goldvein.domain.errors import InvalidInput, NotFound
from goldvein.services import listing
from goldvein.store.database import Database
from goldvein.store.roster import SORTS, Line
from tests.services.town import START, Town

MANY = 240
FILL = f"""
    INSERT INTO roster
    SELECT 1, n, 'name ' || md5(n::text),
           CASE n % 6 WHEN 0 THEN 'boundary' WHEN 1 THEN 'dismissed' WHEN 2 THEN 'panel' ELSE 'admitted' END,
           CASE WHEN n % 6 <> 2 THEN n % 17 / 16.0::float8 END,
           CASE WHEN n % 6 <> 2 THEN n % 13 / 7.0::float8 END,
           n % 11, 0, CASE WHEN n % 11 > 0 THEN n % 5 / 5.0::float8 END, n % 23, n % 7, n % 3, n % 2, n % 4,
           n % 19, CASE WHEN n % 9 > 0 THEN n % 29 / 3.0::float8 END, '{{}}',
           '2026-01-05'::timestamptz + n % 50 * interval '1 minute'
    FROM generate_series(1, {MANY}) n"""


@pytest.fixture(scope="module")
def full(module_database_url: str) -> Iterator[Database]:
    """A project with labelers of all states, whose values repeat and are partly unknown."""
    with Database(module_database_url) as db:
        Town(db)
        with db.connection() as tx:
            tx.execute(FILL.encode())
        yield db


def pages(db: Database, **asked: str) -> list[list[Line]]:
    """All pages, by the cursors that each gives."""
    words = {"state": "", "sort": "", "way": "", "prefix": "", "after": ""} | asked
    found = [listing.labelers(db, 1, listing.ask(**words))]
    while found[-1].next is not None:
        found.append(listing.labelers(db, 1, listing.ask(**{**words, "after": found[-1].next})))
    return [list(one.lines) for one in found]


def place(line: Line, sort: str) -> tuple[Any, int]:
    value = getattr(line, sort)
    return (-1 if value is None else value), line.labeler


@pytest.mark.parametrize("way", ["up", "down"])
@pytest.mark.parametrize("sort", list(SORTS))
def test_every_column_lists_everybody_once(full: Database, sort: str, way: str) -> None:
    """In order, through all pages, whoever shares a value with others and whoever has none."""
    found = pages(full, sort=sort, way=way)
    lines = [line for page in found for line in page]
    assert [len(page) for page in found] == [50, 50, 50, 50, 40]
    assert len({line.labeler for line in lines}) == MANY
    assert lines == sorted(lines, key=lambda line: place(line, sort), reverse=way == "down")


@pytest.mark.parametrize(
    ("state", "count"), [("boundary", 40), ("dismissed", 40), ("panel", 40), ("admitted", 120)]
)
def test_a_state_lists_its_own(full: Database, state: str, count: int) -> None:
    """Only labelers of that state, all of them."""
    lines = [line for page in pages(full, state=state, sort="p_all") for line in page]
    assert {line.state for line in lines} == {state}
    assert len(lines) == count


def test_names_are_found_by_how_they_begin(full: Database) -> None:
    """Exactly those, by name whatever was asked; signs that mean something in SQL are letters like others."""
    lines = [line for page in pages(full, prefix="name a", sort="answers") for line in page]
    every = [line for page in pages(full, sort="name") for line in page]
    assert lines == [line for line in every if line.name.startswith("name a")] != []
    assert pages(full, prefix="%") == [[]]
    assert pages(full, prefix="Name") == [[]]
    assert pages(full, prefix="name \N{MAN}") == [[]]


@pytest.mark.parametrize(
    "asked",
    [
        {"state": "bad"}, {"sort": "labeler; DROP TABLE roster"}, {"way": "left"}, {"prefix": "x" * 201},
        {"prefix": "\x00"}, {"after": "x"}, {"after": "1~-1"}, {"after": "1~99999999999"},
        {"sort": "seen_at", "after": "1~1"}, {"sort": "answers", "after": "many~1"},
        {"sort": "answers", "after": "nan~nan"},
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(full: Database, asked: dict[str, str]) -> None:
    """With an error of the client's, and nothing else."""
    with pytest.raises(InvalidInput):
        pages(full, **asked)


def test_a_project_that_is_not_there(full: Database) -> None:
    """There is nobody to list."""
    with pytest.raises(NotFound):
        listing.labelers(full, 2, listing.Asked())


def test_the_last_seen_come_first(full: Database) -> None:
    """Who asks for nothing sees who was here last."""
    assert pages(full)[0][0].seen_at == datetime(2026, 1, 5, tzinfo=UTC) + timedelta(minutes=49)
    assert datetime(2026, 1, 5, tzinfo=UTC) < START
