"""Person fit: false alarms at the stated level, and answers that no state expects."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from goldvein.stats.misfit import PersonFit, person_fit
from tests.stats import worlds

if TYPE_CHECKING:
    from goldvein.stats.arrays import Array

MODEL = worlds.model(walk=0.0, hazard=1e-12)


def answer_as(states: np.ndarray, items: list[Array], rng: np.random.Generator, each: int) -> PersonFit:
    """People in these states answer so many of the benchmarks each."""
    tables, orders, choices, owners = [], [], [], []
    for labeler, state in enumerate(states):
        for item in rng.choice(len(items), each, replace=False):
            order = rng.permutation(4)
            name = MODEL.space.names[state]
            row = items[item][state]
            if name in {"first", "last"}:
                row = MODEL.lapse * items[item][MODEL.space.state_of("random")]
                row = row + (1 - MODEL.lapse) * np.eye(5)[order[0 if name == "first" else -1]]
            tables.append(items[item])
            orders.append(order.tolist())
            choices.append(int(rng.choice(5, p=row / row.sum())))
            owners.append(labeler)
    return person_fit(MODEL, tables, orders, choices, [10**6] * len(tables), owners, len(states))


@pytest.mark.parametrize("each", [12, 40])
def test_false_alarms_come_at_the_stated_rate(each: int) -> None:
    """Of people drawn from the model itself, at most a little more than the stated share is flagged."""
    rng = np.random.default_rng(each)
    items = worlds.random_tables(MODEL, rng, 60)
    states = rng.choice(MODEL.space.size, size=1500, p=MODEL.prior)
    fit = answer_as(states, items, rng, each)
    assert 0.02 < np.mean(fit.p_value < 0.05) < 0.09
    assert np.mean(fit.p_value < 0.01) < 0.03
    assert np.mean(fit.p_value < 0.001) < 0.005


def test_answers_that_no_state_expects_are_flagged() -> None:
    """Somebody able who misses what everybody knows, always in a way of their own, fits no state."""
    rng = np.random.default_rng(3)
    items = worlds.random_tables(MODEL, rng, 60)
    tables, orders, choices, owners = [], [], [], []
    for labeler in range(50):
        for place, item in enumerate(rng.permutation(60)[:40]):
            key = int(items[item][: MODEL.space.n_abilities].sum(axis=0).argmax())
            tables.append(items[item])
            orders.append(rng.permutation(4).tolist())
            choices.append(4 if place % 4 == 0 else key)  # right three times, then "cannot be answered"
            owners.append(labeler)
    fit = person_fit(MODEL, tables, orders, choices, [0] * len(tables), owners, 50)
    assert np.mean(fit.p_value < 0.01) > 0.95


def test_who_else_is_looked_at_changes_nothing() -> None:
    """A labeler's fit is the same alone as among others, and without answers there is no misfit."""
    rng = np.random.default_rng(4)
    items = worlds.random_tables(MODEL, rng, 30)
    picked = rng.integers(30, size=40)
    tables = [items[i] for i in picked]
    orders = [rng.permutation(4).tolist() for _ in picked]
    choices = rng.integers(5, size=40).tolist()
    owners = rng.integers(3, size=40)
    together = person_fit(MODEL, tables, orders, choices, list(range(40)), owners, 4)
    for labeler in range(3):
        own = np.flatnonzero(owners == labeler).tolist()
        alone = person_fit(
            MODEL, [tables[i] for i in own], [orders[i] for i in own], [choices[i] for i in own], own,
            [0] * len(own), 1,
        )  # fmt: skip
        assert alone.score[0] == pytest.approx(together.score[labeler])
    assert together.p_value[3] == 1
    assert together.answers.sum() == 40


def test_tasks_of_different_width_stand_side_by_side() -> None:
    """Benchmarks with two and with four options, and "cannot be answered", are told apart rightly."""
    narrow, wide = worlds.table(MODEL, n_options=2, key=1), worlds.table(MODEL, n_options=4, key=1)
    fit = person_fit(MODEL, [narrow, wide], [[0, 1], [0, 1, 2, 3]], [2, 4], [0, 0], [0, 0], 1)
    assert fit.answers.tolist() == [2]
    assert np.isfinite(fit.score).all()
