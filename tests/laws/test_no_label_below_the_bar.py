"""The promise itself, on histories that nobody thought of, through the real services and database."""

from __future__ import annotations

from typing import Any

import psycopg
from hypothesis import HealthCheck, event, example, given, settings
from hypothesis import strategies as st
from psycopg import sql

from goldvein.domain.policy import Policy
from goldvein.domain.records import TaskDraft, Work
from goldvein.services import intake, projects
from goldvein.services.sweeps import sweep
from goldvein.store.database import Database
from goldvein.store.embedded import EmbeddedServer
from tests.conftest import with_database
from tests.services.town import Town, task_input

PEOPLE = 4
STEPS = st.one_of(
    st.tuples(st.just("right"), st.integers(0, PEOPLE - 1)),
    st.tuples(st.just("right"), st.integers(0, PEOPLE - 1)),
    st.tuples(st.just("streak"), st.integers(0, PEOPLE - 1)),
    st.tuples(st.just("wrong"), st.integers(0, PEOPLE - 1)),
    st.tuples(st.just("unanswerable"), st.integers(0, PEOPLE - 1)),
    st.tuples(st.just("skip"), st.integers(0, PEOPLE - 1)),
    st.tuples(st.just("repeat"), st.integers(0, PEOPLE - 1)),
    st.tuples(st.just("defer"), st.integers(0, PEOPLE - 1)),
    st.tuples(st.just("wait"), st.sampled_from([1, 40, 130, 700])),
    st.tuples(st.just("sweep"), st.just(0)),
    st.tuples(st.just("push"), st.integers(1, 5)),
    st.tuples(st.just("cancel"), st.integers(1, 30)),
    st.tuples(st.just("policy"), st.sampled_from([0.8, 0.9, 0.97])),
    st.tuples(st.just("pause"), st.booleans()),
)
BELOW = """
    SELECT b.id FROM labels b
    JOIN policy_versions v ON v.project = b.project AND v.version = b.policy_version
    WHERE b.basis = 'labeler' AND b.standing_state <> 'boundary'
      AND (round(b.p_benchmarks::numeric, 6) < (v.policy ->> 'deliver_at')::numeric
           OR round(b.p_all::numeric, 6) < (v.policy ->> 'suspect_below')::numeric
           OR b.benchmarks < (v.policy ->> 'min_benchmarks')::integer
           OR b.benchmarks > (SELECT count(*) FROM answers n JOIN attempts a ON a.id = n.attempt
                              WHERE n.labeler = b.labeler AND a.stage = 'benchmark'))"""


class History:
    """A town that does what the steps say."""

    def __init__(self, db: Database) -> None:
        self.town = Town(db, {"rate_ceiling": 0.7, "lease_seconds": 600, "hold_seconds": 120, "max_held": 5})
        self.town.open_by_hand(40)
        self.town.push(30)
        self.people = [self.town.hire(f"p{n}", lambda work, rng: {}) for n in range(PEOPLE)]
        self.before: dict[int, Work] = {}

    def step(self, kind: str, value: float) -> None:
        town = self.town
        if kind in {"right", "streak", "wrong", "unanswerable", "skip", "repeat", "defer"}:
            for _ in range(6 if kind == "streak" else 1):
                self._work(kind, int(value))
        elif kind == "wait":
            town.wait(value)
        elif kind == "sweep":
            sweep(town.db, town.now)
        elif kind == "push":
            drafts = [
                TaskDraft(n, task_input(int(town.rng.integers(10**9)), n % 4)) for n in range(int(value))
            ]
            intake.push(town.db, 1, drafts, None, town.now)
        elif kind == "cancel":
            if intake.get_task(town.db, 1, 40 + int(value)).state == "queued":
                intake.cancel_task(town.db, 1, 40 + int(value), town.now)
        elif kind == "policy":
            projects.update(town.db, 1, None, policy={"deliver_at": value}, now=town.now)
        else:
            projects.update(town.db, 1, None, state="paused" if value else "open", now=town.now)

    def _work(self, kind: str, place: int) -> None:
        person = self.people[place]
        if kind == "repeat":
            if person in self.before:
                self.town.answer(person, self.before[person], 1)
            return
        work = self.town.ask(person)
        if not isinstance(work, Work):
            return
        self.before[person] = work
        right = next(i for i, option in enumerate(work.input["options"]) if option.startswith("right"))
        if kind == "skip":
            self.town.skip(person, work)
        elif kind == "defer":  # its answer comes with a repetition, or never
            self.town.defer(person, work)
        elif kind == "unanswerable":
            self.town.answer(person, work, None)
        else:
            self.town.answer(person, work, (right + 1) % 4 if kind == "wrong" else right)


@settings(
    max_examples=12,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@example(
    steps=[("streak", 0)] * 8
    + [("wrong", 0), ("policy", 0.8), ("defer", 0), ("right", 0), ("streak", 1), ("wait", 130)]
)
@given(steps=st.lists(STEPS, min_size=20, max_size=70))
def test_no_label_leaves_from_below_the_bar(
    embedded_server: EmbeddedServer, template_database: str, steps: list[tuple[str, Any]]
) -> None:
    """Whatever people, time and customers do: each label stands on enough benchmarks and certainty."""
    name = "history_of_the_promise"
    with psycopg.connect(embedded_server.url, autocommit=True) as connection:
        drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
        connection.execute(drop)
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(template_database)
            )
        )
        try:
            with Database(with_database(embedded_server.url, name)) as db:
                history = History(db)
                for kind, value in steps:
                    history.step(kind, value)
                labels = history.town.rows("SELECT count(*) FROM labels")[0][0]
                event("labels" if labels else "no label")
                assert history.town.rows(BELOW) == []
                assert history.town.proof() == []
        finally:
            connection.execute(drop)


def test_the_bar_of_these_histories_is_the_default() -> None:
    """What is asked here is what customers get unless they ask for something else."""
    assert Policy().deliver_at == 0.9
    assert Policy().suspect_below == 0.95
    assert Policy().min_benchmarks == 4
