"""Draws on record weighed by other rates, against what the log says and what another town did."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from goldvein.domain.errors import Conflict, InvalidInput, NotFound
from goldvein.domain.records import ProjectDraft
from goldvein.services import keys, projects
from goldvein.services.reweighing import reweigh
from goldvein.store.database import Database
from tests.services.town import START, Town, guesses, knows

CEILING, OTHER, ANSWERS = 0.6, 0.45, 6
PEOPLE, ROUNDS = 120, 13


def settled(db: Database, ceiling: float, seed: int) -> Town:
    """A town that worked for a while; who is new is served at the ceiling's rate."""
    town = Town(db, {"rate_ceiling": ceiling, "decoy_share": 0.1}, seed)
    town.open_by_hand(60)
    town.push(2_000)
    for n in range(PEOPLE):
        town.hire(f"person {n}", guesses if n % 5 == 0 else knows(0.92))
    town.run(ROUNDS)
    return town


@pytest.fixture(scope="module")
def town(module_database_url: str) -> Iterator[Town]:
    with Database(module_database_url) as db:
        yield settled(db, CEILING, 1)


def counted(town: Town) -> tuple[int, int]:
    """Benchmarks and answers among everybody's first ones, by the log alone."""
    ((benchmarks, answers),) = town.rows(
        f"SELECT count(*) FILTER (WHERE stage = 'benchmark'), count(*) FROM log "
        f"WHERE kind = 'answer' AND n BETWEEN 1 AND {ANSWERS}"
    )
    return benchmarks, answers


def test_the_rates_in_force_change_nothing(town: Town) -> None:
    found = reweigh(town.db, 1, {}, town.now, answers=ANSWERS)
    benchmarks, answers = counted(town)
    for part in (found["newcomers"], found["later"]):
        assert part["effective_people"] == pytest.approx(part["people"])
        assert part["mean_weight"] == pytest.approx(1)
        for name in ("benchmark_share", "delivered_share", "good_delivering", "bad_delivering"):
            ratio = part[name]
            assert ratio["would"] == ratio["was"]
            assert ratio["change"] == {"estimate": 0.0, "interval": [0.0, 0.0]}
    assert found["newcomers"]["people"] == PEOPLE
    assert found["newcomers"]["benchmark_share"]["was"]["estimate"] == pytest.approx(benchmarks / answers)
    assert found["later"]["stretches"] == PEOPLE * (ROUNDS // ANSWERS - 1)


def test_every_draw_of_newcomers_was_at_the_ceiling(town: Town) -> None:
    """Of somebody who does not deliver yet the ceiling is the rate: the weights are the likelihood ratio."""
    found = reweigh(town.db, 1, {"rate_ceiling": OTHER}, town.now, answers=3)["newcomers"]
    rows = town.rows(
        "SELECT array_agg(stage = 'benchmark' ORDER BY n) FROM log "
        "WHERE kind = 'answer' AND n BETWEEN 1 AND 3 GROUP BY labeler"
    )
    drawn = np.array([row for (row,) in rows])
    weights = np.where(drawn, OTHER / CEILING, (1 - OTHER) / (1 - CEILING)).cumprod(axis=1)
    assert found["mean_weight"] == pytest.approx(weights[:, -1].mean())
    square = OTHER**2 / CEILING + (1 - OTHER) ** 2 / (1 - CEILING)
    assert found["effective_people"] == pytest.approx(PEOPLE / square**3)
    share = (weights * drawn).sum() / weights.sum()
    assert found["benchmark_share"]["would"]["estimate"] == pytest.approx(share)


def test_it_says_what_another_town_did(town: Town, database_url: str) -> None:
    """Under the other ceiling a second town does what the first one's draws had said, within intervals."""
    said = reweigh(town.db, 1, {"rate_ceiling": OTHER}, town.now, answers=ANSWERS)["newcomers"]
    with Database(database_url) as db:
        other = settled(db, OTHER, 2)
        did = reweigh(db, 1, {}, other.now, answers=ANSWERS)["newcomers"]
    for name in ("benchmark_share", "delivered_share", "good_delivering"):
        told, happened = said[name]["would"], did[name]["was"]
        low, high = told["interval"]
        below, above = happened["interval"]
        assert abs(told["estimate"] - happened["estimate"]) <= (high - low + above - below) / 2, name
    low, high = said["benchmark_share"]["change"]["interval"]
    assert high < 0


def test_benchmarks_for_want_of_work_are_no_draws(database_url: str) -> None:
    """Who waits for a verdict while nothing else waits gets benchmarks: the log names no rate for those."""
    with Database(database_url) as db:
        town = Town(db, {"rate_ceiling": 0.3})
        town.open_by_hand(60)
        town.push(30)
        for n in range(10):
            town.hire(f"person {n}", knows(0.9))
        town.run(10)
        rates = town.rows("SELECT rate, draw FROM log WHERE kind = 'answer' AND stage = 'benchmark'")
        assert {rate is None for rate, _ in rates} == {True, False}
        assert all(draw for _, draw in rates)
        found = reweigh(db, 1, {"rate_ceiling": 0.2}, town.now, answers=2)
        assert found["newcomers"]["people"] == 10


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"deliver_at": 0.95}, "goldvein whatif"),
        ({"best_of": 8}, "goldvein twin"),
        ({"rate_ceiling": 7}, "rate_ceiling is 7"),
    ],
)
def test_other_knobs_and_bad_values_are_refused(town: Town, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        reweigh(town.db, 1, changes, town.now)


def test_few_people_tell_nothing(town: Town) -> None:
    """Rates that are far off leave too few people, and then no figure is given."""
    found = reweigh(town.db, 1, {"rate_ceiling": 0.05}, town.now, answers=ANSWERS)["newcomers"]
    assert found["effective_people"] < 30
    assert found["benchmark_share"] is None


def test_certain_draws_tell_nothing(database_url: str) -> None:
    with Database(database_url) as db:
        town = settled(db, 1.0, 3)
        with pytest.raises(Conflict, match="rate 1"):
            reweigh(db, 1, {"rate_ceiling": 0.7}, town.now)


def test_a_project_that_has_not_opened_has_no_draws(database_url: str) -> None:
    with Database(database_url) as db:
        with pytest.raises(NotFound):
            reweigh(db, 1, {}, START)
        projects.create(db, keys.create_customer(db, "lab", START), ProjectDraft("texts", "Pick."), START)
        with pytest.raises(Conflict, match="has not opened"):
            reweigh(db, 1, {}, START)
