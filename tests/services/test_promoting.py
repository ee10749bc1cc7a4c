"""Promoting a policy, and the way back."""

from __future__ import annotations

import pytest

from goldvein.domain.errors import Conflict, InvalidInput, NotFound
from goldvein.services import projects, promoting
from goldvein.store.database import Database
from tests.services.town import Town


def test_a_promoted_policy_is_a_new_version_and_comes_back_as_another(db: Database) -> None:
    """Only what differs is turned; going back twice goes forth again; nothing stored is ever changed."""
    town = Town(db, {"deliver_at": 0.92})
    before = projects.policy(db, 1)
    turned = promoting.promote(db, 1, {"deliver_at": 0.97, "suspect_below": 0.95}, town.now)
    assert (turned.version, turned.before) == (2, 1)
    assert turned.knobs == {"deliver_at": (0.92, 0.97)}
    assert projects.policy(db, 1).deliver_at == 0.97
    back = promoting.revert(db, 1, town.now)
    assert back.version == 3
    assert projects.policy(db, 1) == before
    assert promoting.revert(db, 1, town.now).knobs == {"deliver_at": (0.92, 0.97)}
    assert promoting.revert(db, 1, town.now, version=1).version == 5
    assert [one.version for one in promoting.versions(db, 1)] == [5, 4, 3, 2, 1]
    logged = town.rows("SELECT policy_version, detail FROM log WHERE kind = 'policy' ORDER BY id")
    assert logged[0] == (2, {"deliver_at": 0.97})
    assert logged[1] == (3, {"deliver_at": 0.92})
    assert town.proof() == []


def test_what_cannot_be_promoted_is_refused(db: Database) -> None:
    """Nothing to turn, nothing to go back to, a value that breaks a rule, an unknown version or project."""
    town = Town(db)
    with pytest.raises(Conflict, match="already"):
        promoting.promote(db, 1, {"deliver_at": 0.9}, town.now)
    with pytest.raises(Conflict, match="first policy"):
        promoting.revert(db, 1, town.now)
    with pytest.raises(InvalidInput, match="deliver_at"):
        promoting.promote(db, 1, {"deliver_at": 7.0}, town.now)
    with pytest.raises(NotFound, match="version 9"):
        promoting.revert(db, 1, town.now, version=9)
    with pytest.raises(NotFound):
        promoting.promote(db, 99, {"deliver_at": 0.95}, town.now)


def test_a_change_is_based_on_the_version_that_was_seen(db: Database) -> None:
    """Two who turn knobs at once do not turn them over each other's heads."""
    town = Town(db)
    projects.update(db, 1, None, policy={"deliver_at": 0.95}, based_on=1, now=town.now)
    with pytest.raises(Conflict, match="meanwhile"):
        projects.update(db, 1, None, policy={"deliver_at": 0.97}, based_on=1, now=town.now)
    assert projects.policy(db, 1).deliver_at == 0.95
