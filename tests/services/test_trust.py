"""Trust across projects, and by word: who mines, what mining takes of a day, and what the log says of it."""

from datetime import timedelta
from typing import Any

import psycopg
import pytest

from goldvein.domain.errors import Conflict, InvalidInput, NotFound
from goldvein.domain.records import ProjectDraft, TaskDraft, Work, WorkRequest, WorkResult
from goldvein.services import intake, keys, projects, trusting
from goldvein.services.sweeps import sweep
from goldvein.store import projects as store_projects
from goldvein.store import trust
from goldvein.store.database import Database
from tests.services.town import Town, guesses, knows, outcome, task_input
from tests.services.waiting import begin

EASY = {"trust_accuracy": 0.8, "trust_benchmarks": 12, "rate_floor": 0.5, "open_counterexamples": 0}


def proven(db: Database, **policy: Any) -> tuple[Town, set[int], set[int]]:
    """A town that was opened by hand, in which some have earned trust, and none was appointed."""
    town = Town(db, policy={**EASY, **policy})
    town.open_by_hand(120)
    town.push(3_000)
    good = {town.hire(f"good {n}", knows(0.99)) for n in range(4)}
    bad = {town.hire(f"bad {n}", guesses) for n in range(2)}
    town.run(90)
    return town, good, bad


def second_project(town: Town, **policy: Any) -> int:
    """Another project of the same customer, with work and without benchmarks."""
    draft = ProjectDraft("more", "Pick the right one.", policy={**EASY, **policy})
    project = projects.create(town.db, town.customer, draft, town.now)
    drafts = [TaskDraft(n, task_input(50_000 + n, n % 4), unique_id=f"v{n}") for n in range(400)]
    assert not intake.push(town.db, project.id, drafts, None, town.now).errors
    return project.id


def asked(town: Town, labeler: int, project: int) -> str | int:
    """The stage of what a labeler is given in a project, or the reason for nothing."""
    town.leases.pop(labeler, None)
    got = town.ask(labeler, project)
    if isinstance(got, Work) and got.project != project:  # that was in hand already
        (result,) = town.handle(WorkRequest(labeler, "skip", lease=got.lease, project=project))
        got = outcome(result)
    return got.project if isinstance(got, Work) else got


def test_a_manual_start_lets_people_earn_trust_and_mining_begins(db: Database) -> None:
    """Customer-labelled tasks open a project; the best of the crowd then make more benchmarks."""
    town, good, bad = proven(db, exposure_budget=1000, supply_headroom=4)

    earned = {row[0] for row in town.rows("select labeler from standings where panel = 'earned'")}
    told = town.rows("select labeler, decision, detail from log where kind = 'trust'")
    mined = town.rows("select count(*) from benchmarks where basis = 'panel'")

    assert earned
    assert earned <= good
    assert not earned & bad
    assert {row[0] for row in told if row[1] == "earned"} >= earned
    assert all(row[2]["able"] >= 0.9 for row in told if row[1] == "earned")
    assert mined[0][0] > 0
    assert town.proof() == []


def test_a_new_project_is_mined_by_those_who_proved_themselves_elsewhere(db: Database) -> None:
    """And by nobody else; dismissal anywhere, and age, end that."""
    town, good, bad = proven(db)
    project = second_project(town)

    assert asked(town, min(good), project) == "mining"
    town.wait(61)
    sweep(db, town.now)
    noted = dict(town.rows(f"select labeler, lower from trust where project = {project}"))

    assert noted
    assert noted.keys() <= good
    assert all(lower >= 0 for lower in noted.values())
    assert asked(town, min(noted), project) == project
    assert all(asked(town, labeler, project) == "mining" for labeler in bad)
    why = {one.labeler: one for one in trusting.panel(db, project)}
    assert "other projects" in why[min(noted)].why

    with db.transaction() as tx:
        tx.execute(
            b"update standings set state = 'dismissed', updated_at = %s where labeler = %s",
            (town.now, min(noted)),
        )
    town.wait(61)
    trusting.refresh(db, town.now)
    left = {row[0] for row in town.rows(f"select labeler from trust where project = {project}")}
    assert left == noted.keys() - {min(noted)}

    trusting.refresh(db, town.now + timedelta(days=2_000))
    assert town.rows(f"select labeler from trust where project = {project}") == []
    ended = town.rows("select labeler from log where kind = 'trust' and decision = 'ended'")
    assert {row[0] for row in ended} >= noted.keys()


def test_mining_takes_no_more_than_its_share_of_who_earned_trust(db: Database) -> None:
    """While ordinary work waits, of their answers at most ``panel_share`` are candidates."""
    town, _, _ = proven(db, panel_share=0.25, supply_headroom=50, rate_floor=0.05)
    before = town.now
    earned = [row[0] for row in town.rows("select labeler from standings where panel = 'earned'")]
    assert earned

    town.run(150)

    counts = dict(
        town.rows(
            "select stage, count(*) from attempts where state = 'answered'"
            f" and shown_at > '{before}' and labeler = any (array{earned}) group by 1"
        )
    )
    share = counts.get("panel", 0) / sum(counts.values())
    spread = 3 * (0.25 * 0.75 / sum(counts.values())) ** 0.5
    assert counts["panel"] > 20
    assert share <= 0.25 + spread


def test_an_operator_appoints_bars_and_takes_back(db: Database) -> None:
    """Each with a reason, each in the log; benchmarks decide again afterwards."""
    town, good, _ = proven(db)
    earned = min(row[0] for row in town.rows("select labeler from standings where panel = 'earned'"))
    novice = town.hire("novice", knows(0.9))
    project = town.project.id

    trusting.appoint(db, project, novice, "wrote the instructions", town.now)
    trusting.bar(db, project, earned, "a friend of the customer's", town.now)
    found = {one.labeler: one for one in trusting.panel(db, project)}

    assert found[novice].basis == "appointed"
    assert "wrote the instructions" in found[novice].why
    barred_at = town.now
    assert found[earned].basis == "barred"
    town.run(30)
    latest = town.rows(f"select panel from standings where labeler = {earned}")
    assert latest == [(None,)]
    mined = town.rows(
        f"select count(*) from attempts where labeler = {earned} and stage = 'panel'"
        f" and shown_at > '{barred_at}'"
    )
    assert mined == [(0,)]

    trusting.leave(db, project, novice, "enough", town.now)
    trusting.leave(db, project, earned, "a mistake", town.now)
    assert novice not in {one.labeler for one in trusting.panel(db, project)}
    town.run(30)
    assert town.rows(f"select panel from standings where labeler = {earned}") == [("earned",)]
    reasons = [row[0].get("reason") for row in town.rows("select detail from log where kind = 'trust'")]
    assert {"wrote the instructions", "a friend of the customer's", "enough", "a mistake"} <= set(reasons)
    assert good
    assert town.proof() == []


def test_what_cannot_be_decided_is_refused(db: Database) -> None:
    """With the rule and the way out."""
    town = Town(db)
    anna = town.hire("anna", knows(0.9))
    with pytest.raises(NotFound):
        trusting.appoint(db, town.project.id, 999, "why not", town.now)
    with pytest.raises(InvalidInput, match="say why"):
        trusting.appoint(db, town.project.id, anna, " ", town.now)
    with pytest.raises(Conflict, match="neither appointed"):
        trusting.leave(db, town.project.id, anna, "x", town.now)
    with pytest.raises(NotFound):
        trusting.panel(db, 999)


def test_a_role_that_is_taken_back_ends_the_panel_s_work(db: Database) -> None:
    """The log tells of both in every project under way."""
    town = Town(db, policy=EASY)
    town.push(50)
    anna = town.hire("anna", knows(0.99), "trusted")
    assert isinstance(town.ask(anna), Work)

    keys.change_role(db, anna, "labeler", town.now)
    (result,) = town.handle(WorkRequest(anna, "next"))
    assert isinstance(result, WorkResult)
    told = town.rows("select decision, detail ->> 'basis' from log where kind = 'trust'")

    assert told == [("ended", "role")]
    assert trusting.panel(db, town.project.id) == []


@pytest.mark.parametrize("word", ["bar", "leave", "appoint"])
def test_a_word_on_the_panel_and_the_sweeper_lock_in_one_order(db: Database, word: str) -> None:
    """The sweeper has the project's row and comes to somebody of whom an operator is just deciding."""
    town = Town(db)
    labeler = town.hire("ann", knows(0.9))
    trusting.appoint(db, 1, labeler, "known to me", town.now)
    failed: list[Exception] = []

    def decide() -> None:
        try:
            getattr(trusting, word)(db, 1, labeler, "thought better of it", town.now)
        except psycopg.OperationalError as error:
            failed.append(error)

    with db.transaction() as tx:
        assert store_projects.find_locked(tx, 1)
        deciding = begin(db, decide, 1)
        trust.note(tx, 1, labeler, "elsewhere", "shown in other projects", town.now, 1.0)
    deciding.join(20)
    assert failed == []
