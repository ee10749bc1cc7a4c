"""Accounts: guesses at passwords, sessions, and what is stored of each."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from goldvein.domain.errors import Conflict, InvalidInput, NotFound, Unauthenticated
from goldvein.domain.records import Role
from goldvein.services import accounts, passwords, upkeep
from goldvein.services.accounts import LinkEnded, WrongLogin
from goldvein.store.database import Database

NOW = datetime(2026, 1, 5, tzinfo=UTC)
PASSWORD = "correct horse battery"


@pytest.fixture
def anna(db: Database) -> int:
    """A labeler with a password."""
    return accounts.create(db, "anna", PASSWORD, "labeler", NOW)


def is_right(db: Database, password: str, now: datetime, login: str = "anna") -> bool:
    """Whether a guess gets in."""
    try:
        accounts.sign_in(db, login, password, "test", now)
    except WrongLogin:
        return False
    return True


def test_wrong_passwords_lock_for_growing_times(db: Database, anna: int) -> None:
    """While locked, the right one is refused as well; once right, all is forgotten."""
    now = NOW
    for _ in range(5):
        assert not is_right(db, "wrong", now)
    assert not is_right(db, PASSWORD, now + timedelta(seconds=29))
    for seconds in (30, 60, 120):
        now += timedelta(seconds=seconds)
        assert not is_right(db, "wrong", now)
        assert not is_right(db, PASSWORD, now + timedelta(seconds=2 * seconds - 1))
    now += timedelta(seconds=240)
    assert is_right(db, PASSWORD, now)
    assert accounts.get(db, anna).failures == 0
    assert not is_right(db, "wrong", now)
    assert is_right(db, PASSWORD, now)


@pytest.mark.parametrize(
    ("failures", "seconds"), [(0, 0), (4, 0), (5, 30), (6, 60), (11, 1920), (12, 3600), (10_000, 3600)]
)
def test_how_long_a_lock_lasts(failures: int, seconds: int) -> None:
    """Nothing for a slip of the finger, and an hour at most: a stranger cannot keep somebody out for days."""
    assert passwords.wait_after(failures) == timedelta(seconds=seconds)


def test_guesses_at_once_do_not_get_past_the_lock(db: Database, anna: int) -> None:
    """Of twenty guesses that arrive together, as many are looked at as of twenty in a row."""
    looked_at: list[str] = []

    def noted(stored: str | None, password: str) -> bool:
        if stored is not None:
            looked_at.append(password)
        return False

    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(20) as threads:
        patch.setattr(passwords, "matches", noted)
        results = list(threads.map(lambda n: is_right(db, f"guess {n}", NOW), range(20)))
    assert not any(results)
    assert len(looked_at) == passwords.FREE_GUESSES
    assert accounts.get(db, anna).failures == passwords.FREE_GUESSES


def test_strangers_do_not_learn_who_has_an_account(db: Database, anna: int) -> None:
    """One answer for a wrong password, a locked account, a disabled one, one without a password, and none."""
    accounts.create(db, "by-link", None, "labeler", NOW)
    answers = set()
    for login in ("anna", "by-link", "nobody", "", "a" * 1_000):
        for _ in range(8):
            with pytest.raises(WrongLogin) as caught:
                accounts.sign_in(db, login, "wrong", "test", NOW)
            answers.add(str(caught.value))
    assert len(answers) == 1


def test_a_right_password_has_a_session_of_its_own(db: Database, anna: int) -> None:
    """Each sign-in makes a new token, of which the hash is stored; ending one leaves the other."""
    first, second = (accounts.sign_in(db, " Anna", PASSWORD, "test", NOW) for _ in range(2))
    assert first != second
    with db.connection() as tx:
        rows = tx.execute("SELECT s::text, a::text FROM sessions s JOIN accounts a ON a.id = s.account")
        stored = str(rows.fetchall())
    assert first not in stored
    assert PASSWORD not in stored
    assert "$argon2id$" in stored
    accounts.sign_out(db, first)
    with pytest.raises(Unauthenticated):
        accounts.authenticate(db, first, NOW)
    assert accounts.authenticate(db, second, NOW).login == "anna"
    accounts.sign_out_everywhere(db, anna, NOW)
    with pytest.raises(Unauthenticated):
        accounts.authenticate(db, second, NOW)


def test_a_session_lasts_as_long_as_it_is_used(db: Database, anna: int) -> None:
    """Two weeks from the last use."""
    token = accounts.begin_session(db, anna, "test", NOW)
    day = timedelta(days=1)
    for days in (13, 26):
        assert accounts.authenticate(db, token, NOW + days * day).account == anna
    with pytest.raises(Unauthenticated):
        accounts.authenticate(db, token, NOW + 40 * day + timedelta(seconds=1))


def test_an_entry_is_used_once_by_one(db: Database, anna: int) -> None:
    """Of ten who follow the same link at once, one gets in."""
    token = accounts.make_entry(db, anna, NOW)

    def enters(_: int) -> bool:
        try:
            accounts.enter(db, token, "test", NOW)
        except LinkEnded:
            return False
        return True

    with ThreadPoolExecutor(10) as threads:
        assert sum(threads.map(enters, range(10))) == 1


def test_signing_out_everywhere_ends_links_too(db: Database, anna: int) -> None:
    """Who fears for an account need not wait ten minutes."""
    token = accounts.make_entry(db, anna, NOW)
    accounts.sign_out_everywhere(db, anna, NOW)
    with pytest.raises(LinkEnded):
        accounts.enter(db, token, "test", NOW)


@pytest.mark.parametrize(
    ("login", "password", "role", "customer", "error"),
    [
        ("anna", PASSWORD, "labeler", None, Conflict),
        ("ANNA ", PASSWORD, "operator", None, Conflict),
        ("x", PASSWORD, "operator", None, InvalidInput),
        ("two words", PASSWORD, "operator", None, InvalidInput),
        ("x" * 101, PASSWORD, "operator", None, InvalidInput),
        ("eve", "short", "operator", None, InvalidInput),
        ("eve", "x" * 201, "operator", None, InvalidInput),
        ("eve", PASSWORD, "customer", None, InvalidInput),
        ("eve", PASSWORD, "labeler", 1, InvalidInput),
        ("eve", PASSWORD, "customer", 999, NotFound),
    ],
)
def test_what_makes_no_account(
    db: Database,
    anna: int,
    login: str,
    password: str,
    role: Role,
    customer: int | None,
    error: type[Exception],
) -> None:
    """And nothing is left of the attempt."""
    with pytest.raises(error):
        accounts.create(db, login, password, role, NOW, customer=customer)
    with db.connection() as tx:
        assert tx.execute("SELECT (SELECT count(*) FROM accounts), count(*) FROM labelers").fetchone() == (
            1,
            1,
        )


def test_what_has_ended_is_forgotten(db: Database, anna: int) -> None:
    """Sessions and links go by the daily job; what is still good stays."""
    day = timedelta(days=1)
    old, new = (accounts.begin_session(db, anna, "test", NOW + days * day) for days in (0, 10))
    accounts.make_entry(db, anna, NOW)
    entry = accounts.make_entry(db, anna, NOW + 15 * day)
    assert upkeep.purge(db, NOW + 15 * day)["sessions"] == 2
    assert upkeep.purge(db, NOW + 15 * day)["sessions"] == 0
    assert accounts.authenticate(db, new, NOW + 15 * day).account == anna
    accounts.enter(db, entry, "test", NOW + 15 * day)
    with pytest.raises(Unauthenticated):
        accounts.authenticate(db, old, NOW)
