"""Pools, rules and scenarios of mining."""

from typing import Any

import numpy as np
import pytest

from goldvein.sim.contest.knobs import ScenarioError
from goldvein.sim.mining.contest import MiningContest, mine
from goldvein.sim.mining.pools import Kind, Pool, draw_tasks
from goldvein.sim.mining.rules import ASK, DROP, PROMOTE, both, flat, lead_of, ordered, unanimous
from goldvein.sim.mining.scenario import mining_from_dict
from tests.sim.mining.pools import MIXED, TINY


@pytest.mark.parametrize("kind", [*MIXED.kinds, *TINY.kinds])
@pytest.mark.parametrize("theta", [-1.0, 0.0, 1.0])
def test_answer_probs_sum_to_one(kind: Kind, theta: float) -> None:
    """The mean labeler is right as often as the kind says, an abler one more often."""
    probs = kind.answer_probs(3, theta)
    right = 0 if kind.answerable else 3

    assert probs.sum() == pytest.approx(1)
    assert probs.min() >= 0
    assert np.sign(probs[right] - kind.accuracy) == np.sign(theta)


def test_draw_follows_the_pool() -> None:
    """Shares, accuracies and attractors of a big draw; nobody answers a task twice."""
    draw = draw_tasks(np.random.default_rng(3), MIXED, 20_000, 10)
    right = draw.answers == draw.key[:, None]

    assert [np.mean(draw.kind == k) for k in range(3)] == pytest.approx([0.5, 0.25, 0.25], abs=0.015)
    assert [right[draw.kind == k].mean() for k in range(3)] == pytest.approx([0.95, 0.8, 0.5], abs=0.01)
    assert np.bincount(draw.key, minlength=4)[:4] / 20_000 == pytest.approx([0.25] * 4, abs=0.015)
    assert all(len(set(row)) == 10 for row in draw.people[:200].tolist())
    # Of the mistakes on ambiguous tasks, 80% fall on one option: two mistakes agree in .64 + .2^2/2.
    rows = np.flatnonzero((draw.kind == 2) & ~right[:, 0] & ~right[:, 1])
    assert np.mean(draw.answers[rows, 0] == draw.answers[rows, 1]) == pytest.approx(0.66, abs=0.03)


def test_unequal_people_differ() -> None:
    """With a spread, a person's answers to different tasks hang together."""
    pool = Pool(4, (Kind("medium", 1.0, 0.8, 0.5),), trusted=10, spread=1.5)
    draw = draw_tasks(np.random.default_rng(1), pool, 8000, 5)
    right = draw.answers == draw.key[:, None]
    rates = [right[draw.people == person].mean() for person in range(10)]

    assert np.corrcoef(draw.abilities, rates)[0, 1] > 0.9
    assert np.ptp(rates) > 0.2


def test_rules_by_hand() -> None:
    """Each rule's word on some numbers of answers."""
    assert unanimous(3)((2, 0, 0, 0, 0)) == ASK
    assert unanimous(3)((3, 0, 0, 0, 0)) == PROMOTE
    assert unanimous(3)((1, 1, 0, 0, 0)) == DROP
    assert unanimous(3)((1, 0, 0, 0, 1)) == DROP
    assert lead_of(4, 5)((3, 1, 0, 0, 0)) == ASK
    assert lead_of(4, 5)((2, 2, 0, 0, 0)) == DROP
    assert flat(4)((2, 0, 0, 0, 0)) == PROMOTE  # 27^2 / 3 to one: over .99, whatever the task
    assert flat(4)((1, 1, 0, 0, 0)) == ASK
    assert both(unanimous(3), flat(4))((2, 0, 0, 0, 0)) == ASK
    assert both(unanimous(3), flat(4))((1, 1, 0, 0, 0)) == DROP
    assert ordered((0, 2, 1, 5, 4)) == (5, 2, 1, 0, 4)


def test_a_panel_that_runs_out_promotes_nothing() -> None:
    """Three people cannot be four who agree."""
    pool = Pool(4, MIXED.kinds, trusted=3)
    draw = draw_tasks(np.random.default_rng(1), pool, 500, 14)
    labels, keys = mine(unanimous(4), draw, 4)

    assert labels.max() == 3
    assert (keys == -1).all()


GOOD: dict[str, Any] = {
    "seed": 7,
    "mining": {
        "tasks": 400,
        "kinds": [
            {"name": "clear", "share": 0.6, "accuracy": 0.95},
            {"name": "split", "share": 0.4, "accuracy": 0.5, "attractor": 0.8, "ambiguous": True},
        ],
    },
}


def test_contest_reports_every_rule_with_intervals() -> None:
    """Every figure with an interval that holds it, the same again for the same seeds."""
    contest = MiningContest(mining_from_dict(GOOD, "small"), 2)
    contest.play()
    report = contest.report()
    again = MiningContest(mining_from_dict(GOOD, "small"), 2)
    again.play()

    assert report == again.report()
    assert report["seeds"] == [7, 8]
    ours = report["rules"]["goldvein"]
    for figure in ("labels_per_benchmark", "wrong_keys", "ambiguous_share", "lost", "promoted"):
        low, high = ours["intervals"][figure]
        assert low <= ours[figure] <= high
    assert ours["exact"]["labels_per_benchmark"] >= ours["optimum_labels"] - 1e-9
    assert len(report["rules"]) == len(contest.rules) > 12


def kinds(**changes: Any) -> dict[str, Any]:
    return {"mining": {"kinds": [{"name": "clear", "share": 1.0, "accuracy": 0.95} | changes]}}


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"mining": {}}, "write at least one"),
        ({"mining": {"kind": []}}, "mining.kind is not a key"),
        ({"mining": {"options": 1}}, "mining.options is 1"),
        (kinds(share=0.9), r"sum to 0\.9"),
        (kinds(accuracy=1.2), r"mining.kinds\[1\].accuracy is 1.2"),
        (kinds(ambiguous=True), "nothing is worth mining"),
        (kinds(ambiguous="yes"), "must be true or false"),
        ({"mining": {"kinds": [{"name": "clear", "share": 1.0}]}}, "has no accuracy"),
        (kinds() | {"policy": {"promote_at": 2.0}}, "promote_at is 2.0"),
        (kinds() | {"labelers": []}, "labelers is not a key"),
    ],
)
def test_a_wrong_scenario_says_what_to_do(values: dict[str, Any], said: str) -> None:
    """The key, its value, the rule, the way out."""
    with pytest.raises(ScenarioError, match=said):
        mining_from_dict(values, "wrong")
