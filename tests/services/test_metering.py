"""Figures and the roster are what the whole log adds up to, whoever rolls it up and whoever is killed."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from goldvein.domain.records import Work
from goldvein.services import metering
from goldvein.services.metering import Meter
from goldvein.services.sweeps import Sweeper
from goldvein.stats.spread import bucket_of, middle
from goldvein.store import figures, gauges, roster
from goldvein.store.database import Database
from goldvein.store.figures import begin
from tests.services.sleepers import SLEEPY, Sleeper
from tests.services.town import Town, guesses, knows

COUNTS = (
    "entries", "answers", "benchmark_answers", "benchmarks_right", "panel_answers", "decoy_answers", "skips",
    "delivered", "held", "released", "discarded", "withdrawn", "promotions", "admissions", "dismissals",
)  # fmt: skip
OWN = ("admit", "answer", "skip")


def lively(db: Database) -> Town:
    """A town in which all that is counted happens: mining, decoys, skips, ends of holds, withdrawals."""
    town = Town(db, SLEEPY | {"reserve": 350, "decoy_share": 0.1, "hold_seconds": 60})
    town.open_by_hand(300)
    town.push(3000)
    sleeper = Sleeper()
    who = town.hire("sleeper", sleeper)
    town.hire("guesser", guesses)
    for n in range(6):
        town.hire(f"good {n}", knows(0.97), "trusted" if n < 3 else "labeler")
    sweeper = Sweeper(db)
    for n in range(260):
        sleeper.turned = n > 60
        town.round(7)
        if n % 9 == 0 and (name := f"good {3 + n % 3}") and town.names[name] in town.leases:
            work = town.skip(town.names[name], town.leases.pop(town.names[name]))
            if isinstance(work, Work):
                town.leases[town.names[name]] = work
        if n % 5 == 0:
            sweeper.sweep(town.now)
    assert town.rows(f"SELECT count(*) FROM log WHERE kind = 'withdraw' AND labeler = {who}") != [(0,)]
    return town


@pytest.fixture(scope="module")
def town(module_database_url: str) -> Iterator[Town]:
    """A town with a history that nobody has rolled up yet."""
    with Database(module_database_url) as db:
        yield lively(db)


def log_of(town: Town) -> list[dict[str, Any]]:
    """The whole log, with what stands elsewhere and never changes."""
    with psycopg.connect(town.db.url) as connection:
        cursor = connection.execute("""
            SELECT g.*, i.key, t.created_at AS pushed_at,
                   EXISTS (SELECT FROM labels l WHERE l.project = g.project AND l.task = g.task
                           AND l.basis = 'panel' AND l.delivered_at = g.at) AS is_panels
            FROM log g
            LEFT JOIN item_versions i
                   ON i.project = g.project AND i.task = g.task AND i.version = g.item_version
            LEFT JOIN tasks t ON t.project = g.project AND t.id = g.task ORDER BY g.id""")
        assert cursor.description is not None
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]


def told(row: Mapping[str, Any]) -> set[str]:
    """What a row of the log counts as."""
    names = {"entries"}
    if row["kind"] == "answer":
        stage = {"label": "answers"}.get(row["stage"], f"{row['stage']}_answers")
        decision = {"deliver": "delivered", "hold": "held", "discard": "discarded"}.get(row["decision"])
        names |= {stage} | ({decision} if decision else set())
        if row["stage"] == "benchmark" and row["choice"] == row["key"]:
            names.add("benchmarks_right")
    names |= {
        "skip": {"skips"}, "release": {"released", "delivered"}, "discard": {"discarded"},
        "withdraw": {"withdrawn"}, "promote": {"promotions"}, "admit": {"admissions"},
        "dismiss": {"dismissals"},
    }.get(row["kind"], set())  # fmt: skip
    return names


def exact_figures(rows: list[dict[str, Any]]) -> dict[tuple[int, int, datetime], Counter[str]]:
    """The slow twin of the sums."""
    sums: dict[tuple[int, int, datetime], Counter[str]] = defaultdict(Counter)
    for row in rows:
        for span in figures.SPANS:
            sums[row["project"], span, begin(row["at"], span)].update(told(row))
    return sums


def exact_spreads(rows: list[dict[str, Any]]) -> Counter[tuple[Any, ...]]:
    """The slow twin of the spreads."""
    spreads: Counter[tuple[Any, ...]] = Counter()
    for row in rows:
        took = {}
        if row["milliseconds"] is not None:
            took["task"] = row["milliseconds"] / 1000
        if "delivered" in told(row) or (row["kind"] in ("promote", "drop") and row["is_panels"]):
            took["label"] = (row["at"] - row["pushed_at"]).total_seconds()
        for measure, seconds in took.items():
            for span in figures.SPANS:
                spreads[row["project"], span, begin(row["at"], span), measure, bucket_of(seconds)] += 1
    return spreads


def check_figures(town: Town) -> None:
    """Every sum and every spread is the log's."""
    rows = log_of(town)
    exact = exact_figures(rows)
    stored = town.rows(f"SELECT project, span, at, {', '.join(COUNTS)}, seconds FROM figures")
    assert {row[:3] for row in stored} == exact.keys()
    for row in stored:
        assert dict(zip(COUNTS, row[3:-1], strict=True)) == {n: exact[row[:3]][n] for n in COUNTS}, row[:3]
    for span in figures.SPANS:
        seconds = sum(row[-1] for row in stored if row[1] == span)
        assert seconds == pytest.approx(sum(row["milliseconds"] or 0 for row in rows) / 1000)
    spreads = town.rows("SELECT project, span, at, measure, bucket, count FROM spreads")
    assert {row[:5]: row[5] for row in spreads} == exact_spreads(rows)


def check_roster(town: Town) -> None:
    """Every line is what the log says of its labeler, and the standing as it is."""
    lines: dict[int, Counter[str]] = defaultdict(Counter)
    times: dict[int, list[int]] = defaultdict(list)
    seen: dict[int, datetime] = {}
    for row in log_of(town):
        if row["labeler"] is not None:
            lines[row["labeler"]].update(told(row))
            times[row["labeler"]] += [row["milliseconds"]] * (row["milliseconds"] is not None)
            if row["kind"] in OWN:
                seen[row["labeler"]] = max(row["at"], seen.get(row["labeler"], row["at"]))
    standings = {
        row[0]: row[1:] for row in town.rows("SELECT labeler, state, p_benchmarks, p_all FROM standings")
    }
    with town.db.connection() as tx:
        for labeler, counts in lines.items():
            line = roster.find(tx, 1, labeler)
            assert line is not None
            assert town.names[line.name] == labeler
            standing = standings.get(labeler, ("panel", None, None))
            assert (line.state, line.p_benchmarks, line.p_all) == standing
            assert line.benchmarks == counts["benchmark_answers"]
            asked = counts["benchmark_answers"]
            assert line.right_share == (counts["benchmarks_right"] / asked if asked else None)
            for name in ("answers", "delivered", "held", "withdrawn", "skips", "panel_answers"):
                assert getattr(line, name) == counts[name], name
            ordered = sorted(times[labeler])
            middle_one = ordered[(len(ordered) - 1) // 2] / 1000 if ordered else None
            expected = None if middle_one is None else middle(bucket_of(middle_one))
            assert line.median_seconds == (None if expected is None else pytest.approx(expected))
            assert line.seen_at == seen[labeler]
    assert len(lines) == len(town.rows("SELECT FROM roster"))


def empty(town: Town) -> None:
    """As if nothing had ever been rolled up."""
    with town.db.transaction() as tx:
        tx.execute("TRUNCATE figures, spreads, roster")
        tx.execute("UPDATE rollups SET upto = 0")


def test_everything_happened(town: Town) -> None:
    """The history that the other tests add up has some of all that is counted."""
    total: Counter[str] = Counter()
    for row in log_of(town):
        total.update(told(row))
    assert {name for name in COUNTS if not total[name]} == set()


@pytest.mark.parametrize("rows_at_once", [1_000_000, 501, 7])
def test_sums_are_what_the_log_adds_up_to(town: Town, rows_at_once: int) -> None:
    """A history from before the first rollup is taken in, in steps of any size; again, nothing is added."""
    empty(town)
    meter = Meter(town.db, rows_at_once=rows_at_once)
    meter.catch_up()
    meter.catch_up()
    check_figures(town)
    check_roster(town)


def test_two_processes_and_kills_count_nothing_twice(town: Town) -> None:
    """Two meters at once, whose connections are cut again and again, come to the same sums."""
    empty(town)
    done = threading.Event()

    def cut() -> int:
        count = 0
        with psycopg.connect(town.db.url, autocommit=True) as connection:
            while not done.wait(0.02):
                count += connection.execute("""
                    SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()
                    AND query ILIKE '%log g%' AND state = 'active' AND pid <> pg_backend_pid()""").rowcount
        return count

    def work() -> None:
        with Database(town.db.url, pool_size=2) as db:
            while not done.is_set():
                try:
                    Meter(db, rows_at_once=211).catch_up()
                except psycopg.OperationalError:
                    db.reset()
                    continue
                return

    with ThreadPoolExecutor(3) as threads:
        cutting = threads.submit(cut)
        working = [threads.submit(work) for _ in range(2)]
        for one in working:
            one.result(timeout=60)
        done.set()
        assert cutting.result() > 0
    Meter(town.db).catch_up()
    check_figures(town)
    check_roster(town)


def test_a_row_that_commits_late_is_not_lost(db: Database) -> None:
    """Ids are given out before rows are seen: a rollup waits for those who may still write below its end."""
    town = Town(db)
    meter = Meter(db)
    insert = "INSERT INTO log (project, at, kind, labeler) VALUES (1, '2026-01-05', 'skip', 1)"
    with psycopg.connect(db.url) as early, psycopg.connect(db.url) as late:
        early.execute(insert)
        late.execute(insert)
        late.commit()
        meter.catch_up()
        assert sum(row[0] for row in town.rows("SELECT skips FROM figures WHERE span = 1")) == 0
        early.commit()
    meter.catch_up()
    assert town.rows("SELECT sum(skips) FROM figures WHERE span = 60") == [(2,)]


def test_ids_that_were_given_out_in_vain_hold_nothing_up(db: Database) -> None:
    """A transaction that is rolled back leaves a gap, and the rows around it count."""
    town = Town(db)
    insert = "INSERT INTO log (project, at, kind, labeler) VALUES (1, '2026-01-05', 'skip', 1)"
    with psycopg.connect(db.url) as one:
        one.execute(insert)
        one.rollback()
        one.execute(insert)
    Meter(db).catch_up()
    assert town.rows("SELECT sum(skips) FROM figures WHERE span = 60") == [(1,)]


def test_a_project_is_sampled_as_it_is(db: Database) -> None:
    """The queue with its oldest task and its lateness, who is there, the supply and the standings."""
    town = Town(db, SLEEPY)
    town.open_by_hand(60)
    for n in range(5):
        town.hire(f"person {n}", knows(0.97))
    town.push(400, deadline=town.now + timedelta(hours=1))
    town.run(60)
    meter = Meter(db)
    meter.step(town.now)
    with db.connection() as tx:
        sample = gauges.latest(tx, [1])[1]
        assert gauges.latest(tx, [2]) == {}
    waiting = town.rows("SELECT count(*) FROM attempts WHERE state = 'open' AND stage = 'label'")[0][0]
    assert sample.queued == waiting > 0
    assert sample.oldest_seconds == 300
    delivered = town.rows("SELECT count(*) FROM labels")[0][0]
    left = 3600 - 300
    assert sample.late_seconds == pytest.approx(waiting / (delivered / 900) - left)
    assert sample.leased == sample.active == sample.admitted == 5
    assert sample.benchmarks == 60
    assert sum(sample.standings["p_all"]) == sum(sample.standings["states"].values()) == 5
    assert sample.supply["active"] == 60
    assert "random" in sample.shortcuts


def test_short_spans_are_forgotten_and_hours_kept(town: Town) -> None:
    """What nobody looks at in minutes any more is still there by the hour."""
    empty(town)
    Meter(town.db).catch_up()
    hours = town.rows("SELECT * FROM figures WHERE span = 60 ORDER BY at")
    assert metering.forget(town.db, town.now + timedelta(days=3)) > 0
    assert town.rows("SELECT DISTINCT span FROM figures ORDER BY 1") == [(10,), (60,)]
    metering.forget(town.db, town.now + timedelta(days=100))
    assert town.rows("SELECT DISTINCT span FROM spreads") == [(60,)]
    assert town.rows("SELECT * FROM figures WHERE span = 60 ORDER BY at") == hours


def test_spans_begin_where_the_database_says(db: Database) -> None:
    """Python and SQL cut time alike."""
    at = datetime(2026, 7, 3, 13, 59, 59, 999_999, tzinfo=UTC)
    with db.connection() as tx:
        for span in figures.SPANS:
            row = tx.execute("SELECT date_bin(make_interval(mins => %s), %s, 'epoch')", (span, at)).fetchone()
            assert row == (begin(at, span),)
