"""Laws of rescoring, over random histories: struck out is as never said, and back is as before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from goldvein.domain.policy import Policy
from goldvein.services.evidence import Observation
from goldvein.services.observing import Past
from goldvein.services.recounting import Recounted, is_behind, wanted_items
from goldvein.services.replaying import Track, admitted, anew, as_counted, renewed_items, run
from goldvein.stats.items import item_table
from goldvein.stats.model import make_model
from goldvein.store.proofs import Step
from tests.stats import worlds

MODEL = make_model(worlds.BAR)
POLICY = Policy(min_benchmarks=2, max_benchmarks=4, dismiss_at=0.2)
STRUCK, REKEYED = 3, 5
"""Item versions: every task was served by version 1; these came later."""


def table(key: int) -> np.ndarray:
    keys = np.full(4, 0.02)
    keys[key] = 0.94
    return item_table(MODEL, keys, MODEL.answers.difficulty_prior)


@dataclass(slots=True)
class Shelf(Past):
    """Items by their versions, without a database."""

    unknown: set[int] = field(default_factory=set)

    def read(self, steps: Sequence[Step]) -> None:
        served = {(s.task or 0, s.item_version or 0) for s in steps if s.stage == "benchmark"}
        self.tables = {
            (task, version): (
                1,
                None if version == STRUCK else table((task + (version == REKEYED)) % 4).tobytes(),
            )
            for task, version in served
        }


def shelf() -> Shelf:
    tx: Any = None
    return Shelf(tx, 1, None, {1: MODEL})


@st.composite
def histories(draw: st.DrawFn) -> list[Step]:
    """An admission, and answers to benchmarks that are all different and to ordinary work."""
    steps = [
        Step(7, 0, "admit", None, None, None, None, None, None, 1, 1, 0.0, 0.0, 0, None)
    ]  # fmt: skip
    for n in range(1, draw(st.integers(1, 14)) + 1):
        is_benchmark = draw(st.booleans())
        decision = None if is_benchmark else draw(st.sampled_from(["hold", "deliver", "discard"]))
        steps.append(
            Step(
                7,
                n,
                "answer",
                100 + n,
                n,
                "benchmark" if is_benchmark else "label",
                draw(st.integers(-1, 3)),
                draw(st.permutations(range(4))),
                1 if is_benchmark else None,
                1,
                1,
                0.0,
                0.0,
                0,
                decision,
                draw=0.5,
                exposures=draw(st.integers(0, 30)),
                milliseconds=None,
            )
        )
    return steps


def replayed(steps: Sequence[Step], items: Mapping[int, int]) -> Track:
    """A standing from its log, answers counted by these item versions, all that was held still held."""
    past, track = shelf(), admitted(steps[0], {1: MODEL})
    held = {step.attempt for step in steps if step.decision == "hold" and step.attempt is not None}
    run(past, {1: POLICY}, [(track, anew(steps[1:], items), held)])
    return track


def rescored(steps: Sequence[Step], items: Mapping[int, int]) -> Step:
    """The step that a rescoring adds."""
    detail = {"items": {str(task): version for task, version in wanted_items(steps, items).items()}}
    n = steps[-1].n + 1
    return replace(steps[0], n=n, kind="rescored", detail=MappingProxyType(detail))


def same(one: Track, other: Track) -> bool:
    """Whether two standings are the same to the last bit."""
    return (
        np.array_equal(one.posterior, other.posterior)
        and (one.p, one.state, one.benchmarks, one.undecided)
        == (other.p, other.state, other.benchmarks, other.undecided)
        and one.holds.keys() == other.holds.keys()
        and all(np.array_equal(one.holds[held], other.holds[held]) for held in one.holds)
    )


tasks = st.sets(st.integers(1, 14))


@settings(max_examples=80)
@given(histories(), tasks)
def test_struck_out_is_as_if_nothing_had_been_said(steps: list[Step], struck: set[int]) -> None:
    """A history in which those were ordinary answers that say nothing gives the same standing."""
    silent = [
        replace(step, stage="label", choice=-1, item_version=None)
        if step.stage == "benchmark" and step.task in struck
        else step
        for step in steps
    ]
    assert same(replayed(steps, dict.fromkeys(struck, STRUCK)), replayed(silent, {}))


@settings(max_examples=80)
@given(histories(), tasks, tasks, tasks)
def test_only_what_counts_now_matters(
    steps: list[Step], first: set[int], second: set[int], rekeyed: set[int]
) -> None:
    """However often it was rescored before, a standing is what its answers come to by what counts now."""
    now = {**dict.fromkeys(second, STRUCK), **dict.fromkeys(rekeyed, REKEYED)}
    log = [*steps, rescored(steps, dict.fromkeys(first, STRUCK))]
    later = [replace(step, n=step.n + len(steps), attempt=(step.attempt or 0) + 50) for step in steps[1:]]
    later = [replace(step, task=None if step.task is None else step.task + 20) for step in later]
    log += later
    log.append(rescored(log, now))
    assert same(replayed(log, now), replayed([*steps, *later], now))
    assert same(replayed(log, {}), replayed([*steps, *later], {}))


@settings(max_examples=80)
@given(histories(), tasks, tasks)
def test_nobody_is_forgotten_and_nobody_asked_in_vain(
    steps: list[Step], before: set[int], now: set[int]
) -> None:
    """A standing is behind exactly if some answer of it counts otherwise; once rescored, it is not."""
    log = [*steps, rescored(steps, dict.fromkeys(before, STRUCK))]
    items = dict.fromkeys(now, STRUCK)
    answered = {step.task for step in steps if step.stage == "benchmark"}
    assert is_behind(log, items) == (before & answered != now & answered)
    assert bool(list(Recounted(items).forgotten(7, log))) == is_behind(log, items)
    assert not list(Recounted(items, waiting={7}).forgotten(7, log))
    log.append(rescored(log, items))
    assert not is_behind(log, items)
    assert renewed_items(log[-1]) == dict.fromkeys(now & answered, STRUCK)
    assert [step.item_version for step in as_counted(log) if step.task in now & answered] == [
        STRUCK for _ in now & answered
    ]


def test_a_struck_answer_is_no_observation() -> None:
    """It has no table, and no choice that a rule could have made."""
    step = Step(7, 1, "answer", 1, 1, "benchmark", 2, (0, 1, 2, 3), STRUCK, 1, 1, 0.0, 0.0, 0, None)
    past = shelf()
    past.read([step])
    assert past.observation(step) == Observation(None, (), -1)
    assert not past.counts(step)
