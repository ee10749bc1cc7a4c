"""Tasks are what the scenario says: to the share, without ties, and with proper distributions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goldvein.sim.contest.items import make_items, make_world
from tests.sim.contest.stage import scenario

ANYBODY = {"kind": "honest", "accuracy": 0.9}


@settings(max_examples=60)
@given(
    options=st.integers(2, 8),
    longest_right=st.floats(0, 1),
    overlap=st.floats(0, 1),
    attractor=st.floats(0, 1),
    lean=st.floats(0, 1),
    wrong_keys=st.floats(0, 1),
    seed=st.integers(0, 99),
)
def test_items_are_proper(
    options: int,
    longest_right: float,
    overlap: float,
    attractor: float,
    lean: float,
    wrong_keys: float,
    seed: int,
) -> None:
    """Shares are met to the task; mistakes are a distribution off the key; rules pick extremes."""
    played = scenario(
        {"kind": "honest", "accuracy": 0.9},
        options=options,
        longest_right=longest_right,
        features={"overlap": overlap},
        attractor=attractor,
        wrong_keys=wrong_keys,
        mistakes_longest=lean,
    )
    items = make_items(np.random.default_rng(seed), played, 80, ordinary=False)
    rows = np.arange(80)

    assert (items.picks["longest"] == items.key).sum() == round(80 * longest_right)
    assert (items.picks["most overlap"] == items.key).sum() == round(80 * overlap)
    assert (items.stored_key != items.key).sum() == round(80 * wrong_keys)
    assert items.wrong.sum(axis=1) == pytest.approx(1)
    assert (items.wrong >= 0).all()
    assert (items.wrong[rows, items.key] == 0).all()
    for feature, values in items.features.items():
        most, least = (
            ("longest", "shortest") if feature == "length" else (f"most {feature}", f"least {feature}")
        )
        assert (values[rows, items.picks[most]] == values.max(axis=1)).all()
        assert (values[rows, items.picks[least]] == values.min(axis=1)).all()
        assert len(np.unique(values)) == values.size


def test_features_without_a_share_favour_no_option() -> None:
    """The key has the most of a feature as often as any other option, and so for the least."""
    items = make_items(np.random.default_rng(0), scenario(ANYBODY), 20_000, ordinary=True)

    for rule, picked in items.picks.items():
        if rule not in {"longest", "shortest"}:
            assert (picked == items.key).mean() == pytest.approx(0.25, abs=0.015), rule


def test_the_lean_takes_its_share_of_the_mistakes() -> None:
    """Where the longest option is wrong it draws the given share, elsewhere mistakes stay as they were."""
    plain, leaning = (
        make_items(np.random.default_rng(0), scenario(ANYBODY, mistakes_longest=lean), 500, ordinary=True)
        for lean in (0.0, 0.5)
    )
    longest = np.eye(4)[leaning.picks["longest"]]
    wrong = leaning.picks["longest"] != leaning.key

    assert leaning.wrong[wrong] == pytest.approx(0.5 * plain.wrong[wrong] + 0.5 * longest[wrong])
    assert leaning.wrong[~wrong] == pytest.approx(plain.wrong[~wrong])


def test_wrong_keys_lie_where_people_err() -> None:
    """The option that tempts people is the one that a panel took for the key."""
    items = make_items(np.random.default_rng(0), scenario(ANYBODY, wrong_keys=1.0), 4000, ordinary=False)

    assert (items.stored_key == items.wrong.argmax(axis=1)).mean() == pytest.approx(0.6, abs=0.03)


def test_ordinary_tasks_may_be_harder() -> None:
    """By the logits given; benchmarks stay as they are."""
    world = make_world(np.random.default_rng(0), scenario(ANYBODY, ordinary_difficulty=1.0, benchmarks=4000))
    gap = world.ordinary.difficulty.mean() - world.benchmarks.difficulty.mean()

    assert gap == pytest.approx(1.0, abs=0.1)
    assert (world.ordinary.stored_key == world.ordinary.key).all()


def test_a_shortcut_brings_its_feature_along() -> None:
    """A rule about a feature that nobody listed still picks an option."""
    played = scenario({"kind": "sleeper", "after": 5, "becomes": "least shouting"})
    items = make_items(np.random.default_rng(0), played, 50, ordinary=False)

    assert {"most shouting", "least shouting"} <= set(items.picks)
