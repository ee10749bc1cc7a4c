"""A project without anybody trusted opens by the agreement of a redundant first batch, or says why not."""

from collections import Counter

from goldvein.services import collecting, projects, why_empty
from goldvein.services.sweeps import sweep
from goldvein.services.trusting import panel
from goldvein.store import benchmarks
from goldvein.store.database import Database
from tests.services.town import Town, guesses, knows

POLICY = {"bootstrap_tasks": 60, "bootstrap_answers": 6, "open_at": 15, "open_counterexamples": 0}


def start(db: Database, good: int = 12, bad: int = 3, tasks: int = 500) -> tuple[Town, set[int], set[int]]:
    """A town in which nobody is trusted."""
    town = Town(db, policy=POLICY)
    town.push(tasks)
    honest = {town.hire(f"good {n}", knows(0.95)) for n in range(good)}
    return town, honest, {town.hire(f"bad {n}", guesses) for n in range(bad)}


def work_until_opened(town: Town, rounds: int = 120) -> str:
    """Rounds of work, with a sweep after each."""
    for _ in range(rounds):
        town.round()
        sweep(town.db, town.now)
        if projects.get(town.db, town.project.id, None).state == "open":
            break
    return projects.get(town.db, town.project.id, None).state


def test_a_town_without_anybody_trusted_opens_by_bootstrap(db: Database) -> None:
    """Keys are right, the trusted are good, nothing breaks a promise, and work goes on."""
    town, good, bad = start(db)

    assert work_until_opened(town) == "open"

    keys = town.rows(
        "select b.task, v.key, v.key_right, t.unique_id from benchmarks b"
        " join item_versions v using (project, task) join tasks t on t.project = b.project and t.id = b.task"
        " where b.basis = 'bootstrap' and b.state = 'active' and v.version = b.item_version"
    )
    assert len(keys) >= 15
    assert all(key == int(unique_id[1:]) % 4 for _, key, _, unique_id in keys)
    assert all(0.97 < key_right < 0.995 for _, _, key_right, _ in keys)
    trusted = {row[0] for row in town.rows("select labeler from trust where basis = 'bootstrap'")}
    assert len(trusted) >= 3
    assert trusted <= good
    assert not trusted & bad
    labels = town.rows("select basis, count(*) from labels group by 1")
    assert dict(labels)["panel"] >= len(keys)
    assert town.proof() == []

    town.run(60)
    sweep(db, town.now)

    who = Counter(row[0] for row in town.rows("select labeler from labels where labeler is not null"))
    assert sum(who.values()) > 50
    assert not any(who[labeler] for labeler in bad)
    assert town.proof() == []


def test_nobody_answers_more_than_the_share(db: Database) -> None:
    """So that no few decide; and nobody gets a task twice."""
    town, _, _ = start(db)

    work_until_opened(town)

    most = town.rows(
        "select max(count) from (select count(*) from attempts a join benchmarks b using (project, task)"
        " where b.basis = 'bootstrap' and a.stage = 'panel' and a.labeler is not null group by a.labeler) c"
    )
    assert most[0][0] <= 40


def test_trusted_by_agreement_are_tested_on_keys_of_others(db: Database) -> None:
    """What somebody answered at the start is never served to that person as a benchmark."""
    town, _, _ = start(db)
    work_until_opened(town)
    town.run(60)

    served = town.rows(
        "select a.labeler, a.task from attempts a where a.stage = 'benchmark'"
        " intersect select a.labeler, a.task from attempts a where a.stage = 'panel'"
    )
    tested = town.rows("select count(*) from attempts where stage = 'benchmark' and state = 'answered'")
    assert served == []
    assert tested[0][0] > 20


def test_what_everybody_said_is_no_panel_s_word(db: Database) -> None:
    """Upkeep and estimation begin with the key as the bootstrap gave it, doubt included."""
    town, _, _ = start(db)
    work_until_opened(town)

    tasks = [row[0] for row in town.rows("select task from benchmarks where basis = 'bootstrap'")]
    with db.connection() as tx:
        said = benchmarks.panel_answers(tx, town.project.id, tasks)

    assert len(tasks) == 60
    assert not any(said.values())


def test_guessers_are_refused_and_their_tasks_wait(db: Database) -> None:
    """Where nobody can be told to be right, the project says so, and how to go on."""
    town, _, _ = start(db, good=2, bad=14)

    assert work_until_opened(town, rounds=60) == "mining"

    told = why_empty.explain(db, town.project.id, town.now)
    assert any(reason["code"] == "bootstrap_refused" for reason in told["reasons"]), told
    refused = next(reason for reason in told["reasons"] if reason["code"] == "bootstrap_refused")
    assert "appoint" in refused["detail"]
    assert town.rows("select count(*) from labels") == [(0,)]
    assert town.rows("select count(*) from tasks where state <> 'queued'") == [(0,)]
    assert panel(db, town.project.id) == []
    assert town.proof() == []

    collecting.again(db, town.project.id, town.now)
    town.run(3)
    assert town.rows("select count(*) from benchmarks where basis = 'bootstrap' and state = 'candidate'") == [
        (60,)
    ]
    assert town.proof() == []


def test_an_appointed_labeler_makes_a_bootstrap_needless(db: Database) -> None:
    """With somebody trusted the usual mining begins, and the crowd waits."""
    town, good, _ = start(db)
    town.hire("expert", knows(0.99), "trusted")

    town.run(5)

    assert town.rows("select count(*) from bootstraps") == [(0,)]
    assert town.reasons[min(good)] == "mining"


def test_progress_is_told(db: Database) -> None:
    """While answers are collected, the project says how many are missing."""
    town, _, _ = start(db)
    town.run(5)

    told = why_empty.explain(db, town.project.id, town.now)

    collecting = next(reason for reason in told["reasons"] if reason["code"] == "bootstrap_collecting")
    assert "of 360 answers" in collecting["detail"]
    assert town.proof() == []
