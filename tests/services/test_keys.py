"""Keys: what is stored of them, who they prove somebody to be."""

import hashlib
import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from goldvein.domain.errors import Conflict, InvalidInput, NotFound, Unauthenticated
from goldvein.domain.records import Principal, Role
from goldvein.services import keys
from goldvein.settings import read_settings
from goldvein.store.database import Database
from goldvein.store.webhooks import Webhook

NOW = datetime(2026, 1, 5, tzinfo=UTC)


@pytest.fixture
def own_db(database_url: str) -> Iterator[Database]:
    """A database of the test's own."""
    with Database(database_url, pool_size=2) as db:
        yield db


def test_only_the_hash_of_a_token_is_stored(own_db: Database) -> None:
    """256 random bits behind a prefix that secret scanners can know."""
    token = keys.issue(own_db, "operator", None, "k", NOW)
    assert re.fullmatch(r"gv_ops_[A-Za-z0-9_-]{43}", token)
    with own_db.connection() as tx:
        row = tx.execute("SELECT k::text, hash FROM api_keys k").fetchone()
    assert row is not None
    assert token not in row[0]
    assert bytes(row[1]) == hashlib.sha256(token.encode()).digest()


@pytest.mark.parametrize("role", ["labeler", "trusted", "auditor"])
def test_a_key_says_who_somebody_is(own_db: Database, role: Role) -> None:
    """Until it is revoked, and then no more."""
    labeler = keys.create_labeler(own_db, "anna", role, NOW)
    key = keys.issue_for_labeler(own_db, labeler, "k", NOW)
    assert keys.authenticate(own_db, key.token) == Principal(key.id, role, None, labeler)
    keys.revoke(own_db, key.id, NOW)
    keys.revoke(own_db, key.id, NOW)
    with pytest.raises(Unauthenticated):
        keys.authenticate(own_db, key.token)


@pytest.mark.parametrize("token", ["", "x", "gv_cus_short", "gv_cus_" + "A" * 43, "gv_xxx_" + "A" * 43])
def test_what_is_no_key_is_nobody(own_db: Database, token: str) -> None:
    """Whether it looks like one or not."""
    with pytest.raises(Unauthenticated):
        keys.authenticate(own_db, token)


def test_hundreds_are_made_at_once_and_in_order(own_db: Database) -> None:
    """One statement for the people, one for their keys."""
    names = [f"labeler {i:03}" for i in range(500)]
    ids = keys.create_labelers(own_db, [(name, "labeler") for name in reversed(names)], NOW)
    issued = keys.issue_many(own_db, [("labeler", labeler, "k") for labeler in ids], NOW)
    assert [keys.authenticate(own_db, key.token).labeler for key in issued[::50]] == ids[::50]
    listed = {one.id: one.name for one in keys.list_labelers(own_db, limit=1_000)}
    assert [listed[labeler] for labeler in ids] == list(reversed(names))


def test_names_of_labelers_are_unique(own_db: Database) -> None:
    """All or none: nobody is made of a list with a name that is taken."""
    keys.create_labeler(own_db, "anna", "labeler", NOW)
    for people in (["anna"], ["bert", "bert"], ["bert", "anna"]):
        with pytest.raises(Conflict) as taken:
            keys.create_labelers(own_db, [(name, "labeler") for name in people], NOW)
        assert taken.value.code == "labeler_exists"
    assert [one.name for one in keys.list_labelers(own_db)] == ["anna"]


def test_a_key_needs_its_owner(own_db: Database) -> None:
    """Operators have none, all others have one that exists."""
    with pytest.raises(InvalidInput):
        keys.issue(own_db, "customer", None, "k", NOW)
    with pytest.raises(InvalidInput):
        keys.issue(own_db, "operator", 1, "k", NOW)
    with pytest.raises(NotFound):
        keys.issue(own_db, "customer", 12345, "k", NOW)
    with pytest.raises(NotFound):
        keys.issue_for_labeler(own_db, 12345, "k", NOW)
    with pytest.raises(NotFound):
        keys.revoke(own_db, 12345, NOW)
    with pytest.raises(NotFound):
        keys.change_role(own_db, 12345, "trusted", NOW)


def test_a_role_moves_with_all_keys_of_the_person(own_db: Database) -> None:
    """And with nobody else's."""
    anna, bert = keys.create_labelers(own_db, [("anna", "labeler"), ("bert", "labeler")], NOW)
    tokens = [keys.issue(own_db, "labeler", owner, "k", NOW) for owner in (anna, anna, bert)]
    assert keys.change_role(own_db, anna, "trusted", NOW).role == "trusted"
    roles = [keys.authenticate(own_db, token).role for token in tokens]
    assert roles == ["trusted", "trusted", "labeler"]


def test_secrets_are_not_shown_by_accident() -> None:
    """What is printed, logged or stands in a traceback holds no key, no signing secret and no password."""
    hook = Webhook(1, 1, "https://x", "whsec_x", (), "enabled", None, 0, None, 0, NOW, NOW)
    settings = read_settings({"GOLDVEIN_DATABASE_URL": "postgresql://me:hidden@there/x"})
    key = keys.IssuedKey(1, "operator", "gv_ops_x")
    for shown, secret in ((hook, "whsec_x"), (key, "gv_ops_x"), (settings, "hidden")):
        assert secret not in repr(shown)
