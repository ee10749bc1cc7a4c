"""Who may bring whom in, and what happens to an account when somebody changes it."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from goldvein.domain.errors import Conflict, Forbidden, InvalidInput, NotFound, Unauthenticated
from goldvein.domain.records import Principal, ProjectDraft, Role
from goldvein.services import accounts, invitations, keys, people, projects, trusting
from goldvein.services.accounts import LinkEnded, WrongLogin
from goldvein.services.invitations import Invitation
from goldvein.services.people import TERMINAL
from goldvein.store.database import Database
from tests.store.plans import Watch

NOW = datetime(2026, 1, 5, tzinfo=UTC)
PASSWORD = "correct horse battery"


def make(db: Database, role: Role) -> Principal:
    """Somebody who has signed in."""
    account = accounts.create(db, f"an-{role}", PASSWORD, role, NOW)
    return accounts.authenticate(db, accounts.begin_session(db, account, "test", NOW), NOW)


def join(db: Database, token: str, login: str, now: datetime = NOW) -> Principal:
    """Come by a link."""
    return accounts.authenticate(db, invitations.join(db, token, login, PASSWORD, "test", now), now)


def test_many_come_by_one_link(db: Database) -> None:
    """Twelve follow a link for five at once: five get in, and the list says so."""
    token = invitations.invite(db, TERMINAL, Invitation("labeler", uses=5, note="the first shift"), NOW)

    def joins(number: int) -> bool:
        try:
            join(db, token, f"labeler-{number}")
        except LinkEnded:
            return False
        return True

    with ThreadPoolExecutor(6) as threads:
        assert sum(threads.map(joins, range(12))) == 5
    (line,) = invitations.list_latest(db)
    assert (line.used, line.uses_left, line.note, line.created_by) == (5, 0, "the first shift", None)
    assert len(people.list_(db)) == 5
    assert {one.role for one in keys.list_labelers(db)} == {"labeler"}


def test_a_taken_name_costs_no_use(db: Database) -> None:
    """Whoever chose it tries another, by the same link."""
    make(db, "operator")
    token = invitations.invite(db, TERMINAL, Invitation("labeler"), NOW)
    with pytest.raises(Conflict):
        join(db, token, "an-operator")
    assert join(db, token, "somebody").role == "labeler"
    with pytest.raises(LinkEnded):
        join(db, token, "somebody-else")


def test_a_link_ends(db: Database) -> None:
    """By its date, and when it is taken back; who came by it stays."""
    operator = make(db, "operator")
    token = invitations.invite(db, operator, Invitation("labeler", uses=9, days=2), NOW)
    person = join(db, token, "early")
    with pytest.raises(LinkEnded):
        invitations.look(db, token, NOW + timedelta(days=2))
    (line,) = invitations.list_latest(db)
    invitations.revoke(db, operator, line.id, NOW)
    with pytest.raises(LinkEnded):
        join(db, token, "late")
    with pytest.raises(NotFound):
        invitations.revoke(db, operator, 999, NOW)
    assert person.account is not None
    assert accounts.get(db, person.account).disabled_at is None


def test_only_the_hash_of_a_link_is_stored(db: Database) -> None:
    """Who reads the database cannot come by it."""
    token = invitations.invite(db, TERMINAL, Invitation("admin"), NOW)
    with db.connection() as tx:
        assert token not in str(tx.execute("SELECT i::text FROM invitations i").fetchall())


@pytest.mark.parametrize("role", people.ROLES)
def test_operators_make_no_operators(db: Database, role: Role) -> None:
    """Nor admins; nobody else makes anybody."""
    customer = keys.create_customer(db, "ours", NOW) if role == "customer" else None
    wanted = Invitation(role, customer)
    operator = make(db, "operator")
    invitations.invite(db, replace(operator, role="admin"), wanted, NOW)
    if role in {"operator", "admin"}:
        with pytest.raises(Forbidden):
            invitations.invite(db, operator, wanted, NOW)
    else:
        invitations.invite(db, operator, wanted, NOW)
    for other in ("labeler", "trusted", "auditor", "customer"):
        with pytest.raises(Forbidden):
            invitations.invite(db, Principal(1, other), wanted, NOW)


@pytest.mark.parametrize(
    ("wanted", "error"),
    [
        (Invitation("labeler", uses=0), InvalidInput),
        (Invitation("labeler", uses=10_001), InvalidInput),
        (Invitation("labeler", days=0), InvalidInput),
        (Invitation("labeler", days=91), InvalidInput),
        (Invitation("labeler", note="x" * 201), InvalidInput),
        (Invitation("labeler", customer=1), InvalidInput),
        (Invitation("customer"), InvalidInput),
        (Invitation("customer", customer=999), NotFound),
    ],
)
def test_what_makes_no_link(db: Database, wanted: Invitation, error: type[Exception]) -> None:
    """Bounds hold, and a customer's people belong to a customer that there is."""
    with pytest.raises(error):
        invitations.invite(db, TERMINAL, wanted, NOW)
    assert invitations.list_latest(db) == []


def test_a_customers_people_see_that_customer(db: Database) -> None:
    """The link says which."""
    customer = keys.create_customer(db, "ours", NOW)
    token = invitations.invite(db, TERMINAL, Invitation("customer", customer), NOW)
    assert join(db, token, "researcher").customer == customer


def test_a_new_password_by_link(db: Database) -> None:
    """The old one is of no use any more, and sessions end; a lock is lifted."""
    person = make(db, "labeler")
    assert person.account is not None
    session = accounts.begin_session(db, person.account, "test", NOW)
    for _ in range(6):
        with pytest.raises(WrongLogin):
            accounts.sign_in(db, "an-labeler", "wrong", "test", NOW)
    token = invitations.invite_back(db, make(db, "operator"), person.account, NOW)
    with pytest.raises(LinkEnded), db.transaction() as tx:
        invitations.admit(tx, token, "somebody-new", NOW)
    fresh = invitations.join(db, token, "ignored", "another one entirely", "test", NOW)
    assert accounts.authenticate(db, fresh, NOW).account == person.account
    with pytest.raises(Unauthenticated):
        accounts.authenticate(db, session, NOW)
    with pytest.raises(WrongLogin):
        accounts.sign_in(db, "an-labeler", PASSWORD, "test", NOW)
    accounts.sign_in(db, "an-labeler", "another one entirely", "test", NOW)
    with pytest.raises(LinkEnded):
        invitations.look(db, token, NOW)


@pytest.mark.parametrize("how", ["another link", "by hand", "signed out"])
def test_links_for_a_new_password_end_with_what_they_were_for(db: Database, how: str) -> None:
    """A link that lies in a mailbox opens nothing once there is a new password, or all was to end."""
    admin, person = make(db, "admin"), make(db, "labeler")
    assert person.account is not None
    lies, used = (invitations.invite_back(db, admin, person.account, NOW) for _ in range(2))
    people.sign_out(db, admin, person.account)  # theirs to give, and not ended by it
    invitations.look(db, lies, NOW)
    match how:
        case "another link":
            join(db, used, "")
        case "by hand":
            accounts.change_password(db, person.account, PASSWORD, "another one entirely", "test", NOW)
        case _:
            accounts.sign_out_everywhere(db, person.account, NOW)
    with pytest.raises(LinkEnded):
        invitations.look(db, lies, NOW)
    with pytest.raises(LinkEnded):
        join(db, lies, "")


def test_operators_do_not_touch_their_like(db: Database) -> None:
    """Nor admins; an admin touches all, but not their own account."""
    operator, admin = make(db, "operator"), make(db, "admin")
    other = accounts.create(db, "other", PASSWORD, "operator", NOW)
    assert admin.account is not None
    for account in (other, admin.account):
        with pytest.raises(Forbidden):
            people.disable(db, operator, account, NOW)
        with pytest.raises(Forbidden):
            people.sign_out(db, operator, account)
        with pytest.raises(Forbidden):
            people.change_role(db, operator, account, "operator", NOW)
        with pytest.raises(Forbidden):
            invitations.invite_back(db, operator, account, NOW)
    people.change_role(db, admin, other, "admin", NOW)
    assert accounts.get(db, other).role == "admin"
    with pytest.raises(Forbidden):
        people.disable(db, admin, admin.account, NOW)
    with pytest.raises(NotFound):
        people.disable(db, admin, 999, NOW)


def test_panels_follow_a_labelers_role(db: Database) -> None:
    """Who becomes trusted is appointed in the projects under way, which the log says."""
    customer = keys.create_customer(db, "ours", NOW)
    project = projects.create(db, customer, ProjectDraft("p", "Pick one."), NOW)
    person, operator = make(db, "labeler"), make(db, "operator")
    assert person.account is not None
    people.change_role(db, operator, person.account, "trusted", NOW)
    assert [one.labeler for one in trusting.panel(db, project.id)] == [person.labeler]
    assert accounts.get(db, person.account).role == "trusted"
    for role_of_another_kind in ("customer", "operator"):
        with pytest.raises((Conflict, Forbidden)):
            people.change_role(db, operator, person.account, role_of_another_kind, NOW)


def test_a_disabled_account_opens_nothing(db: Database) -> None:
    """Sessions, passwords, links and a labeler's keys end; enabled again, the password is good again."""
    admin, person = make(db, "admin"), make(db, "labeler")
    assert person.account is not None
    assert person.labeler is not None
    session = accounts.begin_session(db, person.account, "test", NOW)
    entry = accounts.make_entry(db, person.account, NOW)
    back = invitations.invite_back(db, admin, person.account, NOW)
    key = keys.issue_for_labeler(db, person.labeler, "k", NOW).token
    people.disable(db, admin, person.account, NOW)
    with pytest.raises(Unauthenticated):
        accounts.authenticate(db, session, NOW)
    with pytest.raises(Unauthenticated):
        keys.authenticate(db, key)
    with pytest.raises(WrongLogin):
        accounts.sign_in(db, "an-labeler", PASSWORD, "test", NOW)
    with pytest.raises(LinkEnded):
        accounts.enter(db, entry, "test", NOW)
    with pytest.raises(LinkEnded):
        join(db, back, "")
    people.enable(db, admin, person.account)
    with pytest.raises(LinkEnded):  # made before, for whoever had the account then
        join(db, back, "")
    accounts.sign_in(db, "an-labeler", PASSWORD, "test", NOW)


def test_links_of_who_is_out_or_demoted_end(db: Database) -> None:
    """Nobody leaves a way back in for themselves."""
    admin = make(db, "admin")
    for change in ("disable", "demote"):
        account = accounts.create(db, f"rogue-{change}", PASSWORD, "admin", NOW)
        rogue = Principal(1, "admin", account=account)
        token = invitations.invite(db, rogue, Invitation("admin", uses=3), NOW)
        invitations.look(db, token, NOW)
        if change == "disable":
            people.disable(db, admin, account, NOW)
        else:
            people.change_role(db, admin, account, "operator", NOW)
        with pytest.raises(LinkEnded):
            invitations.look(db, token, NOW)


def test_people_are_found_by_prefix_role_and_customer(db: Database) -> None:
    """Page after page, each once, in the order of their names."""
    customer = keys.create_customer(db, "ours", NOW)
    for n in range(25):
        accounts.create(db, f"b-{n:02}", None, "labeler", NOW)
        accounts.create(db, f"c-{n:02}", None, "customer", NOW, customer=customer)
    seen: list[str] = []
    while found := people.list_(db, prefix="B-", after=seen[-1] if seen else "", limit=10):
        seen += [one.login for one in found]
    assert seen == [f"b-{n:02}" for n in range(25)]
    assert [one.login for one in people.list_(db, role="customer", limit=3)] == ["c-00", "c-01", "c-02"]
    assert len(people.list_(db, customer=customer)) == 25
    assert people.list_(db, prefix="%") == people.list_(db, prefix="b-_") == []


def test_a_hundred_thousand_accounts_are_not_read_for_a_page(db: Database) -> None:
    """Any page of any filter touches a few blocks, in either kind of plan."""
    with db.connection() as tx:
        tx.execute(
            "INSERT INTO labelers (name, role, created_at)"
            " SELECT 'person-' || n, 'labeler', %s FROM generate_series(1, 100000) n",
            (NOW,),
        )
        tx.execute(
            "INSERT INTO accounts (login, role, labeler, created_at)"
            " SELECT name, role, id, created_at FROM labelers"
        )
        tx.execute("ANALYZE accounts")
    make(db, "admin")
    watch = Watch(db)
    for prefix, role, after in (
        ("", None, ""),
        ("", None, "person-5"),
        ("person-77", None, ""),
        ("nobody", None, ""),
        ("", "admin", ""),
        ("person-9", "labeler", "person-95"),
        ("person-9", "auditor", ""),
    ):
        people.list_(watch, prefix=prefix, role=role, after=after, limit=51)  # type: ignore[arg-type]
    people.list_(watch, customer=1, limit=51)  # type: ignore[arg-type]
    watch.close()
    assert len({one.name for one in watch.seen}) == 3
    dear = [one for one in watch.seen if one.blocks > 160 or "accounts" in one.scanned]
    assert not dear, dear


def test_a_customer_ends_its_own_keys_only(db: Database) -> None:
    """Another's does not exist; each is known again by its last characters."""
    ours, theirs = (keys.create_customer(db, name, NOW) for name in ("ours", "theirs"))
    token = keys.issue(db, "customer", theirs, "k", NOW)
    (line,) = keys.list_keys(db, theirs)
    assert (line.name, line.ending) == ("k", token[-4:])
    assert keys.list_keys(db, ours) == []
    with pytest.raises(NotFound):
        keys.revoke_of_customer(db, ours, line.id, NOW)
    keys.authenticate(db, token)
    keys.revoke_of_customer(db, theirs, line.id, NOW)
    with pytest.raises(Unauthenticated):
        keys.authenticate(db, token)
