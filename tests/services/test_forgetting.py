"""Forgetting by age: what was kept long enough goes, once, and no proof misses it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from goldvein.services import forgetting, invitations
from goldvein.services.forgetting import Spans
from goldvein.services.invitations import Invitation
from goldvein.services.metering import Meter
from goldvein.services.people import TERMINAL
from goldvein.store.database import Database
from tests.services.outspoken import outspoken_town

DAY = timedelta(days=1)
WITH_FOCUS = "SELECT count(*) FROM answers WHERE focus_ms IS NOT NULL"
WITH_COMMENT = "SELECT count(*) FROM answers WHERE comment IS NOT NULL"


@pytest.mark.parametrize("at_once", [7, 5_000])
def test_each_span_is_kept_by_itself(db: Database, monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    """Focus times go after their span, comments after theirs or never, whatever the size of a batch."""
    monkeypatch.setattr(forgetting, "_AT_ONCE", at_once)
    town = outspoken_town(db)
    assert forgetting.forget(db, town.now + 100 * DAY, Spans())["focus"] == 0, "not rolled up yet"
    Meter(db).catch_up()
    focus, comments = town.rows(WITH_FOCUS)[0][0], town.rows(WITH_COMMENT)[0][0]
    assert focus > 0
    assert comments > 0
    assert forgetting.forget(db, town.now + 89 * DAY, Spans())["focus"] == 0
    assert forgetting.forget(db, town.now + 91 * DAY, Spans())["focus"] == focus
    assert town.rows(WITH_FOCUS) == [(0,)]
    assert forgetting.forget(db, town.now + 91 * DAY, Spans())["focus"] == 0
    assert town.rows(WITH_COMMENT) == [(comments,)]
    assert forgetting.forget(db, town.now + 11 * DAY, Spans(comments=10))["comments"] == comments
    assert town.rows(WITH_COMMENT) == [(0,)]
    assert town.proof() == []


def test_what_is_younger_in_the_same_stretch_is_kept(db: Database) -> None:
    """Of answers around the end of the span the older ones alone lose their focus times."""
    town = outspoken_town(db)
    Meter(db).catch_up()
    times = "SELECT received_at FROM answers WHERE focus_ms IS NOT NULL ORDER BY received_at"
    kept = [row[0] for row in town.rows(times)]
    middle = kept[len(kept) // 2]
    older = sum(one < middle for one in kept)
    assert 0 < older < len(kept)
    assert forgetting.forget(db, middle + 90 * DAY, Spans())["focus"] == older
    assert [row[0] for row in town.rows(times)] == kept[older:]


def test_links_that_have_ended_go(db: Database) -> None:
    """With their notes, which may name whom they were for; links that are good stay."""
    town = outspoken_town(db)
    invitations.invite(db, TERMINAL, Invitation("labeler", days=7, note="for Ann"), town.now)
    before = town.rows("SELECT count(*) FROM invitations")[0][0]
    assert forgetting.forget(db, town.now + 96 * DAY, Spans())["invitations"] == 0
    assert forgetting.forget(db, town.now + 98 * DAY, Spans())["invitations"] == before
    assert town.rows("SELECT count(*) FROM invitations") == [(0,)]
