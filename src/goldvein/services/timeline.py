"""What happened to one labeler, moment by moment, in words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from goldvein.decisions.gate import State, passes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from goldvein.domain.policy import Policy
    from goldvein.store.history import LogRow


_TURNS = {"state", "dismiss", "rescored", "audited", "ruling"}
"""Rows that say what state a standing came to."""
_TIPPING = {"dismiss", "rescored", "audited", "ruling"}
_MOVED = {"rescored", "audited", "ruling"}
"""Rows that move what is thought of somebody, without an answer."""

ERASED_WORDS: Final = "(the words were erased)"


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of a timeline; ``facts`` are the numbers behind the sentence."""

    at: datetime
    text: str
    facts: dict[str, Any] = field(default_factory=dict)
    tipped: bool = False


def timeline(rows: Sequence[LogRow], policy: Policy, before: LogRow | None = None) -> list[Moment]:
    """Tell every benchmark and turn, and in runs ordinary answers of one decision, and withdrawals.

    Parameters
    ----------
    rows : sequence of LogRow
        Of one labeler, the oldest first.
    policy : Policy
    before : LogRow, optional
        The step before the first of them.
    """
    moments: list[Moment] = []
    run: list[LogRow] = []
    state = str(State.ADMITTED)
    was_over = before is not None and is_over_bar(before, state, policy)
    for row in rows:
        in_runs = row.kind == "withdraw" or (row.kind == "answer" and row.stage == "label")
        if run and not (in_runs and (row.kind, row.decision) == (run[0].kind, run[0].decision)):
            moments.append(_moment_of_run(run))
            run = []
        if in_runs:
            run.append(row)
        elif row.kind == "answer" and row.stage == "benchmark":
            is_over = is_over_bar(row, state, policy)
            moments.append(_moment_of_benchmark(row, is_over, was_over))
            was_over = is_over
        else:
            state = row.decision or state if row.kind in _TURNS else state
            was_over = is_over_bar(row, state, policy) if row.kind in _MOVED else was_over
            moments.append(Moment(row.at, _turn_sentence(row), facts_of(row), tipped=row.kind in _TIPPING))
    if run:
        moments.append(_moment_of_run(run))
    return moments


def is_over_bar(row: LogRow, state: str, policy: Policy) -> bool:
    """Whether labels go out by what is thought after a row."""
    return bool(passes(row.p_benchmarks or 0.0, row.p_all or 0.0, row.benchmarks or 0, state, policy))


def _moment_of_run(run: Sequence[LogRow]) -> Moment:
    first, last = run[0], run[-1]
    facts = {"tasks": [row.task for row in run], "decision": first.decision}
    if first.kind == "withdraw":
        return Moment(first.at, _withdrawn_sentence(run), facts, tipped=True)
    outcome = {"deliver": "delivered", "hold": "held", "discard": "discarded"}.get(
        first.decision or "", str(first.decision)
    )
    answers = "1 ordinary answer" if len(run) == 1 else f"{len(run)} ordinary answers"
    text = f"{answers} {outcome}; P(good) {brief(first.p_benchmarks)}"
    if len(run) > 1:
        text += f" to {brief(last.p_benchmarks)}"
    return Moment(first.at, text, facts)


def _withdrawn_sentence(run: Sequence[LogRow]) -> str:
    """Tell how many labels were taken back, and how bad the labeler is known to have been at them."""
    known = [row.p_benchmarks for row in run if row.p_benchmarks is not None]
    what = "1 label was withdrawn" if len(run) == 1 else f"{len(run)} labels were withdrawn"
    if not known:
        return f"{what}: {run[0].decision}"
    best, worst = brief(max(known)), brief(min(known))
    then = best if best == worst else f"{worst} to {best}"
    return f"{what}: {run[0].decision}, P(good) at those answers is now {then}"


def _moment_of_benchmark(row: LogRow, is_over: bool, was_over: bool) -> Moment:  # noqa: FBT001
    hit = "right" if row.choice == row.key else f"wrong, key {row.key}"
    why = "given since nothing else was left" if row.rate is None else f"drawn at rate {row.rate:.3g}"
    text = (
        f"benchmark {row.benchmarks} (task {row.task}): option {row.choice}, {hit}; "
        f"P(good) {brief(row.p_benchmarks)}; {why}, this one with probability {brief(row.draw)}"
    )
    if is_over != was_over:
        text += "; from here on labels go out" if is_over else "; from here on labels are held"
    return Moment(row.at, text, facts_of(row), tipped=is_over != was_over)


def _turn_sentence(row: LogRow) -> str:
    match row.kind:
        case "admit":
            return f"was let in ({row.decision or 'admitted'})"
        case "rescored":
            return _rescored_sentence(row)
        case "audited" | "ruling":
            return _audit_sentence(row)
        case "dismiss":
            return f"was dismissed: P(good) {brief(row.p_benchmarks)} after {row.benchmarks} benchmarks"
        case "trust":
            return _trust_sentence(row)
        case "answer":
            return f"answered task {row.task} for the panel: option {row.choice}"
        case "release":
            return f"the held answer to task {row.task} was released: P(good then) {brief(row.p_benchmarks)}"
        case "discard":
            return f"the held answer to task {row.task} was discarded ({row.decision})"
        case "skip":
            return f"skipped task {row.task}"
        case "candidate":
            return f"answered task {row.task}, which goes to the panel now: it may become a benchmark"
        case _:
            return f"{row.kind} {row.decision or ''}".strip()


def _audit_sentence(row: LogRow) -> str:
    """Tell what an audit found, or what somebody decided."""
    told = row.detail or {}
    if row.kind == "audited":
        return (
            f"was audited, and an auditor gave the same answer to {told.get('agreed')} of {told.get('of')} "
            f"tasks: P(good) {brief(row.p_benchmarks)}, {row.decision}"
        )
    said = "was dismissed" if row.decision == State.DISMISSED else "was let in again, to show it anew"
    return f"{said}: {told.get('reason', ERASED_WORDS)}; P(good) {brief(row.p_benchmarks)}"


def _trust_sentence(row: LogRow) -> str:
    told = row.detail or {}
    basis = told.get("basis", "standing")
    by = "benchmarks here" if basis == "standing" else basis
    if row.decision == "barred":
        return f"was barred from the panel: {told.get('reason', ERASED_WORDS)}"
    if row.decision == "ended":
        return f"is on the panel no more by what was said of it before ({by})"
    return f"joined the panel ({row.decision}, by {by})"


def _rescored_sentence(row: LogRow) -> str:
    """Tell what a standing came to once some of its answers counted otherwise."""
    count = len((row.detail or {}).get("items", ()))
    answers = "1 answer to a benchmark counts" if count == 1 else f"{count} answers to benchmarks count"
    return (
        f"was rescored, {answers} otherwise than when given: P(good) {brief(row.p_benchmarks)} "
        f"after {row.benchmarks} benchmarks, {row.decision}"
    )


def verdict_of(rows: Sequence[LogRow], policy: Policy) -> str:
    """Say in a sentence where a labeler stands after all of these rows."""
    steps = [row for row in rows if row.p_benchmarks is not None and row.n is not None]
    if [row.decision for row in rows if row.kind in _TURNS][-1:] == [State.DISMISSED]:
        return "dismissed"
    if not steps:
        return (
            "answered for the panel only" if any(row.stage == "panel" for row in rows) else "not tested yet"
        )
    last = steps[-1]
    good = is_over_bar(last, str(State.ADMITTED), policy)
    verdict = "good enough" if good else "held back"
    return f"{verdict}: P(good) {brief(last.p_benchmarks)} after {last.benchmarks} benchmarks"


def facts_of(row: LogRow) -> dict[str, Any]:
    """Give the numbers of a row, without those that are missing."""
    names = (
        "kind", "labeler", "n", "attempt", "task", "stage", "choice", "key", "item_version", "rate", "draw",
        "p_benchmarks", "p_all", "benchmarks", "decision", "policy_version", "detail",
    )  # fmt: skip
    return {name: value for name in names if (value := getattr(row, name)) is not None}


def brief(value: float | None) -> str:
    """Write a probability in three digits."""
    return "unknown" if value is None else f"{value:.3g}"
