"""The log read backwards: every row once, whatever is asked, and never far for one page."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from goldvein.domain.errors import InvalidInput, NotFound
from goldvein.services import logbook
from goldvein.services.logbook import ask
from goldvein.services.metering import Meter
from goldvein.services.sweeps import Sweeper
from goldvein.store.database import Database
from tests.services.sleepers import slept
from tests.services.town import Town

NOTHING = {"labeler": "", "task": "", "kind": "", "until": "", "before": ""}


@pytest.fixture(scope="module")
def town(module_database_url: str) -> Iterator[Town]:
    """A project with a history of some thousand decisions."""
    with Database(module_database_url) as db:
        town, _ = slept(db, sweeper=Sweeper(db))
        Meter(db).catch_up()
        yield town


def all_pages(town: Town, **asked: str) -> list[int]:
    """The ids of all rows that are found from page to page."""
    found, before = list[int](), ""
    while True:
        page = logbook.page(town.db, 1, ask(**{**NOTHING, **asked, "before": before}))
        assert len(page.rows) <= logbook.PAGE
        found += [row.id for row in page.rows]
        if page.next is None:
            return found
        before = page.next


def ids(town: Town, where: str, order: str = "id") -> list[int]:
    return [row[0] for row in town.rows(f"SELECT id FROM log WHERE {where} ORDER BY {order} DESC")]


@pytest.mark.parametrize("stretch", [2_000, 5])
def test_all_rows_come_once_the_latest_first(
    town: Town, stretch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Page after page, however long the stretches that a page looks at."""
    monkeypatch.setattr(logbook, "_STRETCH", stretch)
    assert all_pages(town) == ids(town, "project = 1")


@pytest.mark.parametrize("kind", ["withdraw", "dismiss", "release", "answer", "policy"])
@pytest.mark.parametrize("rows", [2_000, 30])
def test_a_kind(town: Town, kind: str, rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of all and of one labeler: rare ones are found further back, by going on."""
    monkeypatch.setattr(logbook, "_STRETCH", rows)
    monkeypatch.setattr(logbook, "_ROWS", rows)
    assert all_pages(town, kind=kind) == ids(town, f"kind = '{kind}'")
    who = town.names["sleeper"]
    assert all_pages(town, kind=kind, labeler="sleeper") == ids(
        town, f"kind = '{kind}' AND labeler = {who}", "(at, id)"
    )


@pytest.mark.parametrize("rows", [2_000, 7])
def test_a_labeler_and_a_task(town: Town, rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """By name or number; by a benchmark that many were served; both together."""
    monkeypatch.setattr(logbook, "_ROWS", rows)
    who = town.names["good 1"]
    own = ids(town, f"labeler = {who}", "(at, id)")
    assert all_pages(town, labeler="good 1") == all_pages(town, labeler=str(who)) == own
    task = town.rows("SELECT task FROM log WHERE stage = 'benchmark' GROUP BY 1 ORDER BY count(*) DESC")[0][0]
    assert all_pages(town, task=str(task)) == ids(town, f"task = {task}")
    assert all_pages(town, task=str(task), labeler="good 1") == ids(
        town, f"task = {task} AND labeler = {who}", "(at, id)"
    )
    assert all_pages(town, task="4611686018427387903") == []


@pytest.mark.parametrize("minutes", [0, 7, 20, 10_000])
def test_until_a_moment(town: Town, minutes: int) -> None:
    """Nothing later than asked, and everything before."""
    until = town.now - timedelta(minutes=minutes)
    where = f"at <= '{until.isoformat()}'"
    assert all_pages(town, until=until.isoformat()) == ids(town, where)
    who = town.names["sleeper"]
    assert all_pages(town, until=until.isoformat(), labeler="sleeper") == ids(
        town, f"{where} AND labeler = {who}", "(at, id)"
    )


@pytest.mark.parametrize(
    "asked",
    [
        {"task": "x"}, {"task": "9" * 30}, {"task": "-1"}, {"kind": "no"}, {"until": "soon"}, {"before": "x"},
        {"labeler": "nobody"}, {"labeler": "\x00"}, {"labeler": "good 1", "before": "3"},
        {"task": "3", "before": "1~2~3"}, {"task": "\N{SUPERSCRIPT TWO}"},
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(town: Town, asked: dict[str, str]) -> None:
    """With an error of the client's."""
    with pytest.raises(InvalidInput):
        logbook.page(town.db, 1, ask(**{**NOTHING, **asked}))


def test_a_project_that_is_not_there(town: Town) -> None:
    """It has no log."""
    with pytest.raises(NotFound):
        logbook.page(town.db, 2, ask(**NOTHING))
