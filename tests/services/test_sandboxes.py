"""Sandboxes: copies that no customer sees, in which people stay at work while no real work waits."""

from __future__ import annotations

from datetime import timedelta

import pytest

from goldvein.domain.errors import Conflict, NotFound
from goldvein.domain.records import Project, Work, WorkRequest
from goldvein.services import (
    accounts,
    cards,
    keys,
    personal,
    practice,
    projects,
    promoting,
    rulings,
    sandboxes,
    webhooks,
)
from goldvein.services.metering import Meter
from goldvein.services.sandboxes import SandboxDraft
from goldvein.services.sweeps import Sweeper
from goldvein.services.verification import verify
from goldvein.services.withdrawing import Withdrawal, withdraw_labels
from goldvein.store import sandboxes as store
from goldvein.store.database import Database
from tests.never_twice import nobody_saw_twice
from tests.services.town import Town, guesses, knows, outcome

POLICY = {"open_at": 12, "rate_ceiling": 0.4, "decoy_share": 0.0, "audit_labelers": 0}


@pytest.fixture
def town(db: Database) -> Town:
    """An open project whose customer has just fallen silent: everything is labelled."""
    town = Town(db, POLICY)
    town.open_by_hand(80)
    for n in range(8):
        town.hire(f"good {n}", knows(0.97))
    town.push(200)
    waiting = "SELECT FROM tasks WHERE state = 'queued'"
    for _ in range(200):
        town.round()
        if not town.rows(waiting):
            break
    for _ in range(12):
        town.round(30)
    assert not town.rows(waiting)
    few = {"rate_ceiling": 0.01, "rate_floor": 0.001}  # or a benchmark comes where a test expects no work
    projects.update(db, 1, None, policy=few, now=town.now)
    return town


def warm(town: Town, per_day: int = 100_000, draft: SandboxDraft = SandboxDraft()) -> Project:  # noqa: B008
    """A sandbox whose work people get, as the loops leave it."""
    made = sandboxes.create(town.db, 1, draft, town.now)
    sandboxes.set_warm(town.db, made.id, per_day, town.now)
    tend(town)
    return made


def at_work_in(town: Town, labeler: int) -> int:
    """The project of what a labeler has in hand."""
    return int(town.rows(f"SELECT lease_project FROM labelers WHERE id = {labeler}")[0][0])


def tend(town: Town) -> None:
    """What the loops beside the way do now."""
    Meter(town.db).step(town.now)
    Sweeper(town.db).sweep(town.now)


def test_a_sandbox_is_a_copy_of_the_house(town: Town) -> None:
    """It opens with benchmarks of the original and holds its latest labelled tasks."""
    made = sandboxes.create(town.db, 1, SandboxDraft("tried", tasks=50, benchmarks=30), town.now)
    assert (made.name, made.state, made.sandbox_of, made.carried) == ("tried", "open", 1, 30)
    assert town.rows(f"SELECT count(*) FROM attempts WHERE project = {made.id} AND state = 'open'") == [(50,)]
    last = "SELECT task FROM labels WHERE project = 1 ORDER BY id DESC LIMIT 50"
    copied = town.rows(f"SELECT content FROM tasks WHERE project = {made.id} AND state = 'queued' ORDER BY 1")
    assert copied == town.rows(f"SELECT content FROM tasks WHERE id IN ({last}) ORDER BY 1")
    again = sandboxes.create(town.db, 1, SandboxDraft(tasks=5), town.now)
    assert again.customer == made.customer != town.customer
    assert [one.id for one in sandboxes.list_(town.db, 1, town.now)] == [again.id, made.id]


def test_no_customer_sees_it(town: Town) -> None:
    """Neither the original's customer nor any other, and nobody can be made to be the house."""
    made = sandboxes.create(town.db, 1, SandboxDraft(tasks=5), town.now)
    assert [one.id for one in projects.list_(town.db, town.customer)] == [1]
    with pytest.raises(NotFound):
        projects.get(town.db, made.id, town.customer)
    with pytest.raises(NotFound, match="the house"):
        keys.issue(town.db, "customer", made.customer, "", town.now)
    with pytest.raises(NotFound):
        accounts.create(
            town.db, "somebody", "correct horse battery", "customer", town.now, customer=made.customer
        )
    assert made.customer not in [one.id for one in keys.list_customers(town.db)]
    with pytest.raises(Conflict, match="nothing of it leaves the house"):
        webhooks.create(town.db, made.id, "https://example.org/", None, allow_private=False, now=town.now)


def test_what_cannot_be_copied(db: Database, town: Town) -> None:
    """A sandbox, a project that has not opened, one without enough benchmarks for what is to be tried."""
    made = sandboxes.create(db, 1, SandboxDraft(tasks=5), town.now)
    with pytest.raises(Conflict, match="is a sandbox of 1"):
        sandboxes.create(db, made.id, SandboxDraft(), town.now)
    with pytest.raises(Conflict, match="a sandbox needs 500"):
        sandboxes.create(db, 1, SandboxDraft(policy={"open_at": 500}), town.now)
    with pytest.raises(NotFound):
        sandboxes.create(db, 99, SandboxDraft(), town.now)


def test_people_stay_at_work_and_real_work_comes_first(town: Town) -> None:
    """Without real work they get the sandbox's; the first real task goes to whoever asks next."""
    who = town.names["good 3"]
    town.leases.pop(who, None)
    town.wait(3600)
    assert town.ask(who, 1) == "queue_empty"
    made = warm(town, draft=SandboxDraft("try a lower bar"))
    projects.update(town.db, 1, None, now=town.now, instruction="Pick the one that is right.")
    work = town.ask(who, 1)
    assert isinstance(work, Work)
    assert at_work_in(town, who) == made.id
    assert (work.project, work.name, work.instruction) == (1, "texts", "Pick the one that is right.")
    practice.dispute(town.db, who, work.lease, "unclear", town.now)
    told = list(personal.lines(town.db, None, who, town.now))
    assert {line["project"] for line in told if "project" in line} == {"texts"}
    assert [one.project for one in cards.read(town.db, who, town.now).disputes] == ["texts"]
    town.push(3, start=5_000)
    following = town.answer(who, work)
    assert isinstance(following, Work)
    assert at_work_in(town, who) == 1


def test_who_names_the_original_goes_on_in_its_sandbox(town: Town) -> None:
    """By its number somebody gets the sandbox's work, also again, as whoever was let in there already."""
    who = town.names["good 3"]
    town.wait(3600)
    while isinstance(town.ask(who, 1), Work):  # what others had in hand
        town.wait(3600)
    made = warm(town)
    for _ in range(2):
        work = town.ask(who, 1)
        assert isinstance(work, Work)
        assert at_work_in(town, who) == made.id
        town.wait(3600)  # it lapses
    assert town.rows(
        f"SELECT n FROM log WHERE project = {made.id} AND labeler = {who} AND kind = 'admit'"
    ) == [(0,)]


def test_work_does_not_run_out_and_nothing_is_seen_twice(town: Town) -> None:
    """Eight people go on with forty tasks for hours: all that each has not had, in either project."""
    made = warm(town, draft=SandboxDraft(tasks=60, benchmarks=20))
    for _ in range(40):
        town.round(30)
        tend(town)
    done = dict(town.rows(f"SELECT labeler, count(*) FROM answers WHERE project = {made.id} GROUP BY 1"))
    assert len(done) == 8
    assert min(done.values()) > 30
    assert town.proof() == []


def test_who_had_a_task_in_a_sandbox_does_not_get_it_in_the_original(town: Town) -> None:
    """Its label is withdrawn, and it waits again: for somebody who had it in neither, closed or not."""
    made = warm(town, draft=SandboxDraft(tasks=60, benchmarks=20))
    for _ in range(8):
        town.round(30)
        tend(town)
    had = {
        (content, labeler)
        for content, labeler in town.rows(
            f"SELECT content, labeler FROM attempts WHERE project = {made.id} AND labeler IS NOT NULL"
            " AND stage IN ('label', 'decoy')"
        )
    }
    contents = {content for content, _ in had}
    found = town.rows("SELECT l.id, l.task, t.content FROM labels l JOIN tasks t USING (project) WHERE"
                      " l.project = 1 AND t.id = l.task AND l.withdrawn_at IS NULL")  # fmt: skip
    wanted = [Withdrawal(label, task) for label, task, content in found if content in contents]
    assert len(wanted) > 20
    sandboxes.set_warm(town.db, made.id, 0, town.now)
    projects.update(town.db, made.id, None, state="closed", now=town.now)
    with town.db.transaction() as tx:
        assert len(withdraw_labels(tx, 1, wanted, "to be asked anew", town.now)) == len(wanted)
    town.leases.clear()
    town.hire("newcomer", knows(0.97))
    for _ in range(30):
        town.round(30)
        Sweeper(town.db).sweep(town.now)
    asked = town.rows(
        "SELECT a.content, a.labeler FROM attempts a WHERE project = 1 AND stage = 'label'"
        f" AND a.task = ANY ('{{{','.join(str(one.task) for one in wanted)}}}') AND labeler IS NOT NULL"
    )
    assert not had & {(content, labeler) for content, labeler in asked}
    again = "SELECT count(*) FROM labels WHERE project = 1 AND replaces IS NOT NULL"
    assert town.rows(again)[0][0] > len(wanted) / 2
    nobody_saw_twice(town.db)


def test_a_copy_begins_with_what_cannot_be_withdrawn(town: Town) -> None:
    """Labels older than a day come first, the latest of them; others fill up what is left."""
    town.now += timedelta(days=2)
    town.push(30, start=8_000)
    for _ in range(30):
        town.round(5)
    day_ago = town.now - timedelta(days=1)
    old, new = town.rows(
        f"SELECT count(*) FILTER (WHERE delivered_at < '{day_ago}'),"
        f" count(*) FILTER (WHERE delivered_at >= '{day_ago}') FROM labels WHERE project = 1"
    )[0]
    assert new > 5
    for asked, recent in ((40, 0), (old + 3, 3)):
        made = sandboxes.create(town.db, 1, SandboxDraft(tasks=asked), town.now)
        copied = town.rows(
            f"SELECT count(*), count(*) FILTER (WHERE l.delivered_at >= '{day_ago}') FROM tasks c"
            " JOIN tasks t ON t.project = 1 AND t.content = c.content AND t.state = 'labelled'"
            " JOIN labels l ON l.project = 1 AND l.task = t.id AND l.withdrawn_at IS NULL"
            f" WHERE c.project = {made.id} AND c.state = 'queued'"
        )
        assert copied == [(asked, recent)]


def test_a_day_has_a_budget(town: Town) -> None:
    """When it is spent people wait as before, for the real project's reason; the next day has another."""
    made = warm(town, per_day=40)
    for _ in range(12):
        town.round(10)
        tend(town)
    spent = sandboxes.find(town.db, made.id, town.now).spent
    assert 40 <= spent <= 40 + 2 * 8
    assert set(town.reasons.values()) == {"queue_empty"}
    assert not sandboxes.find(town.db, made.id, town.now).warm_on
    town.now += timedelta(days=1)
    tend(town)
    assert sandboxes.find(town.db, made.id, town.now).warm_on


def test_who_is_out_gets_nothing_and_cards_say_nothing(town: Town) -> None:
    """Somebody dismissed from the original is not kept warm; a card knows real projects only."""
    out, other = town.names["good 1"], town.names["good 2"]
    rulings.rule(town.db, 1, out, "dismiss", "asked to go", town.now)
    warm(town)
    for _ in range(10):
        town.round(30)
    assert town.rows(f"SELECT count(*) FROM standings WHERE project <> 1 AND labeler = {out}") == [(0,)]
    assert town.rows(f"SELECT count(*) FROM standings WHERE project <> 1 AND labeler = {other}") == [(1,)]
    assert [line.project for line in cards.read(town.db, other, town.now).projects] == [1]


def test_answers_in_a_sandbox_say_nothing_in_the_original(town: Town) -> None:
    """Standings of the real project stay as they were, whatever people do in its sandbox."""
    before = town.rows("SELECT labeler, n, posterior FROM standings WHERE project = 1 ORDER BY 1")
    labels = town.rows("SELECT count(*) FROM labels WHERE project = 1")
    made = warm(town)
    group = [WorkRequest(labeler, "next", project=1) for labeler in town.people if labeler not in town.leases]
    results = zip(group, town.handle(*group), strict=True)
    given = [request.labeler for request, result in results if isinstance(outcome(result), Work)]
    assert given
    assert {at_work_in(town, labeler) for labeler in given} == {made.id}
    assert town.rows("SELECT labeler, n, posterior FROM standings WHERE project = 1 ORDER BY 1") == before
    assert town.rows("SELECT count(*) FROM labels WHERE project = 1") == labels


def test_a_simulated_labeler_works_there_and_nowhere_else(town: Town) -> None:
    """Also where real work waits; and people get no work of a sandbox that is not warm."""
    made = sandboxes.create(town.db, 1, SandboxDraft(tasks=40), town.now)
    with town.db.transaction() as tx:
        (twin,) = store.hire(tx, made.id, ["twin 1"], town.now)
    town.push(5, start=6_000)
    for wanted in (None, 1, made.id):
        work = town.ask(twin, wanted)
        assert isinstance(work, Work)
        assert at_work_in(town, twin) == made.id
    assert sandboxes.find(town.db, made.id, town.now).simulated == 1


def test_shares_of_a_project_are_those_of_its_log(town: Town) -> None:
    """What went out after a hold counts once; what was kept back or dropped does not."""
    guesser = town.hire("guesser", guesses)
    town.push(60, start=7_000)
    for _ in range(25):
        town.round(5)
    Meter(town.db).step(town.now)
    out, released, answers, tests = town.rows(
        "SELECT count(*) FILTER (WHERE kind = 'release' OR kind = 'answer' AND decision = 'deliver'),"
        " count(*) FILTER (WHERE kind = 'release'),"
        " count(*) FILTER (WHERE kind = 'answer' AND stage = 'label'),"
        " count(*) FILTER (WHERE kind = 'answer' AND stage = 'benchmark') FROM log WHERE project = 1"
    )[0]
    found = sandboxes.outcome(town.db, 1, town.now)
    assert released > 0
    assert out < answers, f"nothing of labeler {guesser} was kept back"
    assert (found.answers, found.delivered_share) == (answers, out / answers)
    assert found.benchmark_share == tests / (tests + answers)


def test_what_was_tried_goes_to_work_and_comes_back(db: Database, town: Town) -> None:
    """The knobs that differ become a version of the original's policy, and a word takes them back."""
    made = sandboxes.create(db, 1, SandboxDraft(tasks=5, policy={"deliver_at": 0.8}), town.now)
    assert sandboxes.differences(db, made.id) == {"deliver_at": (0.9, 0.8)}
    assert sandboxes.promote(db, made.id, town.now).knobs == {"deliver_at": (0.9, 0.8)}
    assert projects.policy(db, 1).deliver_at == 0.8
    with pytest.raises(Conflict):
        sandboxes.promote(db, made.id, town.now)
    promoting.revert(db, 1, town.now)
    assert projects.policy(db, 1).deliver_at == 0.9
    town.wait(60)
    projects.update(db, 1, None, policy={"decoy_share": 0.1, "dismiss_at": 0.03}, now=town.now)
    assert sandboxes.differences(db, made.id) == {"deliver_at": (0.9, 0.8)}, (
        "what was turned since is not tried"
    )
    assert sandboxes.promote(db, made.id, town.now).knobs == {"deliver_at": (0.9, 0.8)}
    assert projects.policy(db, 1).decoy_share == 0.1
    with pytest.raises(NotFound):
        sandboxes.promote(db, 1, town.now)


def test_both_are_proved(town: Town) -> None:
    """The logs of the original and of its sandbox give back all that is stored."""
    warm(town)
    for _ in range(15):
        town.round(20)
    proof = verify(town.db)
    assert proof.ok, proof.broken
