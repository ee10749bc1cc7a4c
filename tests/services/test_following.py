"""A labeler's history, page by page: nothing left out, nothing twice, however long it is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from goldvein.domain.errors import InvalidInput, NotFound
from goldvein.services import following, trusting
from goldvein.services.explaining import explain
from goldvein.services.following import Portrait, portray
from goldvein.services.metering import Meter
from goldvein.services.sweeps import Sweeper
from goldvein.store.database import Database
from tests.services.sleepers import slept
from tests.services.town import Town, knows


@pytest.fixture(scope="module")
def history(module_database_url: str) -> Iterator[tuple[Town, int]]:
    """A sleeper who was found out, with holds, withdrawals and a dismissal."""
    with Database(module_database_url) as db:
        town, who = slept(db, sweeper=Sweeper(db))
        Meter(db).catch_up()
        yield town, who


def pages(town: Town, who: int) -> list[Portrait]:
    found = [portray(town.db, 1, who)]
    while found[-1].earlier is not None:
        found.append(portray(town.db, 1, who, found[-1].earlier))
    return found


@pytest.mark.parametrize("size", [500, 40, 3])
def test_pages_hold_the_whole_history_once(
    history: tuple[Town, int], size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Steps and what is none of them come in the log's order, whatever the size of a page."""
    town, who = history
    monkeypatch.setattr(following, "PAGE", size)
    rows = [row.id for page in reversed(pages(town, who)) for row in page.rows]
    assert rows == [row[0] for row in town.rows(f"SELECT id FROM log WHERE labeler = {who} ORDER BY at, id")]


def test_one_page_tells_what_explain_tells(
    history: tuple[Town, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same sentences, and the moment at which labels began to go out is told once over all pages."""
    town, who = history
    whole = [moment.text for moment in explain(town.db, f"labeler:{who}").moments]
    monkeypatch.setattr(following, "PAGE", 10_000)
    (page,) = pages(town, who)
    assert [moment.text for moment in page.moments] == whole
    monkeypatch.setattr(following, "PAGE", 20)
    texts = [moment.text for page in pages(town, who) for moment in page.moments]
    for turn in ("from here on labels go out", "from here on labels are held"):
        assert sum(turn in text for text in texts) == sum(turn in text for text in whole)


def test_a_portrait_says_what_the_labeler_may_be(history: tuple[Town, int]) -> None:
    """All that somebody may be adds up to one; benchmark answers come with their task, right or wrong."""
    town, who = history
    page = portray(town.db, 1, who)
    assert sum(belief.p_all for belief in page.beliefs) == pytest.approx(1)
    assert page.line is not None
    assert page.line.p_benchmarks == pytest.approx(sum(b.p_benchmarks for b in page.beliefs if b.is_good))
    assert page.line.state == "dismissed"
    assert {one.is_right for one in page.benchmarks} == {True, False}
    for one in page.benchmarks:
        assert one.prompt.startswith("task ")
        assert one.key.startswith("right")
        assert one.is_right == (one.picked == one.key)


def test_the_panel_is_told(db: Database) -> None:
    """Appointed, barred, trusted by role, or nothing of these."""
    town = Town(db)
    ann, bob = town.hire("ann", knows(1)), town.hire("bob", knows(1), "trusted")
    assert portray(db, 1, ann).panel is None
    assert portray(db, 1, bob).panel == "appointed"
    trusting.appoint(db, 1, ann, "the best", town.now)
    trusting.bar(db, 1, bob, "a conflict of interest", town.now)
    assert portray(db, 1, ann).panel == "appointed"
    assert portray(db, 1, bob).panel == "barred"
    assert [moment.text for moment in portray(db, 1, bob).moments] == [
        "was barred from the panel: a conflict of interest"
    ]


@pytest.mark.parametrize("cursor", ["x", "1~2~3", "1~2026-01-05~3", "-1~2026-01-05T00:00:00+00:00~3"])
def test_a_cursor_that_is_none(history: tuple[Town, int], cursor: str) -> None:
    """It is refused with an error of the client's."""
    with pytest.raises(InvalidInput):
        portray(history[0].db, 1, history[1], cursor)


def test_somebody_who_is_not_there(history: tuple[Town, int]) -> None:
    """Neither an unknown labeler nor an unknown project has a page."""
    with pytest.raises(NotFound):
        portray(history[0].db, 1, 999)
    with pytest.raises(NotFound):
        portray(history[0].db, 9, history[1])
