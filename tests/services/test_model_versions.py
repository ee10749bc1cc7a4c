"""Model versions: standings, held answers and benchmarks go over to a newer one, and `verify` with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

from goldvein.domain.errors import Conflict
from goldvein.domain.records import ProjectDraft, TaskDraft, Work, WorkRequest
from goldvein.services import intake, projects, reestimation
from goldvein.services.closing import retire_benchmark
from goldvein.services.sweeps import sweep
from goldvein.services.verification import verify
from goldvein.services.views import View, Views
from goldvein.services.work import WorkGroup
from goldvein.stats.model import Model, Rapid, make_model
from goldvein.stats.population import population_prior
from goldvein.stats.states import make_space
from goldvein.store.database import Database, Transaction
from tests.services.test_leases import has
from tests.services.town import Town, guesses, knows, outcome, task_input


def view_of(town: Town, project: int = 1) -> View:
    with town.db.connection() as tx:
        return Views().refresh(tx)[project]


def with_rules(model: Model, rules: Sequence[str], **changes: Any) -> Model:
    """The same model with other content rules."""
    space = make_space(model.bar_theta, rules)
    prior = population_prior(space, shortcut_mass=0.28)
    return replace(model, space=space, prior=prior, turns=np.array([]), solving=np.array([]), **changes)


def lead(town: Town, rules: Sequence[str] = ("longest", "shortest"), **changes: Any) -> int:
    """Put a new model version in force; return it."""
    view = view_of(town)
    assert view.model is not None
    model = with_rules(view.model, rules, **changes)
    return reestimation.write_version(town.db, view, model, {}, {"changed": {}}, town.now)[0]


def served_a_benchmark(town: Town) -> tuple[int, Work, int]:
    """Somebody new with a benchmark in hand: who, what, and its task."""
    ann = town.hire("ann", knows(1.0))
    work = has(town.ask(ann))
    while not (
        found := town.rows("SELECT task FROM attempts WHERE stage = 'benchmark' AND state = 'leased'")
    ):
        work = has(town.answer(ann, work))
    return ann, work, found[0][0]


def picks_the_longest_of_ordinary_tasks(work: Work, rng: np.random.Generator) -> Mapping[str, Any]:
    """Somebody who knows a benchmark when there is one."""
    options = work.input["options"]
    if work.input["prompt"] != "p":
        return knows(1.0)(work, rng)
    return {"choice": max(range(len(options)), key=lambda place: len(options[place]))}


@pytest.fixture
def town(db: Database) -> Town:
    town = Town(db, {"rate_ceiling": 0.6, "hold_seconds": 3000})
    town.open_by_hand(60)
    town.push(400)
    for n in range(4):
        town.hire(f"good {n}", knows(0.95))
    for n in range(2):
        town.hire(f"bad {n}", guesses)
    return town


def exact(town: Town) -> None:
    proof = verify(town.db)
    assert proof.ok, proof.broken
    assert proof.bit_for_bit


def test_standings_and_holds_go_over_with_their_next_step(town: Town) -> None:
    """A shortcut that comes and one that goes, in mid-hold: all is recomputed from the log bit for bit."""
    town.run(5)
    assert town.rows("SELECT count(*) > 0 FROM holds") == [(True,)]
    idle = town.hire("idle", knows(0.9))
    town.round()
    del town.people[idle]
    assert lead(town, ("longest", "shortest", "most overlap", "least overlap")) == 2
    town.run(12)
    assert lead(town, ("shortest", "most overlap")) == 3
    town.run(25)
    sweep(town.db, town.now)
    assert town.rows("SELECT DISTINCT model_version FROM standings WHERE state = 'admitted' ORDER BY 1") == [
        (1,), (3,),
    ]  # fmt: skip
    assert town.rows("SELECT DISTINCT model_version FROM log WHERE kind = 'answer' ORDER BY 1") == [
        (1,), (2,), (3,),
    ]  # fmt: skip
    assert town.rows("SELECT count(*) > 0 FROM log WHERE kind = 'release' ") == [(True,)]
    assert town.rows(
        "SELECT model_version, decision, detail ->> 'benchmarks' FROM log WHERE kind = 'model' ORDER BY 1"
    ) == [(2, "changed", "60"), (3, "changed", "60")]
    exact(town)
    # Somebody who was away for two versions comes back.
    town.people[idle] = knows(0.9)
    town.run(3)
    assert town.rows(f"SELECT model_version FROM standings WHERE labeler = {idle}") == [(3,)]
    exact(town)


def test_a_late_answer_counts_by_the_version_in_force(town: Town) -> None:
    """A benchmark served under one version and answered under the next is judged by the newer table."""
    ann, work, served = served_a_benchmark(town)
    lead(town, ("longest", "shortest", "most numbers"))
    town.wait(10_000)
    town.answer(ann, work)
    assert town.rows(
        f"SELECT item_version, model_version FROM log WHERE task = {served} AND kind = 'answer'"
    ) == [(3, 2)]
    exact(town)


def test_an_answer_to_a_benchmark_that_was_retired_before_still_counts(town: Town) -> None:
    """What is no longer in service is not laid on a new model, but carried to it by its states' names."""
    ann, work, served = served_a_benchmark(town)
    with town.db.transaction() as tx:
        assert retire_benchmark(tx, 1, served, town.now)
    lead(town, ("longest", "most numbers"))
    town.answer(ann, work)
    assert town.rows(
        f"SELECT item_version, model_version FROM log WHERE task = {served} AND kind = 'answer'"
    ) == [(2, 2)]
    exact(town)


def test_a_process_that_missed_a_version_catches_up_before_it_judges(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody's standing goes back to an older version, whichever process has not heard of the newer one."""
    ann = town.hire("ann", knows(1.0))
    first = has(town.ask(ann))
    other = WorkGroup(town.db)
    lead(town, ("longest",))
    other.handle([WorkRequest(ann, "next")], town.now, town.rng)
    stale = town.work._views
    refresh, calls = stale.refresh, []

    def missed(tx: Transaction) -> dict[int, View]:
        calls.append(1)
        return dict(stale._views) if len(calls) == 1 else refresh(tx)

    again = other.handle(
        [WorkRequest(ann, "answer", lease=first.lease, answer={"choice": 0})], town.now, town.rng
    )
    work = has(outcome(again[0]))
    monkeypatch.setattr(stale, "refresh", missed)
    town.answer(ann, work)
    assert len(calls) == 2
    assert town.rows("SELECT n, model_version FROM standings") == [(2, 2)]
    exact(town)


def test_two_writers_do_not_follow_the_same_version(town: Town) -> None:
    """What was learned from a model that is no longer in force is not written."""
    view = view_of(town)
    assert view.model is not None
    lead(town)
    with pytest.raises(Conflict, match="another model by now"):
        reestimation.write_version(town.db, view, view.model, {}, {}, town.now)
    exact(town)


def test_ordinary_answers_and_time_move_trust_under_all_evidence_alone(db: Database) -> None:
    """Leanings and a rule on time, once learned, tell on ordinary answers, and not on benchmarks' trust."""
    town = Town(db, {"rate_ceiling": 0.6})
    town.open_by_hand(60)
    drafts = [
        TaskDraft(
            n, {"prompt": "p", "options": [f"right {n}", f"wrong {n} a", f"wrong {n} much longer", f"w{n}"]}
        )
        for n in range(300)
    ]
    intake.push(db, 1, drafts, None, town.now)
    lead(
        town,
        leans=MappingProxyType({"longest": 1.0, "shortest": 1.0}),
        rapid=Rapid(base_seconds=4.0, seconds_per_character=0.001, share_solving=0.3, share_guessing=0.4),
    )
    longest = town.hire("longest", picks_the_longest_of_ordinary_tasks)
    honest = town.hire("honest", knows(0.95))
    for n in range(30):
        town.round(seconds=2 if n % 3 == 0 else 8)
    rows = town.rows(
        "SELECT labeler, p_benchmarks, p_all, stage, milliseconds FROM log WHERE kind = 'answer' "
        "ORDER BY labeler, n"
    )
    assert {row[4] for row in rows} == {2000, 8000}
    assert all(p_all != p for _, p, p_all, *_ in rows)
    last = {row[0]: row[2] / row[1] for row in rows}
    assert last[longest] < 0.75 * last[honest]
    exact(town)


def test_exposures_and_time_in_the_log_are_those_that_were(town: Town) -> None:
    """Each serving names the servings before it; a changed count or time is found."""
    town.run(20)
    rows = town.rows(
        "SELECT task, array_agg(exposures) FROM attempts WHERE stage = 'benchmark' GROUP BY task"
    )
    assert rows
    assert all(sorted(counts) == list(range(len(counts))) for _, counts in rows)
    exact(town)
    with town.db.transaction() as tx:
        tx.execute("UPDATE log SET exposures = exposures + 9 WHERE exposures = 0")
    assert {"servings out of step", "a standing follows from its log"} & {b.promise for b in town.proof()}
    with town.db.transaction() as tx:
        tx.execute("UPDATE log SET exposures = exposures - 9 WHERE exposures = 9")
        tx.execute("UPDATE log SET milliseconds = milliseconds + 1")
    assert "times out of step" in {broken.promise for broken in town.proof()}


def test_what_other_projects_know_lowers_trust_and_never_replaces_benchmarks(db: Database) -> None:
    """A guesser known elsewhere starts lower under all evidence; a good one still needs benchmarks here."""
    town = Town(db, {"rate_ceiling": 0.7, "dismissal_grace": 0})
    town.open_by_hand(60)
    town.push(200)
    good, bad = town.hire("good", knows(1.0)), town.hire("bad", guesses)
    town.run(30)
    draft = ProjectDraft("second", "Pick the right one.", policy={"rate_ceiling": 0.7})
    second = projects.create(db, town.customer, draft, town.now)
    town.project = second
    town.open_by_hand(40)
    intake.push(db, second.id, [TaskDraft(n, task_input(n, n % 4)) for n in range(50)], "b", town.now)
    town.wait(10_000)  # the leases in hand run out
    fresh = town.hire("fresh", knows(1.0))
    for labeler in (good, bad, fresh):
        town.ask(labeler, second.id)
    starts = {
        labeler: (p, p_all, detail)
        for labeler, p, p_all, detail in town.rows(
            "SELECT labeler, p_benchmarks, p_all, detail FROM log WHERE kind = 'admit' "
            f"AND project = {second.id}"
        )
    }
    p = starts[fresh][0]
    assert starts[fresh] == (p, p, None)
    assert starts[bad][0] == p
    assert starts[bad][1] < 0.7 * p
    assert starts[good][0] == p
    assert starts[good][2]["elsewhere"][0]["project"] == 1
    assert sum(starts[good][2]["elsewhere"][0]["masses"].values()) == pytest.approx(1)
    exact(town)
    with db.transaction() as tx:
        tx.execute(
            "UPDATE log SET detail = jsonb_set(detail, '{elsewhere,0,masses,good}', '0.9999') "
            "WHERE kind = 'admit' AND labeler = %s AND project = %s",
            (bad, second.id),
        )
    assert "a newcomer starts where the population and other projects say" in {
        b.promise for b in town.proof()
    }


def test_a_model_keeps_its_ends_when_read_back() -> None:
    """A model with everything learned survives JSON exactly."""
    model = make_model(0.3, leans=MappingProxyType({"longest": 2.0}), rapid=Rapid(1.0, 0.01, 0.02, 0.5))
    assert Model.from_dict(model.to_dict()).to_dict() == model.to_dict()
