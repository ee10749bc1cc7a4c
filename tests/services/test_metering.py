"""Figures and the roster are what the whole log adds up to, whoever rolls it up and whoever is killed."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from goldvein.services import metering, operating
from goldvein.services.metering import Meter
from goldvein.stats.spread import bucket_of, middle
from goldvein.store import figures, gauges, roster
from goldvein.store.database import Database
from goldvein.store.figures import begin
from tests.services.lively import lively, log_of, told
from tests.services.sleepers import SLEEPY
from tests.services.town import Town, guesses, knows

COUNTS = (
    "entries", "answers", "benchmark_answers", "benchmarks_right", "panel_answers", "decoy_answers", "skips",
    "delivered", "held", "released", "discarded", "withdrawn", "promotions", "admissions", "dismissals",
)  # fmt: skip
OWN = ("admit", "answer", "skip")


@pytest.fixture(scope="module")
def town(module_database_url: str) -> Iterator[Town]:
    """A town with a history that nobody has rolled up yet."""
    with Database(module_database_url) as db:
        yield lively(db)


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
        if row["deadline"] is not None and ("label" in took or row["kind"] == "expire"):
            took["due"] = (row["at"] - row["pushed_at"]) / (row["deadline"] - row["pushed_at"])
        for measure, seconds in took.items():
            for span in figures.SPANS:
                spreads[row["project"], span, begin(row["at"], span), measure, bucket_of(seconds)] += 1
    return spreads


def exact_pairs(rows: list[dict[str, Any]]) -> Counter[tuple[Any, ...]]:
    """The slow twin of the pairs: a decoy's answer beside the delivered one, the first two of a panel."""
    pairs: Counter[tuple[Any, ...]] = Counter()
    before: dict[tuple[int, int], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        if row["kind"] != "answer":
            continue
        known, first = before[row["project"], row["task"]], None
        if row["stage"] == "decoy":
            first = [one for one in known if one["stage"] == "label"][-1]
        elif row["stage"] == "panel" and len(known) == 1:
            first = known[0]
        if first is not None and first["choice"] >= 0 <= row["choice"]:
            picks = sorted((first["choice"], row["choice"]))
            source = "decoys" if row["stage"] == "decoy" else "panels"
            for span in figures.SPANS:
                at = begin(row["at"], span)
                pairs[row["project"], span, at, source, len(row["shown"]), *picks] += 1
        if row["stage"] == "panel" or (row["stage"] == "label" and row["decision"] == "deliver"):
            known.append(row)
    return pairs


def check_pairs(town: Town) -> None:
    """Every pair is the log's."""
    stored = town.rows("SELECT project, span, at, source, options, one, other, count FROM pairs")
    assert {row[:-1]: row[-1] for row in stored} == exact_pairs(log_of(town))
    assert {row[3] for row in stored} == {"decoys", "panels"}


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
        tx.execute("TRUNCATE figures, spreads, pairs, roster")
        tx.execute("UPDATE rollups SET upto = 0")


def test_everything_happened(town: Town) -> None:
    """The history that the other tests add up has some of all that is counted."""
    total: Counter[str] = Counter()
    for row in log_of(town):
        total.update(told(row))
    assert {name for name in COUNTS if not total[name]} == set()
    in_time = {row[4] < 0 for row in exact_spreads(log_of(town)) if row[3] == "due"}
    assert in_time == {True, False}


@pytest.mark.parametrize("rows_at_once", [1_000_000, 501, 7])
def test_sums_are_what_the_log_adds_up_to(town: Town, rows_at_once: int) -> None:
    """A history from before the first rollup is taken in, in steps of any size; again, nothing is added."""
    empty(town)
    meter = Meter(town.db, rows_at_once=rows_at_once)
    meter.catch_up()
    meter.catch_up()
    check_figures(town)
    check_pairs(town)
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
    check_pairs(town)
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
    passing = town.rows("SELECT count(*) FROM standings WHERE p_benchmarks >= 0.9 AND p_all >= 0.95")[0][0]
    assert sample.standings["delivering"] == passing > 0
    assert sample.standings["judged"] == 5
    assert sample.supply["active"] == 60
    assert "random" in sample.shortcuts


def test_only_who_may_work_is_at_work(db: Database) -> None:
    """Whoever was dismissed a minute ago is not; a sample and the list of projects say the same."""
    town = Town(db, SLEEPY)
    town.open_by_hand(60)
    for n in range(3):
        town.hire(f"good {n}", knows(0.97))
    for n in range(3):
        town.hire(f"clicker {n}", guesses)
    town.hire("panel", knows(0.97), role="trusted")
    town.push(300)
    town.run(40)
    Meter(db).step(town.now)
    states = Counter(state for (state,) in town.rows("SELECT state FROM roster"))
    assert states["dismissed"] > 0
    with db.connection() as tx:
        sample = gauges.latest(tx, [1])[1]
    (line,) = operating.overview(db, town.now)
    assert sample.active == line.at_work == states.total() - states["dismissed"]


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
