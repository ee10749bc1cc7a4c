"""Incidents through the service on PostgreSQL: opened once, resolved once, whoever looks."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import numpy as np
import pytest

from goldvein.decisions.alerting import DEFAULTS
from goldvein.domain.errors import Conflict, InvalidInput
from goldvein.domain.records import TaskDraft
from goldvein.services import alerting, attending, intake, sending, tallying, webhooks
from goldvein.services.metering import Meter
from goldvein.services.outbound import Outbound
from goldvein.store.database import Database
from tests.services.delivery_world import add_tasks, make_project, receiver, write_labels
from tests.services.sleepers import Sleeper
from tests.services.town import START, Town, task_input
from tests.services.waiting import begin

SPAN = timedelta(minutes=10)
ENOUGH = '{"target": 9, "missing": 0, "runs_out_in_hours": null}'
NOBODY = '{"states": {}, "p_all": [0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]}'


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    with Database(database_url, pool_size=6) as database:
        yield database


class Metered:
    """A project of which spans are metered without anybody at work."""

    def __init__(self, db: Database, seed: int = 1) -> None:
        self.db, self.project = db, make_project(db)
        self.now = START
        self.rng = np.random.default_rng(seed)

    def spans(self, count: int, passes: float = 0.9, *, looks: bool = True) -> None:
        """Let spans pass in which forty benchmarks each are answered."""
        at = [self.now + n * SPAN for n in range(count)]
        right = self.rng.binomial(40, passes, count).tolist()
        delivered = self.rng.poisson(170, count).tolist()
        with self.db.transaction() as tx:
            tx.execute(
                """INSERT INTO figures (project, span, at, entries, last_entry, answers, benchmark_answers,
                       benchmarks_right, panel_answers, decoy_answers, skips, delivered, held, released,
                       discarded, withdrawn, promotions, admissions, dismissals, seconds)
                   SELECT %s, 10, at, 1, 1, 200, 40, r, 0, 0, 0, d, 10, 0, 0, 0, 0, 0, 0, 999
                   FROM unnest(%s::timestamptz[], %s::integer[], %s::integer[]) AS new (at, r, d)""",
                (self.project, at, right, delivered),
            )
        for moment in at if looks else ():
            self.now = moment + SPAN
            self.look()
        self.now = at[-1] + SPAN

    def look(self) -> None:
        """A meter comes by, and then whoever watches."""
        with self.db.transaction() as tx:
            tx.execute(
                """INSERT INTO gauges (project, span, at, sampled_at, queued, leased, active, admitted,
                       benchmarks, candidates, shortcuts, supply, why_empty, standings, samples, sum_queued,
                       sum_active, sum_admitted, sum_standings, sum_delivering, metrics)
                   SELECT %s, s, date_bin(make_interval(mins => s), %s, 'epoch'), %s, 0, 0, 20, 20, 9, 9,
                          '{}', %s, '[]', %s, 1, 0, 20, 20, 20, 18, '[]'
                   FROM unnest(ARRAY[1, 10]) AS spans (s) ON CONFLICT DO NOTHING""",
                (self.project, self.now, self.now, ENOUGH, NOBODY),
            )
        alerting.look(self.db, self.now)

    def told(self) -> list[tuple[str, str, bool]]:
        """Kind, subject and whether it is over, the oldest first."""
        found = attending.list_(self.db, self.now, project=self.project)
        return [(o.alert.kind, o.alert.subject, o.alert.resolved_at is not None) for o in reversed(found)]

    def events(self) -> list[str]:
        """What customers' webhooks are told."""
        with self.db.connection() as tx:
            query = "SELECT event FROM outbox WHERE project = %s ORDER BY id"
            return [row[0] for row in tx.execute(query, (self.project,))]


def test_a_learned_range_opens_once_and_resolves_once(db: Database) -> None:
    """After five ordinary days the pass rate falls by fifteen points for three hours, and comes back."""
    place = Metered(db)
    alerting.look(db, place.now)
    place.spans(5 * 144, looks=False)
    place.spans(24)
    assert place.told() == []
    place.spans(18, passes=0.75)
    assert place.told() == [("low", "benchmark_pass_rate", False)]
    (listed,) = attending.list_(db, place.now, is_open=True)
    detail = listed.alert.detail
    assert detail["range"] == "learned"
    assert detail["value"] < 0.9
    assert detail["low"] < 0.9 < detail["high"]
    assert listed.alert.opened_at < place.now - timedelta(hours=1)
    place.spans(24)
    assert place.told() == [("low", "benchmark_pass_rate", True)]
    assert place.events() == ["alert.opened", "alert.resolved"]
    curve = attending.look(db, place.project, listed.alert.id, place.now).curve
    assert curve is not None
    assert len(curve.at) == len(curve.values) == len(curve.low) > 60
    assert min(curve.values) < 0.75


def test_many_may_look_and_each_span_counts_once(db: Database) -> None:
    """Four at once, twice, over spans that nobody had looked at: the alert is opened by one of them."""
    place = Metered(db)
    place.look()
    place.spans(5 * 144, looks=False)
    place.look()
    place.spans(12, passes=0.5, looks=False)
    place.look()
    before = place.events()
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: alerting.look(db, place.now), range(8)))
    assert before == place.events() == ["alert.opened"]


def test_a_young_project_borrows_from_its_customers_other_one(db: Database) -> None:
    """With an hour of its own a project is watched by the range of a similar one, and throughput is not."""
    old, young = Metered(db), Metered(db, seed=2)
    with db.transaction() as tx:
        tx.execute(
            "UPDATE projects SET customer = (SELECT customer FROM projects WHERE id = %s) WHERE id = %s",
            (old.project, young.project),
        )
    old.look()
    old.spans(5 * 144, looks=False)
    old.look()
    young.now = old.now
    young.look()
    young.spans(6)
    sources = {line.rule.metric: line.source for line in attending.book(db, young.project).lines}
    assert sources["benchmark_pass_rate"] == f"lent by project {old.project}"
    assert sources["throughput_per_hour"] == "not known yet"
    young.spans(18, passes=0.5)
    assert ("low", "benchmark_pass_rate", False) in young.told()


def test_a_customer_falls_silent_and_comes_back(db: Database) -> None:
    """Pushes each hour of five days, then none: it is noticed within hours, and over with the next push."""
    place = Metered(db)
    place.look()
    with db.transaction() as tx:
        for hour in range(120):
            tx.execute(
                "INSERT INTO pushes (project, at) VALUES (%s, %s)",
                (place.project, START + timedelta(hours=hour)),
            )
    place.spans(5 * 144, looks=False)
    place.look()
    assert place.told() == []
    for _ in range(5 * 6):
        place.spans(1)
    assert ("silent", "customer", False) in place.told()
    intake.push(db, place.project, [TaskDraft(0, task_input(1, 0))], None, place.now)
    tallying.count(db, place.project)
    place.spans(1)
    assert ("silent", "customer", True) in place.told()


def test_a_dead_webhook_is_noticed_in_minutes(db: Database) -> None:
    """Its receiver answers 503: an alert within a quarter of an hour, which is over when it answers."""
    project, now = make_project(db), START
    rng = np.random.default_rng(1)
    with receiver(verify_times=False) as there, Outbound(timeout=5, allow_private=True) as outbound:
        hook = webhooks.create(db, project, there.url, None, allow_private=True, now=now)
        there.secret = hook.secret
        there.answer = lambda _: (503, {})
        with db.transaction() as tx:
            write_labels(tx, project, add_tasks(db, project, 2))
        for _ in range(15 * 6):
            now += timedelta(seconds=10)
            sending.deliver_due(db, outbound, now, rng)
            alerting.look(db, now)
        (found,) = attending.list_(db, now, project=project)
        assert (found.alert.kind, found.alert.subject) == ("webhook", str(hook.id))
        assert found.alert.opened_at >= START + timedelta(minutes=5)
        there.answer = lambda _: (204, {})
        sending.deliver_due(db, outbound, now + timedelta(hours=1), rng)
        alerting.look(db, now + timedelta(hours=1))
        (found,) = attending.list_(db, now, project=project)
        assert found.alert.resolved_at is not None


def test_an_incident_from_the_first_answer_to_the_alert(db: Database) -> None:
    """People begin to guess, all at a time: a fixed bound on the pass rate opens within the hour."""
    town = Town(db, {"rate_floor": 0.5, "dismiss_at": 0.0, "exposure_cap": 10**6})
    town.open_by_hand(300)
    town.push(4000)
    crowd = [Sleeper() for _ in range(8)]
    for n, one in enumerate(crowd):
        town.hire(f"person {n}", one)
    changes: dict[str, dict[str, object]] = {metric: {"on": False} for metric in DEFAULTS}
    changes |= {"benchmark_pass_rate": {"low": 0.8}}
    attending.set_rules(db, town.project.id, changes, "op", town.now)
    meter = Meter(db)

    def work(minutes: int) -> None:
        for minute in range(minutes):
            town.round(60)
            if minute % 5 == 0:
                meter.catch_up()
                meter.step(town.now)
                alerting.look(db, town.now)

    work(60)
    assert attending.list_(db, town.now, project=town.project.id) == []
    for one in crowd:
        one.turned = True
    turned = town.now
    work(60)
    (found,) = attending.list_(db, town.now, project=town.project.id)
    assert (found.alert.kind, found.alert.subject) == ("low", "benchmark_pass_rate")
    assert timedelta(minutes=20) <= found.alert.opened_at - turned <= timedelta(minutes=60)
    assert found.alert.detail["low"] == 0.8


def test_rules_have_versions_and_what_changes_begins_anew(db: Database) -> None:
    """An open alert of a changed rule is resolved; two who change at once do not overwrite each other."""
    place = Metered(db)
    place.look()
    place.spans(5 * 144, looks=False)
    place.look()
    place.spans(12, passes=0.5)
    assert place.told() == [("low", "benchmark_pass_rate", False)]
    book = attending.set_rules(
        db, place.project, {"benchmark_pass_rate": {"low": 0.4}}, "anna", place.now, version=0
    )
    assert place.told() == [("low", "benchmark_pass_rate", True)]
    assert (book.version, book.versions[0].made_by) == (1, "anna")
    place.spans(12, passes=0.5)
    assert place.told() == [("low", "benchmark_pass_rate", True)]
    with pytest.raises(Conflict):
        attending.set_rules(db, place.project, {"held_share": {"on": False}}, "bert", place.now, version=0)
    back = attending.set_rules(db, place.project, {"benchmark_pass_rate": None}, "bert", place.now)
    assert (back.version, back.own) == (2, {})
    for wrong in (
        {"benchmark_pass_rate": {"lowest": 1}},
        {"x": None},
        {"held_share": {"learned_since": "?"}},
    ):
        with pytest.raises(InvalidInput):
            attending.set_rules(db, place.project, wrong, "bert", place.now)


def test_learning_anew_forgets_what_was_expected(db: Database) -> None:
    """After a rightful change nothing is known for three days; then what is new is expected."""
    place = Metered(db)
    place.look()
    place.spans(5 * 144, looks=False)
    place.look()
    anew = {"benchmark_pass_rate": {"range": "learned", "learned_since": "now"}}
    book = attending.set_rules(db, place.project, anew, "anna", place.now)
    sources = {line.rule.metric: line.source for line in book.lines}
    assert (sources["benchmark_pass_rate"], sources["held_share"]) == ("not known yet", "learned")
    place.spans(4 * 144, passes=0.6, looks=False)
    place.look()
    place.spans(12, passes=0.6)
    assert place.told() == []


def test_what_is_paused_is_watched_no_more(db: Database) -> None:
    """Its open alerts of metrics are over."""
    place = Metered(db)
    place.look()
    place.spans(5 * 144, looks=False)
    place.look()
    place.spans(12, passes=0.5)
    with db.transaction() as tx:
        tx.execute("UPDATE projects SET state = 'paused' WHERE id = %s", (place.project,))
    place.look()
    assert place.told() == [("low", "benchmark_pass_rate", True)]


def test_a_rule_turned_off_while_somebody_looks_leaves_no_alert(db: Database) -> None:
    """A look by the rule that was is over before another holds: nobody would resolve what it opens later."""
    place = Metered(db)
    place.look()
    place.spans(5 * 144, looks=False)
    place.look()
    place.spans(12, passes=0.5, looks=False)
    metric, off = "benchmark_pass_rate", {"benchmark_pass_rate": {"on": False}}
    with db.transaction() as tx:  # keeps the look from its end
        tx.execute(
            "INSERT INTO alerts (project, kind, subject, detail, opened_at)"
            " VALUES (%s, 'low', %s, '{}', %s)", (place.project, metric, place.now),
        )  # fmt: skip
        look = begin(db, place.look, 1)
        rules = begin(db, lambda: attending.set_rules(db, place.project, off, "op", place.now), 2)
        tx.execute("DELETE FROM alerts")
    for thread in (look, rules):
        thread.join(20)
    place.spans(3, passes=0.5)
    assert place.told() == [("low", metric, True)]
    assert place.events() == ["alert.opened", "alert.resolved"]
