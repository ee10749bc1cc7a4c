"""Which tasks are mined first: where lenient shortcuts are likely wrong, half of the candidates at most."""

from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldvein.decisions.seeking import (
    Ended,
    agrees_with,
    counterexamples_wanted,
    leaning,
    lenient,
    looked_at,
    plentiful,
    preferred,
    sought,
)
from goldvein.domain.policy import Policy
from goldvein.stats.model import Model
from tests.stats import worlds

BAR = 0.7
SHARE = 0.5
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
    found = preferred(np.random.default_rng(seed), np.array(values), wanted, SHARE)

    assert found == sorted(set(found))
    assert len(found) == min(wanted, len(values))
    beyond = [place for place in found if place >= wanted]
    assert len(beyond) <= (wanted + 1) * SHARE
    left = [place for place in range(len(values)) if place not in found]
    assert all(values[place] >= max(values[at] for at in left) for place in beyond)


def test_ties_keep_the_queues_order() -> None:
    """What is alike is served in turn, and takes no chance."""
    rng = np.random.default_rng(1)
    before = rng.bit_generator.state

    assert preferred(rng, np.full(9, 0.3), 4, SHARE) == [0, 1, 2, 3]
    assert rng.bit_generator.state == before
    assert preferred(rng, np.array([0, 0, 1, 0, 1, 1.0]), 4, SHARE) == [0, 1, 2, 4]


def test_one_at_a_time_every_second_is_sought() -> None:
    """Asked for one candidate at a time, the bound holds on average."""
    rng = np.random.default_rng(2)
    found = [preferred(rng, np.array([0.0, 0.0, 1.0]), 1, SHARE)[0] for _ in range(2_000)]

    assert found.count(2) / len(found) == pytest.approx(0.5, abs=0.04)
    assert set(found) == {0, 2}


@given(st.integers(0, 500))
def test_a_bounded_part_of_the_queue_is_looked_at(wanted: int) -> None:
    """A few times what is wanted, and never much."""
    assert wanted <= looked_at(wanted) <= max(wanted, 64)


def test_counterexamples_are_wanted_until_serving_reaches_chance() -> None:
    """Of twenty benchmarks with four options seven and a half, or what the policy directs; 0 is off."""
    assert counterexamples_wanted(20, 0.25, Policy()) == pytest.approx(7.5)
    assert counterexamples_wanted(20, 0.25, Policy(directed_share=0.2)) == pytest.approx(4.0)
    assert counterexamples_wanted(20, 0.25, Policy(directed_share=0.0)) == 0


def test_a_rule_is_plentiful_once_it_has_its_part() -> None:
    """Then the next benchmark that it passes would be one too many."""

    def full(
        passed: float, *, active: int = 13, put_back: int = 0, policy: Policy | None = None
    ) -> list[str]:
        found = {"longest": passed, "shortest": 1.0}
        return plentiful(found, active, 20, 0.25, put_back, policy or Policy())

    assert full(11.0) == []
    assert full(12.0) == ["longest"]
    assert full(12.0, policy=Policy(directed_share=0.0)) == []
    assert full(13.0, put_back=27) == ["longest"]
    assert full(13.0, put_back=28) == []  # none in 41: they are too rare to be sought


def test_candidates_that_agree_with_what_is_plentiful_go_back() -> None:
    """One that speaks against any such rule goes on; so does one that cannot be answered, and a guess."""
    picks = {"longest": (1,), "most numbers": (2,), "tied": (0, 1)}

    assert agrees_with(["longest"], picks, 1, 4) == "longest"
    assert agrees_with(["longest"], picks, 2, 4) is None
    assert agrees_with(["longest", "most numbers"], picks, 1, 4) is None
    assert agrees_with(["longest", "tied"], picks, 1, 4) == "longest"
    assert agrees_with(["longest"], picks, 4, 4) is None
    assert agrees_with(["unheard of"], picks, 1, 4) is None
    assert agrees_with([], picks, 1, 4) is None


@given(st.floats(0.01, 0.99), st.integers(0, 2**32 - 1))
def test_a_pool_mined_so_is_never_lenient_beyond_its_part(against: float, seed: int) -> None:
    """Where one task in ten speaks against a rule, benchmarks hold their part; a pool is always full.

    Tasks come one after the other, a true first answer to each; a rule that is too rarely wrong is let be.
    """
    rng, policy, target = np.random.default_rng(seed), Policy(), 40
    passed, active, put_back = 0.0, 0, 0
    while active < target and active + put_back < 2_000:
        agrees = rng.random() >= against
        full = plentiful({"longest": passed}, active, target, 0.25, put_back, policy)
        if agrees and agrees_with(full, {"longest": (0,)}, 0, 4) is not None:
            put_back += 1
            continue
        passed, active = passed + agrees, active + 1

    assert active == target
    if against > 0.1:
        assert target - passed >= 15


def test_a_key_leans_to_what_the_strongest_rule_picks() -> None:
    """By the benchmarks it passes and the tasks that went back for it: 50 of 100 and 230 more are .84."""
    counts = {"longest": 50.0, "most words": 49.0, "first listed": 20.0}
    found = leaning(
        counts, 100, Ended(put_back=230), {"longest": (2,), "most words": (2,), "first listed": (0,)}, 4
    )

    assert found is not None
    assert found[2] == pytest.approx(281 / 334)
    assert found.sum() == pytest.approx(1.0)
    assert np.ptp(found[[0, 1, 3]]) == pytest.approx(0.0)


def share_of_longest(active: int, ended: Ended) -> float:
    found = leaning({"longest": active - 1.0}, active, ended, {"longest": (2,)}, 4)
    assert found is not None
    return float(found[2])


def test_what_went_back_counts_as_often_as_it_would_have_been_a_benchmark() -> None:
    """Of candidates that went on, half were dropped: so would have been half of those that went back."""
    assert share_of_longest(20, Ended(put_back=200, dropped=20)) == pytest.approx(120 / 124)


def test_refusals_do_not_feed_on_themselves() -> None:
    """A rule that is right on 80% of the sure tasks leans by that, however many were withheld for it."""
    shares = [
        share_of_longest(20, Ended(put_back=8 * n, withheld=n, dropped=n)) for n in (10, 100, 1_000, 10_000)
    ]
    assert shares == sorted(shares, reverse=True)
    assert shares[-1] == pytest.approx(0.8, abs=0.001)


@pytest.mark.parametrize(
    ("counts", "active", "picks"),
    [
        ({}, 0, {}),
        ({"longest": 0.0}, 0, {"longest": (1,)}),
        ({"longest": 90.0}, 100, {"longest": ()}),
        ({"longest": 90.0}, 100, {"longest": (0, 1, 2, 3)}),
        ({"longest": 10.0}, 100, {"longest": (1,)}),
    ],
)
def test_what_says_nothing_leans_nowhere(
    counts: dict[str, float], active: int, picks: dict[str, tuple[int, ...]]
) -> None:
    """No benchmarks, no pick, every option, or a rule that is right less often than guessing."""
    assert leaning(counts, active, Ended(), picks, 4) is None
