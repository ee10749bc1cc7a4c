"""Every kind of labeler does what it says, and betrays nothing that it does not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from goldvein.sim.contest.behaviour import Crowd
from tests.sim.contest.stage import live, serve, world_of

HONEST: dict[str, Any] = {"kind": "honest", "accuracy": [0.6, 0.95]}
RULES = ["first", "last", "longest", "shortest", "most overlap", "least sentiment", "most word-count"]


def spread(counts: Any) -> float:
    """Chi-square over the degrees of freedom: about 1 where all are alike."""
    expected = counts.sum() / len(counts)
    return float(((counts - expected) ** 2 / expected).sum() / (len(counts) - 1))


def test_honest_people_reach_their_mean_accuracy_on_the_benchmarks() -> None:
    """What a group is given is what its members reach, and "good" is measured against the same."""
    crowd, lives = live(
        world_of({"kind": "honest", "accuracy": [0.6, 0.9]}), size=100, steps=2000, benchmarks=1
    )
    reached = lives.right.mean(axis=0)

    assert np.abs(reached - crowd.accuracy()).max() < 4 * np.sqrt(0.25 / 2000)
    assert 0.59 < crowd.accuracy().min() < 0.63
    assert 0.87 < crowd.accuracy().max() < 0.91
    assert (crowd.good() == (crowd.accuracy() >= 0.70)).all()


def test_the_accuracy_curve_is_the_mean_over_the_benchmarks() -> None:
    """The interpolated curve equals the plain average of the answer model."""
    world = world_of(HONEST, benchmarks=50)
    crowd = Crowd(np.random.default_rng(2), world, size=30)
    items, theta = world.benchmarks, crowd.ability()
    slope = items.discrimination * (theta[:, None] - items.difficulty)

    assert crowd.accuracy() == pytest.approx((0.25 + 0.75 / (1 + np.exp(-slope))).mean(axis=1), abs=1e-4)


def test_honest_mistakes_go_where_mistakes_go() -> None:
    """Three in five mistakes fall on the attractor, none on the key; position plays no part."""
    world = world_of({"kind": "honest", "accuracy": 0.5})
    _, lives = live(world, benchmarks=0)
    wrong, missed = world.ordinary.wrong[lives.item], ~lives.right
    shown = (lives.order == lives.choice[..., None]).argmax(axis=-1)

    assert (lives.choice == wrong.argmax(axis=-1))[missed].mean() == pytest.approx(0.6, abs=0.02)
    assert spread(np.bincount(shown.ravel())) < 4


def test_random_answers_tell_nothing() -> None:
    """All options and positions alike, right or wrong, long or short."""
    world = world_of({"kind": "random"})
    crowd, lives = live(world)
    shown = (lives.order == lives.choice[..., None]).argmax(axis=-1)

    assert spread(np.bincount(lives.choice.ravel())) < 4
    assert spread(np.bincount(shown.ravel())) < 4
    assert lives.right.mean() == pytest.approx(0.25, abs=0.01)
    assert not crowd.good().any()
    assert not lives.good.any()


@pytest.mark.parametrize("rule", RULES)
def test_shortcuts_follow_their_rule_but_for_a_lapse(rule: str) -> None:
    """And a lapse falls on any other option."""
    world = world_of({"kind": "shortcut", "rule": rule, "lapse": 0.1})
    crowd, lives = live(world, benchmarks=0)
    if rule in {"first", "last"}:
        picked = lives.order[..., 0 if rule == "first" else -1]
    else:
        picked = world.ordinary.picks[rule][lives.item]
    steps_away = (lives.choice - picked) % 4

    assert (steps_away == 0).mean() == pytest.approx(0.9, abs=0.01)
    assert spread(np.bincount(steps_away.ravel())[1:]) < 4
    assert not crowd.good().any()
    assert crowd.kinds == (rule,)
    assert crowd.behaviours == ("shortcut",)


def test_the_longest_option_finds_its_share_of_keys() -> None:
    """On benchmarks and on ordinary tasks, each with a share of its own."""
    group = {"kind": "shortcut", "rule": "longest", "lapse": 0}
    world = world_of(group, longest_right=0.85, ordinary_longest_right=0.4)
    _, lives = live(world)

    assert lives.right[lives.is_benchmark].mean() == pytest.approx(0.85, abs=0.02)
    assert lives.right[~lives.is_benchmark].mean() == pytest.approx(0.4, abs=0.02)


def test_sleepers_turn_after_their_answers() -> None:
    """Each after a number of its own, honest before, its rule after."""
    group = {"kind": "sleeper", "accuracy": 0.9, "after": [20, 60], "becomes": "longest", "lapse": 0}
    world = world_of(group, longest_right=0.0)
    crowd, lives = live(world)
    before = np.arange(100)[:, None] < crowd.changed_at

    assert crowd.changed_at.min() >= 20
    assert crowd.changed_at.max() <= 60
    assert len(np.unique(crowd.changed_at)) > 20
    assert lives.right[before].mean() == pytest.approx(0.9, abs=0.02)
    assert lives.right[~before].mean() == 0.0
    assert (lives.good == before).all()


def test_part_timers_guess_their_share_in_spells() -> None:
    """A share of guesses, in rows of the mean length; while it guesses, a labeler is not good."""
    world = world_of({"kind": "part-timer", "accuracy": 0.95, "guesses": 0.3, "spell": 10})
    crowd, lives = live(world, steps=600)
    guessing = ~lives.good
    starts = guessing[1:] & ~guessing[:-1]

    assert guessing.mean() == pytest.approx(0.3, abs=0.02)
    assert guessing[1:].sum() / starts.sum() == pytest.approx(10, abs=0.7)
    assert lives.right[guessing].mean() == pytest.approx(0.25, abs=0.02)
    assert lives.right[~guessing].mean() == pytest.approx(0.95, abs=0.01)
    assert crowd.good_at_work.all()


@pytest.mark.parametrize(("guesses", "good"), [(0.2, True), (0.5, False)])
def test_odd_guesses_count_into_the_mean(guesses: float, good: bool) -> None:
    """Somebody who guesses now and then is good while the mean over all answers reaches the bar."""
    crowd, lives = live(world_of({"kind": "part-timer", "accuracy": 0.85, "guesses": guesses}))

    assert (lives.good == good).all()
    assert (crowd.good() == good).all()
    assert lives.right.mean() == pytest.approx(0.85 - 0.6 * guesses, abs=0.02)


def test_speeders_rush_their_guesses() -> None:
    """Half of their answers come fast and are random; the others are like anybody's."""
    world = world_of({"kind": "speeder", "accuracy": 0.9, "guess_speed": 0.01})
    _, lives = live(world)
    fast = lives.seconds < 2.0

    assert fast.mean() == pytest.approx(0.5, abs=0.02)
    assert lives.right[fast].mean() == pytest.approx(0.25, abs=0.02)
    assert lives.right[~fast].mean() == pytest.approx(0.9, abs=0.02)


@pytest.mark.parametrize(("exposures", "known"), [(0, 0.0), (10, 0.5), (90, 0.9)])
def test_leakers_know_what_was_served_often(exposures: int, known: float) -> None:
    """Half of them after ``leak_half`` servings, always the same ones; nothing of ordinary tasks."""
    world = world_of({"kind": "leaker", "leak_half": 10, "lapse": 0})
    crowd, lives = live(world, exposures=exposures)

    assert lives.right[lives.is_benchmark].mean() == pytest.approx(known + (1 - known) / 4, abs=0.02)
    assert lives.right[~lives.is_benchmark].mean() == pytest.approx(0.25, abs=0.02)
    assert not crowd.good().any()


def test_colluders_know_what_another_of_the_ring_has_seen() -> None:
    """The first of a ring to meet a benchmark guesses, the next knows; other rings don't."""
    world = world_of({"kind": "colluder", "ring": 2, "lapse": 0}, benchmarks=400)
    rng = np.random.default_rng(3)
    crowd = Crowd(rng, world, size=400)
    halves = np.argsort(crowd._people.ring, kind="stable").reshape(-1, 2).T
    served = serve(rng, world, halves[0], benchmarks=1)
    first = crowd.answer(rng, served)
    served.who = halves[1]
    second = crowd.answer(rng, served)
    key = world.benchmarks.key[served.item]

    assert (first.choice == key).mean() == pytest.approx(0.25, abs=0.1)
    assert (second.choice == key).all()
    assert not second.good.any()


def test_patient_colluders_work_honestly_at_first() -> None:
    """They see benchmarks for the ring meanwhile, and change later."""
    world = world_of({"kind": "colluder", "accuracy": 0.8, "after": 50, "lapse": 0})
    crowd, lives = live(world)

    assert (crowd.changed_at == 50).all()
    assert lives.right[:50].mean() == pytest.approx(0.8, abs=0.02)
    assert lives.right[50:][lives.is_benchmark[50:]].all()
    assert lives.right[50:][~lives.is_benchmark[50:]].mean() == pytest.approx(0.25, abs=0.02)


def test_copiers_of_one_model_agree() -> None:
    """The model's answer to a task is always the same, right on its share, and copying is not the job."""
    world = world_of({"kind": "copier", "accuracy": 0.8, "lapse": 0})
    crowd, lives = live(world, steps=200, benchmarks=1)
    answers = {(int(i), int(c)) for i, c in zip(lives.item.ravel(), lives.choice.ravel(), strict=True)}

    assert len(answers) == len(world.benchmarks)
    assert lives.right.mean() == pytest.approx(0.8, abs=0.06)
    assert not crowd.good().any()


def test_adapters_play_honest_while_the_rate_is_high() -> None:
    """At a low rate they guess."""
    world = world_of({"kind": "adapter", "accuracy": 0.9, "over": 0.2})
    tested, high = live(world, rate=0.2)
    trusted, low = live(world, rate=0.19)

    assert high.right.mean() == pytest.approx(0.9, abs=0.02)
    assert tested.good().all()
    assert low.right.mean() == pytest.approx(0.25, abs=0.02)
    assert not trusted.good().any()
    assert not low.good.any()


def test_learners_start_lower_and_arrive() -> None:
    """The accuracy of the scenario is the one that they reach in the end."""
    world = world_of({"kind": "honest", "accuracy": 0.8, "learning": 2, "learning_answers": 50})
    crowd, lives = live(world, steps=400)

    assert lives.right[:10].mean() < 0.6
    assert lives.right[-100:].mean() == pytest.approx(0.8, abs=0.02)
    assert not lives.good[0].any()
    assert crowd.good().all()


def test_the_tired_are_fresh_again_the_next_day() -> None:
    """What the day took comes back overnight."""
    world = world_of({"kind": "honest", "accuracy": 0.85, "fatigue": 2, "day": 100})
    _, lives = live(world, steps=200)

    assert lives.right[:10].mean() > lives.right[90:100].mean() + 0.15
    assert lives.right[100:110].mean() == pytest.approx(lives.right[:10].mean(), abs=0.04)


def test_drifting_people_spread_out() -> None:
    """Ability takes a step at each answer, up or down alike."""
    crowd, _ = live(world_of({"kind": "honest", "accuracy": 0.8, "drift": 0.05}), size=2000)
    start = Crowd(np.random.default_rng(1), world_of({"kind": "honest", "accuracy": 0.8}), size=1)
    moved = crowd.ability() - start.ability()

    assert moved.std() == pytest.approx(0.5, rel=0.1)
    assert moved.mean() == pytest.approx(0, abs=0.05)


def test_a_circle_of_taste_agrees_against_the_key() -> None:
    """On its share of tasks its members prefer the same other option; their accuracy counts that."""
    world = world_of({"kind": "honest", "accuracy": 0.8, "dissent": 0.15}, benchmarks=400)
    crowd, lives = live(world, size=300, steps=400, benchmarks=1)
    share = np.array([lives.right[lives.item == i].mean() for i in range(400)])
    against = share < 0.4
    favourite = [np.bincount(lives.choice[lives.item == i]).max() for i in np.flatnonzero(against)]
    asked = [int((lives.item == i).sum()) for i in np.flatnonzero(against)]

    assert lives.right.mean() == pytest.approx(0.8, abs=0.01)
    assert crowd.accuracy() == pytest.approx(np.full(300, 0.8), abs=1e-3)
    assert against.sum() >= 60
    assert sum(favourite) / sum(asked) > 0.7


def test_time_gives_nothing_away_by_default() -> None:
    """Seconds are alike for every kind that no knob makes faster."""
    kinds: list[dict[str, Any]] = [
        HONEST,
        {"kind": "random"},
        {"kind": "shortcut", "rule": "longest"},
        {"kind": "sleeper", "after": 50},
        {"kind": "part-timer"},
        {"kind": "leaker"},
        {"kind": "colluder"},
        {"kind": "copier", "accuracy": 0.6},
        {"kind": "adapter"},
    ]
    world = world_of(*({**kind, "share": 1 / 9} for kind in kinds))
    crowd, lives = live(world, size=1800)
    logs = np.log(lives.seconds).mean(axis=0)
    means = np.array([logs[crowd.kind_of == kind].mean() for kind in range(9)])

    assert np.abs(means - logs.mean()).max() < 4 * logs.std() / np.sqrt(200)
    right = np.log(lives.seconds[lives.right]).mean() - np.log(lives.seconds[~lives.right]).mean()
    assert abs(right) < 0.01


def test_a_group_may_be_fast() -> None:
    """The factor is on all of its seconds."""
    _, usual = live(world_of({"kind": "random"}))
    _, fast = live(world_of({"kind": "random", "speed": 0.3}))

    assert fast.seconds == pytest.approx(0.3 * usual.seconds)


def test_only_those_served_live_on() -> None:
    """A labeler who is not served neither answers nor ages."""
    world = world_of({"kind": "sleeper", "accuracy": 0.9, "after": 5})
    rng = np.random.default_rng(4)
    crowd = Crowd(rng, world, size=100)
    for _ in range(5):
        crowd.answer(rng, serve(rng, world, np.arange(0, 100, 2)))

    assert crowd.answered.tolist() == [5, 0] * 50
    assert crowd.good().tolist() == [False, True] * 50


def test_the_same_seed_gives_the_same_lives() -> None:
    """Everything random comes from the generator that is handed in."""
    groups: tuple[dict[str, Any], ...] = (
        {**HONEST, "share": 0.5, "drift": 0.1},
        {"kind": "part-timer", "share": 0.5},
    )
    (_, one), (_, two) = live(world_of(*groups)), live(world_of(*groups))

    assert (one.choice == two.choice).all()
    assert (one.seconds == two.seconds).all()
