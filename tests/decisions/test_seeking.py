"""Which tasks are mined first: where lenient shortcuts are likely wrong, half of the candidates at most."""

from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldvein.decisions.seeking import DIRECTED_SHARE, lenient, looked_at, preferred, sought
from goldvein.stats.model import Model
from tests.stats import worlds

BAR = 0.7
LENIENT = {"random": 0.25, "first": 0.9, "leaker": 0.95, "longest": 0.85, "shortest": 0.05}
Picks = Mapping[str, Sequence[int]]


def model(**leans: float) -> Model:
    return worlds.model(leans=leans)


def scores(
    of: Model, *picks: Picks, n_options: int = 4, shares: dict[str, float] | None = None
) -> list[float]:
    return [float(score) for score in sought(of, shares or LENIENT, BAR, picks, [n_options] * len(picks))]


def test_only_content_rules_over_halfway_to_the_bar_are_lenient() -> None:
    """Positions are shuffled and leakers need fresh benchmarks: no choice of tasks helps against them."""
    assert lenient(LENIENT, BAR) == {"longest": pytest.approx(0.375)}
    assert lenient({**LENIENT, "longest": 0.475}, BAR) == {}
    assert lenient({}, BAR) == {}


def test_rules_that_fall_apart_come_before_rules_that_agree() -> None:
    """Where good labelers lean to another option, or there is no longest one, following it is wrong."""
    leaning = model(longest=17.0, **{"most overlap": 9.0})
    together, apart, alone = (
        {"longest": (1,), "most overlap": (1,)},
        {"longest": (1,), "most overlap": (2,)},
        {"longest": (1,)},
    )
    found = scores(leaning, together, alone, apart, {"most overlap": (2,)})

    assert found == sorted(found)
    assert len(set(found)) == 4


def test_what_is_nearer_the_bar_weighs_more() -> None:
    """Of two lenient rules, the task that speaks against the more lenient one comes first."""
    against_longest, against_overlap = (
        {"longest": (0,), "most overlap": (1,), "most numbers": (1,)},
        {"longest": (1,), "most overlap": (0,), "most numbers": (1,)},
    )
    leaning = model(longest=5.0, **{"most overlap": 5.0, "most numbers": 5.0})
    shares = {"random": 0.25, "longest": 0.8, "most overlap": 0.6}
    first, second = scores(leaning, against_longest, against_overlap, shares=shares)

    assert first > second > 0


def test_before_leanings_are_learned_the_benchmarks_stand_in() -> None:
    """An option passes as often as on the benchmarks; only tasks without a longest one stand out."""
    usual, tied, none = scores(model(), {"longest": (0,)}, {"longest": (0, 1)}, {})

    assert usual == pytest.approx(0.0)
    assert 0 < tied < none


@st.composite
def some_picks(draw: st.DrawFn) -> Picks:
    """What two rules pick of four options."""
    options = st.lists(st.integers(0, 3), unique=True, max_size=3)
    return {"longest": draw(options), "shortest": draw(options)}


leanings = st.fixed_dictionaries({}, optional={"longest": st.floats(0.1, 30), "shortest": st.floats(0.1, 30)})


@given(st.lists(some_picks(), min_size=1, max_size=8), leanings, st.permutations(range(4)))
def test_names_of_options_do_not_matter(
    picks: list[Picks], leaning: dict[str, float], new: list[int]
) -> None:
    """Options are only numbers; a score is exactly the same whichever they are, and never beyond its rule."""
    renamed = [{rule: [new[option] for option in own[rule]] for rule in own} for own in picks]
    found = scores(model(**leaning), *picks)

    assert found == scores(model(**leaning), *renamed)
    assert max(map(abs, found)) <= 0.375


@given(st.lists(some_picks(), min_size=1, max_size=8), leanings, st.floats(0.0, 0.475))
def test_nothing_is_sought_while_nothing_passes_too_much(
    picks: list[Picks], leaning: dict[str, float], share: float
) -> None:
    """Without a lenient rule all tasks are alike."""
    quiet = {"random": 0.25, "longest": share, "shortest": share}

    assert scores(model(**leaning), *picks, shares=quiet) == [0.0] * len(picks)


@given(st.lists(st.sampled_from([0.0, 0.1, 0.2]), max_size=30), st.integers(0, 12), st.integers(0, 2**32 - 1))
def test_half_are_sought_and_half_come_as_the_queue_has_them(
    values: list[float], wanted: int, seed: int
) -> None:
    """As many as wanted, none twice; at most half from beyond the queue's head, and none better was left."""
    found = preferred(np.random.default_rng(seed), np.array(values), wanted)

    assert found == sorted(set(found))
    assert len(found) == min(wanted, len(values))
    beyond = [place for place in found if place >= wanted]
    assert len(beyond) <= (wanted + 1) * DIRECTED_SHARE
    left = [place for place in range(len(values)) if place not in found]
    assert all(values[place] >= max(values[at] for at in left) for place in beyond)


def test_ties_keep_the_queues_order() -> None:
    """What is alike is served in turn, and takes no chance."""
    rng = np.random.default_rng(1)
    before = rng.bit_generator.state

    assert preferred(rng, np.full(9, 0.3), 4) == [0, 1, 2, 3]
    assert rng.bit_generator.state == before
    assert preferred(rng, np.array([0, 0, 1, 0, 1, 1.0]), 4) == [0, 1, 2, 4]


def test_one_at_a_time_every_second_is_sought() -> None:
    """Asked for one candidate at a time, the bound holds on average."""
    rng = np.random.default_rng(2)
    found = [preferred(rng, np.array([0.0, 0.0, 1.0]), 1)[0] for _ in range(2_000)]

    assert found.count(2) / len(found) == pytest.approx(0.5, abs=0.04)
    assert set(found) == {0, 2}


@given(st.integers(0, 500))
def test_a_bounded_part_of_the_queue_is_looked_at(wanted: int) -> None:
    """A few times what is wanted, and never much."""
    assert wanted <= looked_at(wanted) <= max(wanted, 64)
