"""What checks say: levels, drops, causes and doubtful keys, from answers to the alert."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from goldvein.services import check_reports, checking
from goldvein.stats.arrays import Array
from goldvein.stats.reference import evidence
from goldvein.store.database import Database
from goldvein.store.references import Answer, Item
from tests.services.checked import BEGIN, check_days, give_sample, usual
from tests.services.town import Town


def last(town: Town) -> dict[str, Any]:
    seen = checking.look(town.db, town.project.id, BEGIN, limit=60)
    assert seen.last is not None
    assert seen.last.report is not None
    return dict(seen.last.report)


def everybody_worse(day: int, right: Array, rng: np.random.Generator) -> Array:
    """From the sixteenth day on, one answer in five is a guess."""
    careless = (rng.random(len(right)) < 0.2) & (day >= 15)
    return np.where(careless, rng.integers(0, 4, len(right)), usual(day, right, rng))


def keys_changed(day: int, right: Array, rng: np.random.Generator) -> Array:
    """From the sixteenth day on, people agree on another answer to every eighth task."""
    turned = usual(day, right, rng)
    if day >= 15:
        turned[::8] = np.where(rng.random(len(turned[::8])) < 0.9, 2, turned[::8])
    return turned


def test_a_quiet_month_says_so(db: Database) -> None:
    """Accuracy with its intervals, the power of the sample, no drop and no alert."""
    town = Town(db)
    give_sample(db, town.project.id, 200)
    check_days(db, town.project.id, 20)
    report = last(town)
    assert report["drop"] is None
    assert report["blame"] is None
    assert report["evidence"] < report["threshold"]
    assert report["too_low"] is None
    assert report["paired_low"] < report["accuracy"] < report["paired_high"]
    assert 0.8 < report["level"]["low"] < report["level"]["accuracy"] < report["level"]["high"] < 1
    assert 0.02 <= report["power"]["drop"] <= 0.08
    assert not town.rows("SELECT 1 FROM alerts")


@pytest.mark.parametrize(("days", "cause"), [(everybody_worse, "all"), (keys_changed, "keys")])
def test_a_drop_is_found_blamed_and_told_once(db: Database, days: Any, cause: str) -> None:
    """One alert, with the day on which it began and what it comes from; reports name no labelers."""
    town = Town(db)
    give_sample(db, town.project.id, 200)
    check_days(db, town.project.id, 20, days)
    report = last(town)
    assert report["drop"]["began"] in ("2026-03-16", "2026-03-17", "2026-03-18")
    assert report["drop"]["low"] < report["drop"]["fall"] < report["drop"]["high"]
    shares = {name: p for name, p in report["blame"].items() if name != "reasons"}
    assert max(shares, key=lambda name: shares[name]) == cause
    assert sum(shares.values()) == pytest.approx(1)
    assert report["blame"]["reasons"]
    alerts = town.rows("SELECT subject, detail, resolved_at FROM alerts WHERE kind = 'reference'")
    assert [(subject, ended) for subject, _, ended in alerts] == [("drop", None)]
    assert alerts[0][1]["blame"]
    assert not town.proof()


def test_keys_on_which_people_agree_otherwise_are_named(db: Database) -> None:
    """Those of every eighth task, which people answer otherwise all the time; no others."""

    def otherwise(day: int, right: Array, rng: np.random.Generator) -> Array:
        return keys_changed(day + 15, right, rng)

    town = Town(db)
    give_sample(db, town.project.id, 80)
    check_days(db, town.project.id, 12, otherwise)
    named = {int(one["unique_id"].removeprefix("ref-")) for one in last(town)["doubtful"]}
    assert sum(number % 8 == 0 for number in named) >= 8
    assert sum(number % 8 != 0 for number in named) <= 4, "tasks that are hard by nature"


def careless_history(rng: np.random.Generator, days: int, careless_from: int) -> check_reports.History:
    """Five people answer a sample every day; one of them guesses half of the time from some day on."""
    easy = rng.beta(1.6, 0.4, 200)
    due = [BEGIN.date() + timedelta(days=day) for day in range(days)]
    items = [Item(task, 0, None, task, 4) for task in range(200)]
    answers = []
    right = np.zeros((days, 200))
    for day in range(days):
        whose = rng.integers(0, 5, 200)
        p = np.where((whose == 0) & (day >= careless_from), 0.5 * easy + 0.125, easy)
        right[day] = rng.random(200) < p
        answers += [
            Answer(due[day], task, int(whose[task]), int(right[day, task] == 0), counts=True)
            for task in range(200)
        ]
    place = {task: task for task in range(200)}
    return check_reports.History(due, items, np.full(200, 4), right, np.ones_like(right), answers, place)


def test_a_drop_does_not_speak_for_itself_in_what_it_is_held_to() -> None:
    """What one careless person does to the spread of answers is no noise that hides the carelessness."""
    more = 0
    for seed in range(12):
        history = careless_history(np.random.default_rng([seed, 5]), 23, 20)
        before, overall = check_reports.inflation_before(history), check_reports.inflation(history)
        assert before[:8] == pytest.approx(before[0]), "a week at least"
        assert before[20] < overall
        sure, hidden = (
            evidence(history.right, history.seen, history.chance, inflation=told).ratio[-1]
            for told in (before, overall)
        )
        more += sure > 1.1 * hidden
    assert more >= 9
