"""Letting out and holding back: what becomes of ordinary answers, at once and as more is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from goldvein.decisions.gate import State, hold_limit_seconds, releases
from goldvein.decisions.judging import Verdicts, hold_joints
from goldvein.services.standing import converted
from goldvein.services.views import View
from goldvein.services.writes import Writes
from goldvein.stats.arrays import Array
from goldvein.store.answers import StoredAnswer
from goldvein.store.attempts import NO_DEADLINE, Attempt
from goldvein.store.labels import NewLabel
from goldvein.store.log import Entry
from goldvein.store.standings import Hold, Standing
from goldvein.store.tasks import Content, Key
from goldvein.tasktypes import choice


@dataclass(frozen=True, slots=True)
class HeldAnswer:
    """An answer held earlier, with what its release or discard needs."""

    hold: Hold
    answer: StoredAnswer
    attempt: Attempt


@dataclass(frozen=True, slots=True)
class Bench:
    """Everything one project's judging reads."""

    view: View
    contents: dict[Key, Content]
    now: datetime


def joints_of(view: View, held: Sequence[HeldAnswer], owners: Sequence[Standing]) -> Array | None:
    """Joints of held answers, (states, n_held), on the present model version; None where none is held."""
    if not held:
        return None
    columns = [
        converted(
            np.frombuffer(one.hold.joint)[:, None], view.models, owner.model_version, view.model_version
        )
        for one, owner in zip(held, owners, strict=True)
    ]
    return np.concatenate(columns, axis=1)


def deliver(
    bench: Bench, answer: StoredAnswer, standing: Standing, p_benchmarks: float, writes: Writes
) -> None:
    """Hand an answer to the customer, with the evidence that let it through."""
    content = bench.contents[answer.project, answer.task]
    writes.labels.append(
        NewLabel(
            answer.project, answer.task,
            choice.label_answer(answer.choice, content.input, bench.view.project.classes),
            "labeler", bench.view.project.policy_version, answer.received_at, bench.now,
            attempt=answer.attempt, labeler=answer.labeler, p_benchmarks=p_benchmarks, p_all=standing.p_all,
            benchmarks=standing.benchmarks, standing_state=standing.state,
        )
    )  # fmt: skip


def hold(bench: Bench, attempt: Attempt, standing: Standing, posterior: Array) -> Hold:
    """Keep an answer back, with what is known of its labeler now: ``posterior`` (states,) by benchmarks."""
    assert bench.view.model is not None
    to_deadline = (attempt.due_at - bench.now).total_seconds() if attempt.due_at < NO_DEADLINE else None
    limit = hold_limit_seconds(to_deadline, bench.view.policy)
    joint = hold_joints(bench.view.model, posterior[:, None])[:, 0]
    expires_at = bench.now + timedelta(seconds=limit)
    return Hold(attempt.project, standing.labeler, attempt.id, attempt.task, expires_at, joint.tobytes())


def settle_holds(
    bench: Bench,
    standing: Standing,
    held: Sequence[HeldAnswer],
    verdicts: Verdicts,
    places: Sequence[int],
    writes: Writes,
) -> Standing:
    """Release, discard or keep a labeler's held answers after a further answer."""
    ended = 0
    for one, place in zip(held, places, strict=True):
        smoothed = float(verdicts.smoothed[place])
        if standing.state == State.DISMISSED:
            discard(bench, one, standing, smoothed, "dismissed", writes)
        elif releases(smoothed, standing.p_all, standing.benchmarks, bench.view.policy):
            _release(bench, one, standing, smoothed, writes)
        else:
            writes.still_held.append(replace(one.hold, joint=verdicts.joints[:, place].tobytes()))
            continue
        writes.unheld.append((one.hold.project, one.hold.attempt))
        ended += 1
    return replace(standing, held=standing.held - ended)


def _release(bench: Bench, one: HeldAnswer, standing: Standing, smoothed: float, writes: Writes) -> None:
    deliver(bench, one.answer, standing, smoothed, writes)
    writes.log.append(_end_of_hold(bench.view, one, standing, smoothed, "release", "verdict"))


def discard(
    bench: Bench, one: HeldAnswer, standing: Standing, smoothed: float | None, why: str, writes: Writes
) -> None:
    """Drop a held answer; its task is wanted again, first in line."""
    writes.wanted.append(one.attempt.again("label"))
    writes.log.append(_end_of_hold(bench.view, one, standing, smoothed, "discard", why))


def _end_of_hold(
    view: View, one: HeldAnswer, standing: Standing, smoothed: float | None, kind: str, why: str
) -> Entry:
    return Entry(
        one.hold.project, kind, labeler=one.hold.labeler, attempt=one.hold.attempt, task=one.hold.task,
        choice=one.answer.choice, policy_version=view.project.policy_version, p_benchmarks=smoothed,
        p_all=standing.p_all, benchmarks=standing.benchmarks, decision=why, detail={"version": standing.n},
    )  # fmt: skip
