"""The exact figures of a rule, and the optimum, against every sequence of answers written out."""

from functools import cache
from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goldvein.decisions.mining import Continue, Promote, settle
from goldvein.domain.policy import Policy
from goldvein.sim.mining.contest import measure, mine
from goldvein.sim.mining.lattice import Chances, Lattice, fewest_labels
from goldvein.sim.mining.pools import Kind, Pool, draw_tasks
from goldvein.sim.mining.rules import (
    ASK,
    DROP,
    PROMOTE,
    Counts,
    Rule,
    all_rules,
    ordered,
    settled,
    unanimous,
)
from goldvein.stats.model import make_answer_model
from tests.sim.mining.pools import MIXED, TINY

ANSWERS = make_answer_model()


def histories(pool: Pool, length: int) -> list[tuple[tuple[int, ...], Kind, int, float]]:
    """Every task and every sequence of answers: (answers, kind, key or K, chance), by its definition."""
    k = pool.options
    found = []
    for kind, places in product(pool.kinds, permutations(range(k))):
        probs = kind.answer_probs(k)
        said = {place: probs[role] for role, place in enumerate(places)} | {k: probs[k]}
        start = kind.share / len(list(permutations(range(k))))
        for answers in product(range(k + 1), repeat=length):
            chance = start * float(np.prod([said[answer] for answer in answers]))
            found.append((answers, kind, places[0] if kind.answerable else k, chance))
    return found


def by_hand(pool: Pool, rule: Rule, deepest: int) -> Chances:
    """Walk every sequence of answers as the miner would."""
    labels = promoted = wrong = ambiguous = good = 0.0
    for answers, kind, key, chance in histories(pool, deepest):
        counts = [0] * (pool.options + 1)
        for answer in answers:
            counts[answer] += 1
            labels += chance
            said = rule(ordered(tuple(counts)))
            if said == PROMOTE:
                right = int(np.argmax(counts[:-1])) == key
                promoted += chance
                wrong += chance * (not right)
                ambiguous += chance * (not kind.good)
                good += chance * (right and kind.good)
            if said != ASK:
                break
    return Chances(labels, promoted, wrong, ambiguous, good, sum(k.share for k in pool.kinds if k.good))


def same(one: Chances, other: Chances) -> bool:
    names = ("labels", "promoted", "wrong", "ambiguous", "good_promoted", "good")
    return all(getattr(one, n) == pytest.approx(getattr(other, n), abs=1e-12) for n in names)


@pytest.mark.parametrize("needed", [1, 2, 3])
def test_figures_equal_those_written_out(needed: int) -> None:
    """Every sequence of four answers, every place of the key and the attractor."""
    assert same(Lattice(TINY, 4).evaluate(unanimous(needed)), by_hand(TINY, unanimous(needed), 4))


def test_optimum_equals_the_best_of_all_rules() -> None:
    """With three answers at most there are few enough rules to try every one of them."""
    pool = Pool(2, (Kind("clear", 0.6, 0.9, 1.0), Kind("split", 0.4, 0.5, 1.0, ambiguous=True)), trusted=3)
    lattice = Lattice(pool, 3)
    # Numbers of answers of two options after which something is to be decided; "none" never comes.
    states: list[Counts] = [(1, 0, 0), (2, 0, 0), (1, 1, 0), (3, 0, 0), (2, 1, 0)]
    choices = [[PROMOTE, DROP, ASK]] * 3 + [[PROMOTE, DROP]] * 2
    rules = [{(0, 0, 0): ASK, **dict(zip(states, said, strict=True))} for said in product(*choices)]
    evaluated = [lattice.evaluate(rule.__getitem__) for rule in rules]
    for price in (0.0, 5.0, 20.0, 60.0, 200.0, 1000.0):
        best = min(chances.cost(price) for chances in evaluated if chances.promoted > 0)

        assert lattice.optimum(price)[1].cost(price) == pytest.approx(best, rel=1e-9)


@settings(max_examples=25)
@given(st.data())
def test_no_rule_beats_the_optimum(data: st.DataObject) -> None:
    """Whatever a rule does, at whatever price of a wrong key."""
    lattice = Lattice(MIXED, 6)
    said: dict[Counts, str] = {}

    def rule(counts: Counts) -> str:
        if counts not in said:
            words = [ASK] if not sum(counts) else [PROMOTE, ASK, DROP]
            said[counts] = data.draw(st.sampled_from(words), label=str(counts))
        return said[counts]

    price = data.draw(st.floats(0, 2000))
    found = lattice.evaluate(rule)
    if found.promoted > 1e-12:
        assert lattice.optimum(price)[1].cost(price) <= found.cost(price) + 1e-9


def test_frontier_of_the_mixed_pool() -> None:
    """Known from an independent computation: 1.26% wrong keys at 6.16 labels, 0.58% at 7.7."""
    frontier = Lattice(MIXED, 14).frontier()
    labels = [corner.labels_per_promoted for corner in frontier]
    shares = [corner.wrong_share for corner in frontier]

    assert labels == sorted(labels)
    assert shares == sorted(shares, reverse=True)
    assert any(abs(s - 0.0126) < 5e-5 and abs(n - 6.16) < 5e-3 for s, n in zip(shares, labels, strict=True))
    assert fewest_labels(frontier, 0.0058) == pytest.approx(7.73, abs=0.02)
    assert np.isnan(fewest_labels(frontier, 0.5))


@cache
def frontier_of(options: int) -> list[Chances]:
    return Lattice(Pool(options, MIXED.kinds), 14).frontier()


@pytest.mark.parametrize(("promote_at", "wrong", "labels"), [(0.835, 0.013, 6.5), (0.88, 0.0055, 8.1)])
def test_ours_is_within_a_twentieth_of_the_optimum(promote_at: float, wrong: float, labels: float) -> None:
    """The promise for the mixed pool: 1.3% wrong keys at 6.5 labels. Exact, no luck in it."""
    rule = settled(ANSWERS, 4, Policy(promote_at=promote_at), MIXED.trusted)
    ours = Lattice(MIXED, 14).evaluate(rule)

    assert ours.wrong_share <= wrong
    assert ours.labels_per_promoted <= labels
    assert ours.labels_per_promoted <= 1.05 * fewest_labels(frontier_of(4), ours.wrong_share)


def test_contest_and_lattice_agree() -> None:
    """Thousands of tasks mined one by one come out at the expectation of every rule."""
    draw = draw_tasks(np.random.default_rng(5), MIXED, 6000, 14)
    lattice = Lattice(MIXED, 14)
    for name, rule in all_rules(ANSWERS, 4, Policy(), MIXED.trusted).items():
        exact = lattice.evaluate(rule)
        found = measure(MIXED, draw, *mine(rule, draw, 4))

        assert found["labels_per_benchmark"].value == pytest.approx(exact.labels_per_promoted, rel=0.05), name
        assert found["promoted"].value == pytest.approx(exact.promoted, abs=0.025), name
        error = np.sqrt(exact.wrong_share * (1 - exact.wrong_share) / found["wrong_keys"].bottom.sum())
        assert abs(found["wrong_keys"].value - exact.wrong_share) < 4 * error, name


def test_our_rule_is_the_services() -> None:
    """What plays in the contest is ``settle``, answer by answer."""
    rule = settled(ANSWERS, 4, Policy(), 9)
    for choices in product(range(5), repeat=3):
        counts = ordered(tuple(choices.count(option) for option in range(5)))
        said = settle(ANSWERS, 4, choices, 6, Policy())
        word = PROMOTE if isinstance(said, Promote) else ASK if isinstance(said, Continue) else DROP

        assert rule(counts) == word
