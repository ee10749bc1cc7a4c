"""Looking back: the fast smoother against its definitions."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goldvein.stats.arrays import Array, ShapeError
from goldvein.stats.items import served_likelihoods
from goldvein.stats.model import Model, convert
from goldvein.stats.posterior import advance, condition, condition_joint, held_joint, newcomer, smoothed_good
from goldvein.stats.smoothing import smooth, smooth_parts
from tests.stats import twins, worlds

MODEL = worlds.model(hazard=0.05, walk=0.02)
ITEMS = worlds.random_tables(MODEL, np.random.default_rng(3), 12)


def columns(model: Model, choices: list[int | None]) -> Array:
    """Likelihoods of answers to benchmarks, ones for ordinary work (None): (n_states, T)."""
    rows = [
        np.ones((model.space.size, 1))
        if choice is None
        else served_likelihoods(model, [ITEMS[n % len(ITEMS)]], [(2, 0, 3, 1)], [choice], [0])
        for n, choice in enumerate(choices)
    ]
    return np.concatenate(rows, axis=1)


def start(model: Model = MODEL) -> Array:
    return newcomer(model)[:, 0]


chains = st.lists(st.none() | st.integers(0, 4), min_size=1, max_size=30)


def by_all_paths(model: Model, likelihoods: Array) -> list[float]:
    """P(good at each answer | all), summing over every path that the states can take."""
    moves = np.array([[float(x) for x in row] for row in twins.transition(model)])
    answers = likelihoods.shape[1]
    joint = start(model)
    for at in range(answers):  # one axis more for each answer: the joint of the whole path
        joint = joint[..., None, :] if at == 0 else joint[..., None]
        joint = (moves * joint).swapaxes(-1, -2) if at == 0 else joint * moves.T
        joint = joint * likelihoods[:, at]
    good = model.space.good
    shares = []
    for at in range(answers):
        others = tuple(axis for axis in range(joint.ndim) if axis != at + 1)
        at_state = joint.sum(axis=others)
        shares.append(float(at_state[good].sum() / at_state.sum()))
    return shares


@pytest.mark.parametrize("choices", [[1], [0, None], [3, None, 2], [4, 0, 1]])
def test_every_path_of_a_tiny_chain_is_counted(choices: list[int | None]) -> None:
    """Summing over all paths by brute force gives the same."""
    likelihoods = columns(MODEL, choices)
    assert smooth(MODEL, start(), likelihoods).good == pytest.approx(
        by_all_paths(MODEL, likelihoods), abs=1e-12
    )


@settings(max_examples=8)
@given(choices=st.lists(st.none() | st.integers(0, 4), min_size=1, max_size=7), data=st.data())
def test_it_equals_the_exact_twin(choices: list[int | None], data: st.DataObject) -> None:
    """Fractions and plain loops give the same."""
    likelihoods = columns(MODEL, choices)
    at = data.draw(st.integers(0, len(choices) - 1))
    exact = twins.smoothed_good(MODEL, list(likelihoods.T), at)
    assert smooth(MODEL, start(), likelihoods).good[at] == pytest.approx(float(exact), abs=1e-12)


@given(choices=chains)
def test_its_last_entry_is_the_filters(choices: list[int | None]) -> None:
    """At the last answer there is no future: what is known is what the filter knows."""
    likelihoods, p = columns(MODEL, choices), newcomer(MODEL)
    for at in range(len(choices)):
        p, _ = condition(advance(p, MODEL), likelihoods[:, at : at + 1])
    found = smooth(MODEL, start(), likelihoods)
    assert found.last == pytest.approx(p[:, 0], abs=1e-12)
    assert found.good[-1] == pytest.approx(float(p[MODEL.space.good].sum()), abs=1e-12)


@given(choices=chains, data=st.data())
def test_it_equals_the_joint_of_a_held_answer(choices: list[int | None], data: st.DataObject) -> None:
    """Looking back gives what a held answer would have been released by, at every answer."""
    likelihoods, p = columns(MODEL, choices), newcomer(MODEL)
    held = data.draw(st.integers(0, len(choices) - 1))
    joint = np.zeros_like(p)
    for at in range(len(choices)):
        column = likelihoods[:, at : at + 1]
        p, norm = condition(advance(p, MODEL), column)
        joint = held_joint(p, MODEL) if at == held else condition_joint(advance(joint, MODEL), column, norm)
    assert smooth(MODEL, start(), likelihoods).good[held] == pytest.approx(
        float(smoothed_good(joint)[0]), abs=1e-12
    )


def test_many_labelers_in_step_are_each_alone() -> None:
    """The batch form gives every labeler what it would get alone."""
    rng = np.random.default_rng(5)
    alone = [columns(MODEL, [int(c) if c < 5 else None for c in rng.integers(8, size=40)]) for _ in range(6)]
    together = smooth(MODEL, newcomer(MODEL, 6), np.stack(alone, axis=2))
    for n, likelihoods in enumerate(alone):
        one = smooth(MODEL, start(), likelihoods)
        assert together.good[:, n] == pytest.approx(one.good, abs=1e-12)
        assert together.last[:, n] == pytest.approx(one.last, abs=1e-12)


@given(choices=chains, cut=st.integers(0, 30))
def test_a_version_that_changes_nothing_changes_nothing(choices: list[int | None], cut: int) -> None:
    """Cut in two anywhere, the chain says the same."""
    likelihoods = columns(MODEL, choices)
    parts = [(MODEL, likelihoods[:, :cut]), (MODEL, likelihoods[:, cut:])]
    assert smooth_parts(parts, start()).good == pytest.approx(
        smooth(MODEL, start(), likelihoods).good, abs=1e-12
    )


def test_a_new_shortcut_enters_the_chain_where_it_was_found() -> None:
    """Under a newer model with one state more, the past is still dated by what comes after."""
    new = worlds.model(content_rules=("longest", "shortest", "most numbers"), hazard=0.05, walk=0.02)
    old_part, new_part = columns(MODEL, [1, None, 2]), np.ones((new.space.size, 2))
    new_part[new.space.good] = 0.01
    found = smooth_parts([(MODEL, old_part), (new, new_part)], start())
    p = smooth(MODEL, start(), old_part).last[:, None]
    joint = held_joint(p, MODEL)
    p, joint = convert(p, MODEL, new), convert(joint, MODEL, new)
    for at in range(2):
        column = new_part[:, at : at + 1]
        p, norm = condition(advance(p, new), column)
        joint = condition_joint(advance(joint, new), column, norm)
    assert found.good[2] == pytest.approx(float(smoothed_good(joint)[0]), abs=1e-12)
    assert found.last == pytest.approx(p[:, 0], abs=1e-12)


def test_a_change_is_dated() -> None:
    """Somebody right for long and then wrong was good before, and bad after."""
    model, rng = worlds.model(), np.random.default_rng(1)

    def benchmark(choice: int) -> Array:
        key, longest = rng.integers(4, size=2).tolist()
        shown = rng.permutation(4).tolist()
        table = worlds.table(model, key=key, longest=longest)
        return served_likelihoods(model, [table], [shown], [(key + choice) % 4], [0])

    nothing = np.ones((model.space.size, 1))
    before = [column for _ in range(40) for column in (benchmark(0), nothing, nothing)]
    after = [column for _ in range(6) for column in (nothing, nothing, benchmark(int(rng.integers(1, 4))))]
    found = smooth(model, start(model), np.concatenate(before + after, axis=1))
    assert found.good[30 : len(before) - 6].min() > 0.9
    assert found.good[len(before) + 3 :].max() < 0.1


def test_nothing_to_look_back_on_is_refused() -> None:
    """The way out is in the error."""
    with pytest.raises(ShapeError, match="at least one"):
        smooth_parts([], start())


def test_a_thousand_answers_are_looked_back_on_at_once() -> None:
    """One labeler's thousand answers cost the sweeper well under a tenth of a second."""
    likelihoods = np.ones((MODEL.space.size, 1000))
    smooth(MODEL, start(), likelihoods)
    costs = []
    for _ in range(5):
        began = time.process_time()
        smooth(MODEL, start(), likelihoods)
        costs.append(time.process_time() - began)
    assert min(costs) < 0.1
