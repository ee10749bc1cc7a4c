"""Judge and gate: each answer moves its labeler's standing, and the gate decides what becomes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from goldvein.decisions.gate import Gate, State, gate, next_state, undecided_after
from goldvein.decisions.judging import Verdicts, judge
from goldvein.decisions.serving import NOTHING_LEFT
from goldvein.decisions.trust import panel_after, trusted_mass
from goldvein.decisions.withdrawing import wants_review
from goldvein.domain.records import UNANSWERABLE
from goldvein.services.evidence import (
    NOTHING_READ,
    NOTHING_SAID,
    Observation,
    likelihoods,
    milliseconds_on_task,
    reads_content,
    signals,
    traits,
)
from goldvein.services.holding import Bench, HeldAnswer, deliver, hold, joints_of, settle_holds
from goldvein.services.standing import pack, unpack
from goldvein.services.submission import Accepted
from goldvein.services.views import View
from goldvein.services.writes import Writes
from goldvein.stats.arrays import Array
from goldvein.store.answers import StoredAnswer
from goldvein.store.log import Entry
from goldvein.store.standings import Standing

_DECOYED: Final = "decoy"
"""The decision on an answer that is wanted only for what it tells: its task has its label."""
WOULD: Final = "would "
"""Before what the gate would do with an answer of a reference check, if it were an ordinary one."""


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
class Ruling:
    """What the rules make of a standing after one answer; the gate's word counts for ordinary answers."""

    benchmarks: int
    undecided: int
    state: State
    review: bool
    gate: Gate


def judge_answers(
    bench: Bench, rows: Sequence[Judged], held: Sequence[HeldAnswer], writes: Writes
) -> list[Standing]:
    """Move the standings of n distinct labelers of one project by one answer each.

    Returns
    -------
    list of Standing
        In the order of ``rows``.
    """
    view, model = bench.view, bench.view.model
    assert model is not None
    posteriors = unpack([row.standing for row in rows], view.models, view.model_version)
    column = {row.standing.labeler: place for place, row in enumerate(rows)}
    owners = np.array([column[one.hold.labeler] for one in held], dtype=np.int64)
    joints = joints_of(view, held, [rows[owner].standing for owner in owners])
    observed = [_observation(bench, row) for row in rows]
    likelihood = likelihoods(model, observed)
    signal = signals(model, observed, likelihood, shuffled=view.project.classes is None)
    verdicts = judge(model, *posteriors, likelihood, signal, joints, owners)
    packed = pack(verdicts.posterior_benchmarks, verdicts.posterior_all)
    rulings = _rulings(view, rows, verdicts)
    moved = []
    for place, (row, ruling) in enumerate(zip(rows, rulings, strict=True)):
        own = np.flatnonzero(owners == place).tolist()
        standing = _moved(view, row, ruling, verdicts, place, packed[place])
        posterior = verdicts.posterior_benchmarks[:, place]
        standing = _decide(bench, row, standing, ruling.gate, posterior, writes)
        moved.append(settle_holds(bench, standing, [held[i] for i in own], verdicts, own, writes))
    return moved


def _counts(view: View, row: Judged) -> bool:
    """Whether an answer is to a benchmark that tells something: one whose key is in doubt does not."""
    return row.is_benchmark and not view.items[row.answer.attempt.task].struck


def _observation(bench: Bench, row: Judged) -> Observation:
    attempt, model = row.answer.attempt, bench.view.model
    assert model is not None
    if row.is_benchmark and not _counts(bench.view, row):
        return NOTHING_SAID
    read = NOTHING_READ
    if reads_content(model, is_benchmark=row.is_benchmark):
        content = bench.contents[attempt.project, attempt.task]
        read = traits(model, content, bench.view.project.classes)
    return Observation(
        bench.view.items[attempt.task].table if row.is_benchmark else None,
        attempt.shown or (),
        row.answer.choice,
        attempt.exposures or 0,
        milliseconds_on_task(attempt, bench.now),
        read,
    )


def _rulings(view: View, rows: Sequence[Judged], verdicts: Verdicts) -> list[Ruling]:
    """Apply the rules to all standings at once."""
    p, before, policy = verdicts.p_benchmarks, [row.standing for row in rows], view.policy
    is_benchmark = np.array([_counts(view, row) for row in rows])
    benchmarks = np.array([standing.benchmarks for standing in before]) + is_benchmark
    undecided = undecided_after(
        [standing.undecided for standing in before], p, verdicts.p_all, policy, is_benchmark=is_benchmark,
        is_exhausted=[row.answer.attempt.draw == NOTHING_LEFT for row in rows],
    )  # fmt: skip
    states = next_state(p, benchmarks, [standing.state for standing in before], policy, undecided=undecided)
    reviews = wants_review(p, benchmarks, policy, is_benchmark=is_benchmark)
    gates = gate(p, verdicts.p_all, benchmarks, states, policy)
    columns = (benchmarks, undecided, states, reviews, gates)
    return [
        Ruling(count, spent, State(state), review, Gate(decision))
        for count, spent, state, review, decision in zip(*(c.tolist() for c in columns), strict=True)
    ]


def _moved(
    view: View, row: Judged, ruling: Ruling, verdicts: Verdicts, place: int, posterior: bytes
) -> Standing:
    """The standing one answer later."""
    before, state = row.standing, ruling.state
    grace = before.grace
    if state == State.DISMISSED:
        grace = view.policy.dismissal_grace if before.state != State.DISMISSED else max(0, grace - 1)
    after = replace(
        before, n=before.n + 1, model_version=view.model_version, posterior=posterior,
        p_benchmarks=float(verdicts.p_benchmarks[place]), p_all=float(verdicts.p_all[place]),
        benchmarks=ruling.benchmarks, undecided=ruling.undecided, answers=before.answers + 1,
        state=str(state), grace=grace, review_wanted=before.n + 1 if ruling.review else before.review_wanted,
    )  # fmt: skip
    assert view.model is not None
    panel = panel_after(
        view.model, verdicts.posterior_benchmarks[:, place], ruling.benchmarks, str(state), view.policy,
        before=before.panel, is_benchmark=row.is_benchmark and view.trust.get(before.labeler) != "barred",
    )  # fmt: skip
    return after if panel == before.panel else replace(after, panel=panel)


def _decide(
    bench: Bench, row: Judged, standing: Standing, ruled: Gate, posterior: Array, writes: Writes
) -> Standing:
    """Do with an ordinary answer what the gate says, and write down the step and what follows from it."""
    attempt = row.answer.attempt
    decision = Gate.DISCARD if row.answer.choice == UNANSWERABLE else ruled
    if attempt.stage == "label":
        if decision is Gate.DELIVER:
            answered = StoredAnswer(
                attempt.project, attempt.id, attempt.task, standing.labeler, row.answer.choice, bench.now
            )
            deliver(bench, answered, standing, standing.p_benchmarks, writes)
        elif decision is Gate.HOLD:
            standing = replace(standing, held=standing.held + 1)
            writes.held.append(hold(bench, attempt, standing, posterior))
        else:
            writes.wanted.append(attempt.again("label"))
    elif attempt.stage == "reference" and ruled is not Gate.DELIVER:
        writes.wanted.append(attempt.again())  # as an ordinary task would want another answer
    writes.log.append(_step(bench, row, standing, _in_words(attempt.stage, decision)))
    if standing.state != row.standing.state:
        writes.log.append(turn(bench.view, standing))
    if standing.panel != row.standing.panel:
        assert bench.view.model is not None
        able = {"basis": "standing", "able": trusted_mass(bench.view.model, posterior)}
        changed = replace(turn(bench.view, standing), kind="trust", detail=able)
        writes.log.append(replace(changed, decision=standing.panel or "ended"))
    return standing


def _in_words(stage: str, decision: Gate) -> str | None:
    """What the log says of the gate's decision on an answer; nothing on a benchmark's."""
    told = {"label": str(decision), "decoy": _DECOYED, "reference": f"{WOULD}{decision}"}
    return told.get(stage)


def _step(bench: Bench, row: Judged, standing: Standing, decision: str | None) -> Entry:
    attempt, view = row.answer.attempt, bench.view
    return Entry(
        attempt.project, "answer", labeler=standing.labeler, n=standing.n, attempt=attempt.id,
        task=attempt.task, stage=attempt.stage, choice=row.answer.choice, shown=attempt.shown,
        item_version=view.items[attempt.task].version if row.is_benchmark else None,
        model_version=standing.model_version, policy_version=view.project.policy_version, rate=attempt.rate,
        draw=attempt.draw, exposures=attempt.exposures,
        milliseconds=milliseconds_on_task(attempt, bench.now), p_benchmarks=standing.p_benchmarks,
        p_all=standing.p_all, benchmarks=standing.benchmarks, decision=decision,
    )  # fmt: skip


def turn(view: View, standing: Standing) -> Entry:
    """A standing's new state."""
    return Entry(
        standing.project, "dismiss" if standing.state == State.DISMISSED else "state",
        labeler=standing.labeler, policy_version=view.project.policy_version,
        p_benchmarks=standing.p_benchmarks, p_all=standing.p_all,
        benchmarks=standing.benchmarks, decision=standing.state, detail={"version": standing.n},
    )  # fmt: skip
