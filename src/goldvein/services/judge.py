"""Judge and gate: each answer moves its labeler's standing, and the gate decides what becomes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from goldvein.decisions.gate import (
    Gate,
    State,
    gate,
    hold_limit_seconds,
    next_state,
    releases,
    undecided_after,
)
from goldvein.decisions.judging import Verdicts, hold_joints, judge
from goldvein.decisions.trust import earns_trust
from goldvein.decisions.withdrawing import wants_review
from goldvein.domain.records import UNANSWERABLE
from goldvein.services.evidence import Observation, likelihoods, signals
from goldvein.services.standing import pack, unpack
from goldvein.services.submission import Accepted
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
class Judged:
    """One answer with the standing that it moves."""

    answer: Accepted
    standing: Standing

    @property
    def is_benchmark(self) -> bool:
        """Whether the answer tells about the labeler."""
        return self.answer.attempt.stage == "benchmark"


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


def judge_answers(
    bench: Bench, rows: Sequence[Judged], held: Sequence[HeldAnswer], writes: Writes
) -> list[Standing]:
    """Move the standings of n distinct labelers of one project by one answer each.

    Returns
    -------
    list of Standing
        In the order of ``rows``.
    """
    model = bench.view.model
    assert model is not None
    posterior_benchmarks, posterior_all = unpack([row.standing for row in rows])
    column = {row.standing.labeler: place for place, row in enumerate(rows)}
    joints = np.array([np.frombuffer(one.hold.joint) for one in held]).T if held else None
    owners = np.array([column[one.hold.labeler] for one in held], dtype=np.int64) if held else None
    observed = [_observation(bench.view, row) for row in rows]
    signal = signals(model, observed, shuffled=bench.view.project.classes is None)
    likelihood = likelihoods(model, observed)
    verdicts = judge(model, posterior_benchmarks, posterior_all, likelihood, signal, joints, owners)
    packed = pack(verdicts.posterior_benchmarks, verdicts.posterior_all)
    moved = []
    for place, row in enumerate(rows):
        own = [i for i, one in enumerate(held) if one.hold.labeler == row.standing.labeler]
        standing = _moved(bench.view, row, verdicts, place, packed[place])
        standing = _decide(bench, row, standing, verdicts.posterior_benchmarks[:, place], writes)
        moved.append(_settle_holds(bench, standing, [held[i] for i in own], verdicts, own, writes))
    return moved


def _observation(view: View, row: Judged) -> Observation:
    attempt = row.answer.attempt
    table = view.items[attempt.task].table if row.is_benchmark else None
    return Observation(table, attempt.shown or (), row.answer.choice)


def _moved(view: View, row: Judged, verdicts: Verdicts, place: int, posterior: bytes) -> Standing:
    """The standing one answer later, its state decided anew."""
    before = row.standing
    p_benchmarks = float(verdicts.p_benchmarks[place])
    benchmarks = before.benchmarks + row.is_benchmark
    undecided = int(
        undecided_after(before.undecided, p_benchmarks, view.policy, is_benchmark=row.is_benchmark)
    )
    state = State(next_state(p_benchmarks, benchmarks, before.state, view.policy, undecided=undecided).item())
    review = wants_review(p_benchmarks, benchmarks, view.policy, is_benchmark=row.is_benchmark)
    grace = before.grace
    if state == State.DISMISSED:
        grace = view.policy.dismissal_grace if before.state != State.DISMISSED else max(0, grace - 1)
    after = replace(
        before, n=before.n + 1, posterior=posterior, p_benchmarks=p_benchmarks,
        p_all=float(verdicts.p_all[place]), benchmarks=benchmarks, undecided=undecided,
        answers=before.answers + 1, state=str(state), grace=grace,
        review_wanted=before.n + 1 if review else before.review_wanted,
    )  # fmt: skip
    if state == State.DISMISSED and after.panel == "earned":
        return replace(after, panel=None)
    assert view.model is not None
    if row.is_benchmark and after.panel is None and state == State.ADMITTED:
        posterior_benchmarks = verdicts.posterior_benchmarks[:, place]
        if earns_trust(view.model, posterior_benchmarks, benchmarks, view.policy):
            return replace(after, panel="earned")
    return after


def _decide(bench: Bench, row: Judged, standing: Standing, posterior: Array, writes: Writes) -> Standing:
    """Pass an ordinary answer through the gate, and write down the step and what follows from it."""
    attempt = row.answer.attempt
    decision: Gate | None = None
    if not row.is_benchmark:
        decided = gate(
            standing.p_benchmarks, standing.p_all, standing.benchmarks, standing.state, bench.view.policy
        )
        decision = Gate(decided.item())
        if row.answer.choice == UNANSWERABLE:
            decision = Gate.DISCARD
        if decision is Gate.DELIVER:
            answered = StoredAnswer(
                attempt.project, attempt.id, attempt.task, standing.labeler, row.answer.choice, bench.now
            )
            deliver(bench, answered, standing, standing.p_benchmarks, writes)
        elif decision is Gate.HOLD:
            standing = replace(standing, held=standing.held + 1)
            writes.held.append(_hold(bench, attempt, standing, posterior))
        else:
            writes.wanted.append(attempt.again("label"))
    writes.log.append(_step(bench.view, row, standing, decision))
    if standing.state != row.standing.state:
        writes.log.append(_turn(bench.view, standing))
    if standing.panel != row.standing.panel:
        writes.log.append(replace(_turn(bench.view, standing), kind="trust", decision=standing.panel))
    return standing


def _step(view: View, row: Judged, standing: Standing, decision: Gate | None) -> Entry:
    attempt = row.answer.attempt
    return Entry(
        attempt.project, "answer", labeler=standing.labeler, n=standing.n, attempt=attempt.id,
        task=attempt.task, stage=attempt.stage, choice=row.answer.choice, shown=attempt.shown,
        item_version=view.items[attempt.task].version if row.is_benchmark else None,
        model_version=standing.model_version, policy_version=view.project.policy_version, rate=attempt.rate,
        draw=attempt.draw, p_benchmarks=standing.p_benchmarks, p_all=standing.p_all,
        benchmarks=standing.benchmarks, decision=str(decision) if decision else None,
    )  # fmt: skip


def _turn(view: View, standing: Standing) -> Entry:
    """A standing's new state."""
    return Entry(
        standing.project, "dismiss" if standing.state == State.DISMISSED else "state",
        labeler=standing.labeler, policy_version=view.project.policy_version,
        p_benchmarks=standing.p_benchmarks, p_all=standing.p_all,
        benchmarks=standing.benchmarks, decision=standing.state, detail={"version": standing.n},
    )  # fmt: skip


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


def _hold(bench: Bench, attempt: Attempt, standing: Standing, posterior: Array) -> Hold:
    assert bench.view.model is not None
    to_deadline = (attempt.due_at - bench.now).total_seconds() if attempt.due_at < NO_DEADLINE else None
    limit = hold_limit_seconds(to_deadline, bench.view.policy)
    joint = hold_joints(bench.view.model, posterior[:, None])[:, 0]
    expires_at = bench.now + timedelta(seconds=limit)
    return Hold(attempt.project, standing.labeler, attempt.id, attempt.task, expires_at, joint.tobytes())


def _settle_holds(
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
