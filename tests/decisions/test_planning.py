"""The planner of mining: what promises most, how much at once, by whom."""

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldvein.decisions.planning import (
    AT_ONCE_EACH,
    LEAST_OF_EACH,
    Plan,
    Record,
    Waiting,
    as_sure,
    contradicts,
    learn_clarity,
    most_under_way,
    rareness,
    seat,
    stream_chance,
    urgency,
    worth,
)
from goldvein.domain.policy import Policy


def test_nothing_is_made_of_looks_while_few_are_settled() -> None:
    """Ten of each are asked for, however clear the difference looks."""
    few = LEAST_OF_EACH - 1
    values = np.array([[1.0]] * 50 + [[0.0]] * few)
    assert learn_clarity(values, [True] * 50 + [False] * few) is None
    more = np.vstack([values, [[0.0]]])
    assert learn_clarity(more, [True] * 50 + [False] * LEAST_OF_EACH) is not None


def test_what_looks_like_promoted_ones_and_is_wanted_goes_first() -> None:
    """P(promoted) and what it would be good for multiply; without either, all are alike."""
    rng = np.random.default_rng(1)
    values = rng.normal(size=(200, 1))
    clarity = learn_clarity(values, (values[:, 0] + rng.normal(size=200) > 0).tolist())
    assert clarity is not None
    tasks = np.array([[2.0], [-2.0], [2.0], [-2.0]])
    both = worth(np.array([0.1, 0.1, 0.0, 0.0]), clarity, tasks)
    assert np.argsort(-both).tolist()[0] == 0
    assert both[0] > both[1]
    assert both[0] > both[2] > both[3]
    assert np.ptp(worth(np.zeros(4), None, None)) == 0


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=20))
def test_worth_is_positive_and_keeps_the_order_of_what_is_sought(sought: list[float]) -> None:
    found = worth(np.array(sought), None, None)
    assert (found > 0).all()
    order = np.argsort(sought, kind="stable")
    assert (np.diff(found[order]) >= 0).all()


def test_an_answer_speaks_against_a_rule_that_picks_something_else() -> None:
    picks = {"longest": (1,), "shortest": (2, 3), "silent": ()}
    assert contradicts(0, picks, ["longest"])
    assert not contradicts(1, picks, ["longest"])
    assert not contradicts(3, picks, ["shortest", "silent", "unknown"])


def test_the_stream_goes_against_what_passes_too_much() -> None:
    """The directed share for those that contradict it; random mining knows no difference."""
    policy = Policy(stream_share=0.1, directed_share=0.5)
    against = stream_chance(policy, lenient={"longest"}, speaks_against=True)
    along = stream_chance(policy, lenient={"longest"}, speaks_against=False)
    assert against == pytest.approx(0.55)
    assert along == pytest.approx(0.05)
    assert stream_chance(policy, lenient={}, speaks_against=False) == 0.1
    random = Policy(stream_share=0.1, directed_share=0.0)
    assert stream_chance(random, lenient={"longest"}, speaks_against=True) == 0.1
    never = Policy(stream_share=0.0)
    assert stream_chance(never, lenient={"longest"}, speaks_against=True) == 0.0


@given(p=st.floats(0, 1), q=st.floats(0, 1), against=st.booleans())
def test_surer_candidates_come_first(p: float, q: float, against: bool) -> None:
    one, other = (urgency(x, speaks_against=against) for x in (p, q))
    assert p <= q or one <= other
    assert urgency(p, speaks_against=True) <= urgency(p, speaks_against=False)
    assert 0 <= as_sure(one) <= 1


@given(st.integers(-(10**9), 10**9))
def test_any_urgency_is_read_as_a_chance(value: int) -> None:
    assert 0 <= as_sure(value) <= 1


def test_classes_without_keys_are_rare() -> None:
    keys = [0] * 8 + [1] * 2
    assert rareness(keys, 2, 3) == 1.0
    assert rareness(keys, 0, 3) == 0.0
    assert rareness(keys, 1, 3) == pytest.approx(0.4)
    assert rareness([], 1, 3) == 0.0


@given(missing=st.integers(-100, 10**6), there=st.integers(0, 1000))
def test_so_many_are_under_way_that_they_end_soon(missing: int, there: int) -> None:
    """Bounded by the panel that is here; never none while somebody could answer."""
    most = most_under_way(missing, there)
    assert most <= AT_ONCE_EACH * max(1, there)
    assert most >= min(2 * there, 1)
    assert missing <= 0 or most_under_way(missing, 1) >= 2


# --- who answers what -------------------------------------------------------------------------------------


def test_the_most_trusted_take_the_deciding_answers() -> None:
    """And whoever is trusted less takes one that is further from its end."""
    waiting = [Waiting(0.1, (), ()), Waiting(0.8, (), ()), Waiting(0.4, (), ())]
    seated = dict(seat({1: 0.92, 2: 0.99, 3: 0.95}, waiting, Record(), 0.95))
    assert seated[2] == 1
    assert seated[1] == 0 or seated[3] == 0
    alone = dict(seat({1: 0.92}, waiting, Record(), 0.95))
    assert alone == {1: 0}


@given(
    st.dictionaries(st.integers(1, 30), st.floats(0.5, 1), max_size=8),
    st.lists(st.tuples(st.floats(0, 1), st.sets(st.integers(1, 30), max_size=5)), max_size=8),
    st.floats(0.5, 1),
)
def test_nobody_sits_twice_or_where_they_sat_and_nobody_goes_without(
    trust: dict[int, float], panels: list[tuple[float, set[int]]], usual: float
) -> None:
    """A greedy choice leaves no free seat that somebody without one could take."""
    waiting = [Waiting(p, panel, panel) for p, panel in panels]
    seated = seat(trust, waiting, Record.of(panel for _, panel in panels), usual)
    assert len({who for who, _ in seated}) == len({place for _, place in seated}) == len(seated)
    assert all(who not in waiting[place].had_by for who, place in seated)
    free = set(range(len(waiting))) - {place for _, place in seated}
    for who in set(trust) - {who for who, _ in seated}:
        assert all(who in waiting[place].had_by for place in free)


def test_panels_are_mixed() -> None:
    """Of two alike, somebody takes the one of people they have hardly sat with."""
    record = Record.of([{1, 2, 3}] * 10 + [{1, 4}, {4, 5}])
    assert record.load == Counter({1: 11, 2: 10, 3: 10, 4: 2, 5: 1})
    assert record.familiarity(1, {2, 3}) == pytest.approx(10 / 11)
    waiting = [Waiting(0.5, {2, 3}, {2, 3}), Waiting(0.5, {4, 5}, {4, 5})]
    assert seat({1: 0.95}, waiting, record, 0.95) == [(1, 1)]


def entropy_of_pairs(record: Record) -> float:
    total = sum(record.together.values())
    return -sum(n / total * math.log(n / total) for n in record.together.values())


def test_over_many_candidates_no_group_grades_itself() -> None:
    """Nine people who come in the same order: without a record the same three sit together for ever."""

    def run(mixes: bool) -> Record:
        open_panels: list[set[int]] = [set() for _ in range(6)]
        done: list[set[int]] = []
        for turn in range(900):
            labeler = turn % 9
            waiting = [Waiting(len(panel) / 3, panel, panel) for panel in open_panels]
            record = Record.of(done[-100:]) if mixes else Record()
            pairs = seat({labeler: 0.9}, waiting, record, 0.9)
            for _, place in pairs:
                open_panels[place].add(labeler)
                if len(open_panels[place]) == 3:
                    done.append(open_panels[place])
                    open_panels[place] = set()
        return Record.of(done)

    assert entropy_of_pairs(run(mixes=True)) > entropy_of_pairs(run(mixes=False)) + 0.3


def test_a_plan_is_stored_as_it_is() -> None:
    rng = np.random.default_rng(2)
    values = rng.normal(size=(60, 2))
    plan = Plan(12, learn_clarity(values, (values[:, 0] > 0).tolist()), {"servings": 3})
    again = Plan.from_dict(plan.to_dict())
    assert again.to_dict() == plan.to_dict()
    empty = Plan.from_dict(Plan().to_dict())
    assert (empty.each, empty.clarity, empty.facts) == (None, None, {})
