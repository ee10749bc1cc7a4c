"""Laws of model versions: who else is in the group, and on which version, changes nobody's bits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from types import MappingProxyType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goldvein.decisions.judging import judge
from goldvein.services.evidence import NOTHING_READ, Observation, Traits, likelihoods, signals
from goldvein.services.standing import converted, newcomer_posteriors, pack, unpack
from goldvein.stats.items import item_table
from goldvein.stats.model import Model, Rapid, make_model
from goldvein.stats.posterior import held_joint, smoothed_good
from goldvein.store.standings import Standing
from tests.stats import worlds

NOW = datetime(2026, 1, 5, tzinfo=UTC)
RULES = (("longest", "shortest"), ("longest", "shortest", "most numbers"), ("shortest", "most overlap"))
MODELS: dict[int, Model] = {
    version: make_model(
        worlds.BAR,
        content_rules=rules,
        leans=MappingProxyType(dict.fromkeys(rules, 1.5) if version > 1 else {}),
        rapid=Rapid(2.0, 0.01, 0.05, 0.4) if version == 3 else None,
    )
    for version, rules in enumerate(RULES, start=1)
}
KEYS = np.array([0.94, 0.02, 0.02, 0.02])
PICKS = {"longest": (0,), "shortest": (2,), "most numbers": (1, 3), "most overlap": (3,)}

versions = st.integers(1, 3)
draws = st.integers(0, 2**32 - 1)


def standing(version: int, seed: int) -> Standing:
    rng = np.random.default_rng(seed)
    p = rng.dirichlet(np.ones(MODELS[version].space.size), size=2).T
    packed = pack(p[:, :1], p[:, 1:])[0]
    return Standing(
        1, seed, "admitted", None, 3, version, packed, 0.5, 0.5, 2, 0, 3, 0, 0, 0, b"", NOW
    )  # fmt: skip


def observation(version: int, seed: int) -> Observation:
    rng = np.random.default_rng(seed)
    model = MODELS[version]
    table = item_table(model, KEYS, model.answers.difficulty_prior, PICKS) if seed % 2 else None
    read = Traits({rule: PICKS[rule] for rule in model.leans}, 120) if version > 1 else NOTHING_READ
    order = rng.permutation(4).tolist()
    return Observation(
        table, order, int(rng.integers(-1, 4)), int(rng.integers(30)), int(rng.integers(1, 9000)), read
    )


def step(
    people: Sequence[Standing], seen: Sequence[Observation], version: int
) -> tuple[np.ndarray, np.ndarray]:
    model = MODELS[version]
    likelihood = likelihoods(model, seen)
    signal = signals(model, seen, likelihood, shuffled=True)
    verdicts = judge(model, *unpack(people, MODELS, version), likelihood, signal)
    return verdicts.posterior_benchmarks, verdicts.posterior_all


@settings(max_examples=60)
@given(versions, st.lists(st.tuples(versions, draws), min_size=1, max_size=9))
def test_alone_and_in_any_group_the_bits_are_the_same(version: int, crowd: list[tuple[int, int]]) -> None:
    """Standings on several versions, benchmarks and ordinary work, quick and slow: one by one as at once."""
    people = [standing(own, seed) for own, seed in crowd]
    seen = [observation(version, seed) for _, seed in crowd]
    together = step(people, seen, version)
    for place, (person, one) in enumerate(zip(people, seen, strict=True)):
        alone = step([person], [one], version)
        assert (alone[0][:, 0] == together[0][:, place]).all()
        assert (alone[1][:, 0] == together[1][:, place]).all()
        assert together[1][:, place].sum() == pytest.approx(1)


@given(versions, versions, draws)
def test_a_held_answers_probability_survives_a_new_version(old: int, new: int, seed: int) -> None:
    """What is known of a past answer does not change because the model did."""
    p, _ = unpack([standing(old, seed)], MODELS, old)
    joint = held_joint(p, MODELS[old])
    after = converted(joint, MODELS, old, new)
    assert smoothed_good(after) == pytest.approx(smoothed_good(joint), rel=1e-12)
    assert converted(p, MODELS, old, new).sum(axis=0) == pytest.approx(1)
    assert (after <= converted(p, MODELS, old, new) + 1e-15).all()


@pytest.mark.parametrize("version", MODELS)
def test_nothing_heard_means_the_population(version: int) -> None:
    """Without other projects both posteriors start alike, bit for bit."""
    both = newcomer_posteriors(MODELS[version], [])
    assert (both[0] == both[1]).all()
