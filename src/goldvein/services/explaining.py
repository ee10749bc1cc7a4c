"""Explaining: one readable timeline of a label or a labeler, from the log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from goldvein.decisions.gate import State, suspects
from goldvein.domain.errors import InvalidInput, NotFound
from goldvein.domain.policy import Policy
from goldvein.domain.records import UNANSWERABLE
from goldvein.services.timeline import (
    Moment,
    brief,
    facts_of,
    is_over_bar,
    timeline,
    verdict_of,
)
from goldvein.store import history, projects

if TYPE_CHECKING:
    from collections.abc import Sequence

    from goldvein.store.database import Database, Transaction
    from goldvein.store.history import LabelRow, LogRow


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
    facts = facts_of(row)
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
        text = f"{outcome}; P = {brief(p)} asked {policy.promote_at:g}"
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


def _withdrawal_sentence(row: LogRow) -> str:
    """Say why a label was taken back, and by which numbers."""
    if row.p_benchmarks is None:
        return str(row.decision)
    return (
        f"{row.decision}, P(good) at that answer is now {brief(row.p_benchmarks)}, "
        f"by {row.benchmarks} benchmarks after it"
    )


def _gate_sentence(row: LogRow, policy: Policy) -> str:
    """Say what the gate decided on an ordinary answer, and by which numbers."""
    p = min(row.p_benchmarks or 0.0, row.p_all or 0.0)
    if row.decision == "deliver":
        return f"delivered, P(good) {brief(p)} after {row.benchmarks} benchmarks"
    if row.choice == UNANSWERABLE:
        return "no label"
    if (row.benchmarks or 0) < policy.min_benchmarks:
        return f"{row.decision}, {row.benchmarks} benchmarks answered of the {policy.min_benchmarks} asked"
    if suspects(row.p_all or 0.0, State.ADMITTED, policy):
        return f"{row.decision}, P(good) {brief(row.p_all)} on all evidence, below {policy.suspect_below:g}"
    return f"{row.decision}, P(good) {brief(p)} below {policy.deliver_at:g}"


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
        f"P(good) {brief(tipping.p_benchmarks)} after {tipping.benchmarks} benchmarks"
    )
    return [Moment(tipping.at, text, facts_of(tipping), tipped=True)]


def _crossing(rows: Sequence[LogRow], policy: Policy) -> LogRow | None:
    """Find the last step at which a standing rose over the gate."""
    crossing, was_over = None, False
    for row in rows:
        if row.n is None or row.p_benchmarks is None or row.p_all is None:
            continue
        is_over = is_over_bar(row, State.ADMITTED, policy)
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
    return Explanation(subject, verdict_of(rows, policy), moments)
