"""Keep, freeze, mend or retire: each with enough evidence, and rarely a good benchmark by mistake."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from goldvein.decisions.mining import Promote, settle
from goldvein.decisions.upkeep import (
    LEAST_GOOD,
    Freeze,
    Keep,
    Rekey,
    Retire,
    Upkeep,
    Watched,
    is_due,
    look,
    looked_until,
    misfit,
)
from goldvein.domain.policy import Policy
from goldvein.stats.keys import Said, key_evidence, panel_start
from goldvein.stats.mining import panel_curve
from goldvein.stats.model import make_answer_model

if TYPE_CHECKING:
    from collections.abc import Sequence

ANSWERS, POLICY = make_answer_model(), Policy()
PANEL = (0, 0, 0, 0, 0)
CURVE = panel_curve(ANSWERS, 4)


def watch(
    choices: Sequence[int], p_able: float | Sequence[float] = 0.95, *, panel: Sequence[int] = PANEL,
    exposures: int | None = None, age_seconds: float = 0.0, guessable: bool = False,
) -> Watched:  # fmt: skip
    """A benchmark with key 0 after these answers."""
    n = len(choices)
    goods = np.full(n, p_able) if isinstance(p_able, float) else np.array(p_able)
    crowd = Said(np.array(choices, dtype=np.int64), goods, np.tile(CURVE, (n, 1)), np.full(n, 0.245))
    evidence = key_evidence(ANSWERS, 4, panel_start(ANSWERS, 4, panel), crowd)
    return Watched(
        0, evidence, crowd, n if exposures is None else exposures, age_seconds, guessable=guessable
    )


def decide(*values: object, **more: object) -> Upkeep:
    return look(watch(*values, **more), POLICY)  # type: ignore[arg-type]


def test_a_confirmed_key_is_kept() -> None:
    """Good people find it: nothing happens."""
    verdict = decide([0] * 18 + [1, 2])

    assert isinstance(verdict, Keep)
    assert verdict.p_right > 0.999


def test_good_people_who_miss_it_together_give_it_their_key() -> None:
    """A dozen of them agree on another option: it is the key."""
    verdict = decide([1] * 12 + [2])

    assert isinstance(verdict, Rekey)
    assert verdict.key == 1
    assert verdict.p_right < 0.01
    assert verdict.key_probs.argmax() == 1
    assert verdict.difficulty_weights.sum() == pytest.approx(1.0)


def test_what_nobody_is_sure_of_is_frozen() -> None:
    """The key is wrong, but no other one is sure."""
    verdict = decide([1] * 9 + [2] * 6 + [0])

    assert isinstance(verdict, Freeze)
    assert verdict.rival in (1, 2)
    assert verdict.p_right < POLICY.freeze_below


def test_what_cannot_be_answered_gets_no_key() -> None:
    """That a task has no answer is no key."""
    assert isinstance(decide([4] * 14), Freeze)


def test_little_evidence_condemns_nothing() -> None:
    """Under so many good labelers' worth of answers a key stands."""
    few = int(LEAST_GOOD / 0.95) - 1

    assert isinstance(decide([1] * few), Keep)
    assert isinstance(decide([1] * 200, 0.01), Keep)


def test_followers_of_a_shortcut_make_no_key() -> None:
    """Ten good people count for more than a hundred who are known to follow the longest option."""
    choices = [0] * 9 + [1] + [1] * 100

    assert isinstance(decide(choices, [0.95] * 10 + [0.02] * 100), Keep)


def test_budgets_retire() -> None:
    """Exposure and age end a benchmark's life."""
    worn = decide([0] * 20, exposures=POLICY.exposure_budget)
    old = decide([0] * 20, age_seconds=float(POLICY.age_budget_seconds))

    assert isinstance(worn, Retire)
    assert worn.reason == "exposed"
    assert isinstance(old, Retire)
    assert old.reason == "old"


def test_ambiguous_ones_retire() -> None:
    """Good labelers hardly find the key: whoever misses it is not told to be bad."""
    verdict = decide([0] * 11 + [1] * 8 + [2] * 7 + [3] * 6, panel=(0, 0, 1, 0, 2, 0))

    assert isinstance(verdict, Retire)
    assert verdict.reason == "ambiguous"


def test_easy_ones_retire_unless_a_rule_gives_their_key() -> None:
    """Others are right as often as good labelers; where that is a known rule's doing, the mix sees to it."""
    choices, p_able = [0] * 100, [0.97] * 50 + [0.03] * 50
    verdict = decide(choices, p_able)

    assert isinstance(verdict, Retire)
    assert verdict.reason == "too easy"
    assert isinstance(decide(choices, p_able, guessable=True), Keep)
    assert isinstance(decide([0] * 60 + [1, 2, 3] * 12, [0.97] * 58 + [0.03] * 38), Keep)


@pytest.mark.parametrize("spread", [0.02, 0.05, 0.2])
def test_not_knowing_who_does_the_job_makes_nothing_too_easy(spread: float) -> None:
    """Newcomers who left early are all somewhat likely to be good: their shares right are alike for that."""
    rng = np.random.default_rng(1000)
    kept = 0
    for _ in range(40):
        p_able = rng.uniform(0.7 - spread, 0.7 + spread, 150)
        able = rng.random(150) < p_able
        right = rng.random(150) < np.where(able, CURVE[1], 0.25)
        choices = np.where(right, 0, rng.integers(1, 4, 150))
        kept += isinstance(decide(choices.tolist(), p_able.tolist()), Keep)

    assert kept >= 36


def test_misfits_retire() -> None:
    """Good labelers do worse on it than others."""
    choices = [0] * 46 + [1, 2, 3] * 4 + [1, 2] + [0] * 60
    watched = watch(choices, [0.97] * 60 + [0.03] * 60)

    assert misfit(watched) < -4
    verdict = look(watched, POLICY)
    assert isinstance(verdict, Retire)
    assert verdict.reason == "misfit"


def test_looks_come_with_answers() -> None:
    """After five more servings or a quarter more; with every serving while in doubt."""
    assert is_due([4, 5, 30, 124, 125], [0, 0, 20, 100, 100]).tolist() == [False, True, True, False, True]
    sure, doubtful = Keep(0.99), Keep(0.6)
    for exposures in (1, 5, 12, 40, 333):
        assert looked_until(exposures, sure) == exposures
        until = looked_until(exposures, doubtful)
        assert not is_due(exposures, until)
        assert is_due(max(exposures, 4) + 2, until)


def pool(rng: np.random.Generator) -> tuple[float, float]:
    """P(right) of a good person, and the share of slips on the attractor: the mixed pool of STATS B4."""
    kinds = ((0.95, 1 / 3), (0.95, 1 / 3), (0.8, 0.7), (0.5, 0.8))
    return kinds[rng.integers(4)]


def mined(rng: np.random.Generator) -> tuple[list[int], int, float, float]:
    """A benchmark as mining makes it: the panel's answers, the key, and how people answer (0 is right)."""
    while True:
        right, attractor = pool(rng)
        choices: list[int] = []
        while len(choices) < POLICY.panel_max:
            choices.append(answered(rng, right, attractor))
            settled = settle(ANSWERS, 4, tuple(choices), 12 - len(choices), POLICY)
            if isinstance(settled, Promote):
                return choices, settled.key, right, attractor


def answered(rng: np.random.Generator, right: float, attractor: float) -> int:
    if rng.random() < right:
        return 0
    return 1 if rng.random() < attractor else int(rng.integers(2, 4))


def crowd_of(rng: np.random.Generator, n: int, right: float, attractor: float) -> Said:
    """So many people: seven in ten do the job, known with the certainty that benchmarks give."""
    able = rng.random(n) < 0.7
    choices = [answered(rng, right, attractor) if at_work else int(rng.integers(4)) for at_work in able]
    p_able = np.where(able, rng.beta(12, 1.5, n), rng.beta(1.5, 12, n))
    return Said(np.array(choices), p_able, np.tile(CURVE, (n, 1)), np.full(n, 0.25))


def test_mined_keys_after_twenty_exposures() -> None:
    """At most 0.5% wrong keys stay active, and fewer than 1% of the good ones are frozen on the way there."""
    rng = np.random.default_rng(21)
    active_wrong = active = good = condemned = 0
    verdict: Upkeep
    for _ in range(1000):
        panel, key, right, attractor = mined(rng)
        crowd = crowd_of(rng, 20, right, attractor)
        start = panel_start(ANSWERS, 4, panel)
        for seen in (10, 15, 20):
            part = Said(*(getattr(crowd, name)[:seen] for name in Said.__slots__))
            evidence = key_evidence(ANSWERS, 4, start, part)
            verdict = look(Watched(key, evidence, part, seen, 0.0, guessable=True), POLICY)
            if isinstance(verdict, Freeze | Rekey | Retire):
                break
        good += key == 0
        condemned += key == 0 and isinstance(verdict, Freeze | Rekey)
        now = verdict.key if isinstance(verdict, Rekey) else key
        if not isinstance(verdict, Freeze | Retire):
            active += 1
            active_wrong += now != 0
    assert active_wrong / active <= 0.005
    assert condemned / good < 0.01
