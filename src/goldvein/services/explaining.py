"""Explaining: one readable timeline of a label or a labeler, from the log."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from goldvein.decisions.gate import State, passes, suspects
from goldvein.domain.errors import InvalidInput, NotFound
from goldvein.domain.policy import Policy
from goldvein.domain.records import UNANSWERABLE
from goldvein.store import history, projects

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from goldvein.store.database import Database, Transaction
    from goldvein.store.history import LabelRow, LogRow


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


@dataclass(frozen=True, slots=True)
class Explanation:
    """A timeline, and in one sentence how it ended."""

    subject: str
    verdict: str
    moments: Sequence[Moment]

    def to_dict(self) -> dict[str, Any]:
        """Give plain values for JSON."""
        return {
            "subject": self.subject,
            "verdict": self.verdict,
            "moments": [
                {"at": moment.at.isoformat(), "text": moment.text, "tipped": moment.tipped, **moment.facts}
                for moment in self.moments
            ],
        }


def explain(db: Database, subject: str, *, project: int | None = None) -> Explanation:
    """Explain ``label:ID``, ``labeler:ID`` or a labeler's name.

    Raises
    ------
    NotFound
        If there is no such label or labeler.
    InvalidInput
        If a labeler worked in several projects and none is named.
    """
    kind, _, number = subject.partition(":")
    with db.connection() as tx:
        if kind == "label" and number.isdigit():
            return _explain_label(tx, int(number))
        if kind == "labeler" and number.isdigit():
            return _explain_labeler(tx, int(number), project)
        labeler = history.find_labeler(tx, subject)
        if labeler is None:
            raise NotFound(f"{subject!r} is neither label:ID nor labeler:ID nor the name of a labeler")
        return _explain_labeler(tx, labeler, project)


def _explain_label(tx: Transaction, label: int) -> Explanation:
    found = history.find_label(tx, label)
    if found is None:
        raise NotFound(f"there is no label {label}")
    policy = Policy.from_dict(projects.get_policy(tx, found.project, found.policy_version))
    rows = history.of_task(tx, found.project, found.task)
    names = history.labeler_names(tx, {row.labeler for row in rows if row.labeler is not None})
    moments = [Moment(found.pushed_at, f"task {found.task} was pushed")]
    moments += [_moment_of_task(row, names, found, policy) for row in rows if row.kind != "state"]
    if found.basis == "labeler" and found.labeler is not None:
        moments += _what_tipped_label(tx, found, policy)
    instead = f", in place of label {found.replaces}" if found.replaces is not None else ""
    delivered = f"label {label} was delivered{instead}: {_said(found)}"
    moments.append(Moment(found.delivered_at, delivered, {"label": label}))
    moments.sort(key=lambda moment: moment.at)
    return Explanation(
        f"label {label} of task {found.task} in project {found.project}", _label_verdict(found), moments
    )


def _said(found: LabelRow) -> str:
    return f"{found.answer.get('value', found.answer)!r} (option {found.answer.get('choice')})"


def _label_verdict(found: LabelRow) -> str:
    who = "the panel's answer" if found.basis == "panel" else "one labeler's answer that passed the gate"
    return f"{who}; withdrawn since" if found.withdrawn_at is not None else who


def _moment_of_task(row: LogRow, names: dict[int, str], found: LabelRow, policy: Policy) -> Moment:
    """Tell one row of the log about a task."""
    who = names.get(row.labeler or 0, "somebody")
    facts = _facts(row)
    picked = (
        "said that it cannot be answered" if row.choice == UNANSWERABLE else f"picked option {row.choice}"
    )
    if row.kind == "answer" and row.stage == "panel":
        text = f"{who} of the panel {picked}"
    elif row.kind == "answer" and row.stage == "benchmark":
        text = f"{who} met it as a benchmark and {picked}"
    elif row.kind == "answer":
        text = f"{who} {picked}: {_gate_sentence(row, policy)}"
    elif row.kind in {"release", "discard"}:
        ended = "released" if row.kind == "release" else "discarded"
        text = f"the held answer of {who} was {ended} ({row.decision})"
    elif row.kind in {"promote", "drop"}:
        p = (row.detail or {}).get("p")
        outcome = "it became a benchmark" if row.kind == "promote" else "it was dropped from mining"
        text = f"{outcome}; P = {_number(p)} asked {policy.promote_at:g}"
    elif row.kind == "withdraw":
        text = f"label {(row.detail or {}).get('label')} was withdrawn: {_withdrawal_sentence(row)}"
    elif row.kind == "key":
        text = _key_sentence(row)
    elif row.kind in _LIFE:
        text = _life_sentence(row)
    else:
        text = f"{row.kind} {row.decision or ''}".strip()
    return Moment(row.at, text, facts, tipped=row.attempt is not None and row.attempt == found.attempt)


_LIFE = {
    "freeze": "its key was doubted, and the benchmark frozen",
    "thaw": "the benchmark is back in use",
    "retire": "the benchmark was retired",
    "flag": "it was put before an auditor",
}


def _life_sentence(row: LogRow) -> str:
    """Tell a step in the life of a benchmark, and why it was taken."""
    if row.decision is None:  # only the end of a flag needs no reason
        return "an auditor has looked at it"
    return f"{_LIFE[row.kind]}: {row.decision}"


def _key_sentence(row: LogRow) -> str:
    before = (row.detail or {}).get("before")
    changed = f"option {row.choice}" + ("" if before == row.choice else f" in place of {before}")
    return f"the benchmark's key was set to {changed}: {row.decision}"


def _rescored_sentence(row: LogRow) -> str:
    """Tell what a standing came to once some of its answers counted otherwise."""
    count = len((row.detail or {}).get("items", ()))
    answers = "1 answer to a benchmark counts" if count == 1 else f"{count} answers to benchmarks count"
    return (
        f"was rescored, {answers} otherwise than when given: P(good) {_number(row.p_benchmarks)} "
        f"after {row.benchmarks} benchmarks, {row.decision}"
    )


def _withdrawal_sentence(row: LogRow) -> str:
    """Say why a label was taken back, and by which numbers."""
    if row.p_benchmarks is None:
        return str(row.decision)
    return (
        f"{row.decision}, P(good) at that answer is now {_number(row.p_benchmarks)}, "
        f"by {row.benchmarks} benchmarks after it"
    )


def _gate_sentence(row: LogRow, policy: Policy) -> str:
    """Say what the gate decided on an ordinary answer, and by which numbers."""
    p = min(row.p_benchmarks or 0.0, row.p_all or 0.0)
    if row.decision == "deliver":
        return f"delivered, P(good) {_number(p)} after {row.benchmarks} benchmarks"
    if row.choice == UNANSWERABLE:
        return "no label"
    if (row.benchmarks or 0) < policy.min_benchmarks:
        return f"{row.decision}, {row.benchmarks} benchmarks answered of the {policy.min_benchmarks} asked"
    if suspects(row.p_all or 0.0, State.ADMITTED, policy):
        return f"{row.decision}, P(good) {_number(row.p_all)} on all evidence, below {policy.suspect_below:g}"
    return f"{row.decision}, P(good) {_number(p)} below {policy.deliver_at:g}"


def _what_tipped_label(tx: Transaction, found: LabelRow, policy: Policy) -> list[Moment]:
    """Find the benchmark answer that brought the labeler over the gate before this label went out."""
    assert found.labeler is not None
    rows = [
        row for row in history.of_labeler(tx, found.project, found.labeler) if row.at <= found.delivered_at
    ]
    tipping = _crossing(rows, policy)
    if tipping is None:
        return []
    hit = "right" if tipping.choice == tipping.key else "wrong"
    text = (
        f"this {hit} answer to a benchmark brought the labeler over the gate: "
        f"P(good) {_number(tipping.p_benchmarks)} after {tipping.benchmarks} benchmarks"
    )
    return [Moment(tipping.at, text, _facts(tipping), tipped=True)]


def _crossing(rows: Sequence[LogRow], policy: Policy) -> LogRow | None:
    """Find the last step at which a standing rose over the gate."""
    crossing, was_over = None, False
    for row in rows:
        if row.n is None or row.p_benchmarks is None or row.p_all is None:
            continue
        is_over = _over(row, State.ADMITTED, policy)
        if is_over and not was_over:
            crossing = row
        was_over = is_over
    return crossing


def _explain_labeler(tx: Transaction, labeler: int, project: int | None) -> Explanation:
    names = history.labeler_names(tx, [labeler])
    if labeler not in names:
        raise NotFound(f"there is no labeler {labeler}")
    worked = history.projects_of_labeler(tx, labeler)
    if project is None and len(worked) > 1:
        raise InvalidInput(
            f"labeler {labeler} worked in the projects {', '.join(map(str, worked))}: add --project",
            code="project_ambiguous",
        )
    if not worked:
        return Explanation(f"labeler {labeler}, {names[labeler]}", "has done nothing yet", [])
    chosen = worked[0] if project is None else project
    found = projects.find(tx, chosen)
    if found is None:
        raise NotFound(f"there is no project {chosen}")
    policy = Policy.from_dict(projects.get_policy(tx, chosen, found.policy_version))
    rows = history.of_labeler(tx, chosen, labeler)
    moments = timeline(rows, policy)
    subject = f"labeler {labeler}, {names[labeler]}, in project {chosen}"
    return Explanation(subject, _labeler_verdict(rows, policy), moments)


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
    was_over = before is not None and _over(before, state, policy)
    for row in rows:
        in_runs = row.kind == "withdraw" or (row.kind == "answer" and row.stage == "label")
        if run and not (in_runs and (row.kind, row.decision) == (run[0].kind, run[0].decision)):
            moments.append(_moment_of_run(run))
            run = []
        if in_runs:
            run.append(row)
        elif row.kind == "answer" and row.stage == "benchmark":
            is_over = _over(row, state, policy)
            moments.append(_moment_of_benchmark(row, is_over, was_over))
            was_over = is_over
        else:
            state = row.decision or state if row.kind in _TURNS else state
            was_over = _over(row, state, policy) if row.kind in _MOVED else was_over
            moments.append(Moment(row.at, _turn_sentence(row), _facts(row), tipped=row.kind in _TIPPING))
    if run:
        moments.append(_moment_of_run(run))
    return moments


def _over(row: LogRow, state: str, policy: Policy) -> bool:
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
    text = f"{answers} {outcome}; P(good) {_number(first.p_benchmarks)}"
    if len(run) > 1:
        text += f" to {_number(last.p_benchmarks)}"
    return Moment(first.at, text, facts)


def _withdrawn_sentence(run: Sequence[LogRow]) -> str:
    """Tell how many labels were taken back, and how bad the labeler is known to have been at them."""
    known = [row.p_benchmarks for row in run if row.p_benchmarks is not None]
    what = "1 label was withdrawn" if len(run) == 1 else f"{len(run)} labels were withdrawn"
    if not known:
        return f"{what}: {run[0].decision}"
    best, worst = _number(max(known)), _number(min(known))
    then = best if best == worst else f"{worst} to {best}"
    return f"{what}: {run[0].decision}, P(good) at those answers is now {then}"


def _moment_of_benchmark(row: LogRow, is_over: bool, was_over: bool) -> Moment:  # noqa: FBT001
    hit = "right" if row.choice == row.key else f"wrong, key {row.key}"
    why = "given since nothing else was left" if row.rate is None else f"drawn at rate {row.rate:.3g}"
    text = (
        f"benchmark {row.benchmarks} (task {row.task}): option {row.choice}, {hit}; "
        f"P(good) {_number(row.p_benchmarks)}; {why}, this one with probability {_number(row.draw)}"
    )
    if is_over != was_over:
        text += "; from here on labels go out" if is_over else "; from here on labels are held"
    return Moment(row.at, text, _facts(row), tipped=is_over != was_over)


def _turn_sentence(row: LogRow) -> str:
    match row.kind:
        case "admit":
            return f"was let in ({row.decision or 'admitted'})"
        case "rescored":
            return _rescored_sentence(row)
        case "audited" | "ruling":
            return _audit_sentence(row)
        case "dismiss":
            return f"was dismissed: P(good) {_number(row.p_benchmarks)} after {row.benchmarks} benchmarks"
        case "trust":
            return _trust_sentence(row)
        case "answer":
            return f"answered task {row.task} for the panel: option {row.choice}"
        case "release":
            return (
                f"the held answer to task {row.task} was released: P(good then) {_number(row.p_benchmarks)}"
            )
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
            f"tasks: P(good) {_number(row.p_benchmarks)}, {row.decision}"
        )
    said = "was dismissed" if row.decision == State.DISMISSED else "was let in again, to show it anew"
    return f"{said}: {told.get('reason', ERASED_WORDS)}; P(good) {_number(row.p_benchmarks)}"


def _trust_sentence(row: LogRow) -> str:
    told = row.detail or {}
    basis = told.get("basis", "standing")
    by = "benchmarks here" if basis == "standing" else basis
    if row.decision == "barred":
        return f"was barred from the panel: {told.get('reason', ERASED_WORDS)}"
    if row.decision == "ended":
        return f"is on the panel no more by what was said of it before ({by})"
    return f"joined the panel ({row.decision}, by {by})"


def _labeler_verdict(rows: Sequence[LogRow], policy: Policy) -> str:
    steps = [row for row in rows if row.p_benchmarks is not None and row.n is not None]
    if [row.decision for row in rows if row.kind in _TURNS][-1:] == [State.DISMISSED]:
        return "dismissed"
    if not steps:
        return (
            "answered for the panel only" if any(row.stage == "panel" for row in rows) else "not tested yet"
        )
    last = steps[-1]
    good = _over(last, str(State.ADMITTED), policy)
    verdict = "good enough" if good else "held back"
    return f"{verdict}: P(good) {_number(last.p_benchmarks)} after {last.benchmarks} benchmarks"


def _facts(row: LogRow) -> dict[str, Any]:
    """Give the numbers of a row, without those that are missing."""
    names = (
        "kind", "labeler", "n", "attempt", "task", "stage", "choice", "key", "item_version", "rate", "draw",
        "p_benchmarks", "p_all", "benchmarks", "decision", "policy_version", "detail",
    )  # fmt: skip
    return {name: value for name in names if (value := getattr(row, name)) is not None}


def _number(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.3g}"
