"""Simulated labelers do what their kind says."""

import numpy as np
import pytest

from goldvein.sim import labelers
from goldvein.sim.labelers import Shown

TASK = Shown(options=("a", "cccc", "bb", "ddd"), truth=2, near=3)
TRIALS = 4000


def _choices(behaviour: labelers.Behaviour, shown: Shown = TASK, *, answered: int = 0) -> list[int]:
    rng = np.random.default_rng(7)
    return [behaviour.choose(shown, answered, rng) for _ in range(TRIALS)]


@pytest.mark.parametrize("accuracy", [0.4, 0.75, 0.95])
def test_an_honest_labeler_is_right_with_its_accuracy(accuracy: float) -> None:
    """On a task of ordinary ease the chance of the truth is the accuracy."""
    choices = _choices(labelers.Honest(accuracy))

    assert np.mean(np.array(choices) == TASK.truth) == pytest.approx(accuracy, abs=0.03)


def test_an_easy_task_helps_and_mistakes_lean_to_the_near_option() -> None:
    """Ease moves the chance; of the mistakes, more than a third each go to the near option."""
    easy = labelers.Honest(0.75).chance(Shown(TASK.options, 2, ease=1.0))
    hard = labelers.Honest(0.75).chance(Shown(TASK.options, 2, ease=-1.0))
    wrong = [choice for choice in _choices(labelers.Honest(0.5)) if choice != TASK.truth]

    assert hard < 0.75 < easy
    assert np.mean(np.array(wrong) == TASK.near) > 0.6


@pytest.mark.parametrize(
    ("behaviour", "position"), [(labelers.FirstShown(), 0), (labelers.Longest(), 1), (labelers.Shortest(), 0)]
)
def test_a_shortcut_follows_its_rule_but_for_a_lapse(behaviour: labelers.Behaviour, position: int) -> None:
    """The rule's position, except for 3% lapses elsewhere."""
    share = np.mean(np.array(_choices(behaviour)) == position)

    assert 0.95 < share < 0.99
    assert not behaviour.is_good(0)


def test_a_random_clicker_takes_all_positions_alike() -> None:
    """A quarter each of four."""
    counts = np.bincount(_choices(labelers.Random()), minlength=4) / TRIALS

    assert np.allclose(counts, 0.25, atol=0.03)


def test_a_sleeper_changes_after_its_last_good_answer() -> None:
    """Honest up to the change, then somebody else; `is_good` says which."""
    sleeper = labelers.Sleeper(labelers.Honest(0.99), after=100, becomes=labelers.FirstShown(0.0))

    assert sleeper.is_good(99)
    assert not sleeper.is_good(100)
    assert np.mean(np.array(_choices(sleeper, answered=99)) == TASK.truth) > 0.95
    assert set(_choices(sleeper, answered=100)) == {0}


def test_a_lapsing_labeler_is_right_on_the_rest() -> None:
    """Half slips (a quarter of them right by luck), half as usual."""
    lapsing = labelers.Lapsing(labelers.Honest(0.99), share=0.5)

    assert np.mean(np.array(_choices(lapsing)) == TASK.truth) == pytest.approx(0.62, abs=0.03)


def test_a_part_timer_rests_between_sittings_only() -> None:
    """No rest at the start nor within a sitting; about the given time after one."""
    rng = np.random.default_rng(3)
    worker = labelers.PartTimer(labelers.Honest(0.9), sitting=5, rest=100.0)

    assert [worker.rest_seconds(answered, rng) for answered in (0, 1, 4, 6)] == [0.0] * 4
    assert np.mean([worker.rest_seconds(5, rng) for _ in range(2000)]) == pytest.approx(100, rel=0.1)
