"""Mining: the panel's answers to a task make it a benchmark, a label, or ordinary work again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from goldvein.decisions.mining import Continue, Drop, Promote, Settlement, settle
from goldvein.decisions.planning import contradicts, rareness, urgency
from goldvein.decisions.seeking import PUT_BACK, WITHHELD, lenient
from goldvein.domain.records import UNANSWERABLE, Project
from goldvein.services import supply
from goldvein.services.collecting import collect
from goldvein.services.items import make_item
from goldvein.services.opening import open_if_ready
from goldvein.services.relabelling import replace_label
from goldvein.services.screening import leaning_of, screened
from goldvein.services.submission import Accepted
from goldvein.services.views import View
from goldvein.services.writes import Writes
from goldvein.stats.model import Model
from goldvein.store import attempts, benchmarks, projects, tasks
from goldvein.store import supply as stored_supply
from goldvein.store.attempts import Attempt
from goldvein.store.benchmarks import PanelAnswer
from goldvein.store.database import Transaction
from goldvein.store.labels import NewLabel
from goldvein.store.log import Entry
from goldvein.store.tasks import Content, TaskLine
from goldvein.tasktypes import choice


def settle_candidates(
    tx: Transaction, view: View, answers: Sequence[Accepted], contents: dict[tuple[int, int], Content],
    writes: Writes, now: datetime, panel_left: Callable[[int], int] | None = None,
) -> None:  # fmt: skip
    """Decide, after new panel answers of one project, what becomes of their tasks.

    The answers of this group are still to be written, so they are added to what is stored. ``panel_left``
    says of a task how many of the panel can still be asked; without it, all the trusted who have not had it.
    """
    project = view.project.id
    answers = collect(tx, view, answers, writes)
    # Whether a task has its label, and so whether that counts among the panel's answers, is settled first.
    lines = tasks.lock(tx, [(project, answer.attempt.task) for answer in answers])
    stored = benchmarks.panel_answers(tx, project, [answer.attempt.task for answer in answers])
    since = supply.away_since(view, now)
    contents_given = [answer.attempt.content for answer in answers]
    others = stored_supply.panel_left(tx, project, contents_given, since, view.policy.panel_max)
    for answer in answers:
        attempt = answer.attempt
        writes.log.append(_panel_entry(view, answer))
        panel = [*stored[attempt.task], PanelAnswer(answer.labeler, answer.choice, now)]
        left = panel_left(attempt.task) if panel_left is not None else others[attempt.content]
        key = project, attempt.task
        _settle(tx, view, _case(view, attempt, lines[key], contents[key], panel, left), writes, now)
    if view.project.state == "mining":
        open_if_ready(tx, view.project.id, view.policy, view.answers, now)


def settle_in_vain(tx: Transaction, view: View, now: datetime) -> int:
    """Settle candidates that wait although nobody is left to ask: the last ones skipped them, or are away.

    While a project has no crowd yet, and nobody of its panel is here, all wait: nobody else can do the work.
    """
    project, since = view.project.id, supply.away_since(view, now)
    if view.project.state == "mining" and not stored_supply.panel_here(tx, project, since):
        return 0
    found = attempts.lock(tx, stored_supply.waiting_in_vain(tx, project, since))
    waiting = [attempt for attempt in found.values() if attempt.state == "open"]
    if not waiting:
        return 0
    lines = tasks.lock(tx, [(project, attempt.task) for attempt in waiting])
    stored = benchmarks.panel_answers(tx, project, [attempt.task for attempt in waiting])
    contents = tasks.contents(tx, {(project, attempt.task) for attempt in waiting})
    writes = Writes(ended={(project, attempt.id): "closed" for attempt in waiting})
    for attempt in waiting:
        key = project, attempt.task
        case = _case(view, attempt, lines[key], contents[key], stored[attempt.task], 0)
        _settle(tx, view, case, writes, now)
    writes.flush(tx, now)
    if view.project.state == "mining":
        open_if_ready(tx, project, view.policy, view.answers, now)
    return len(waiting)


@dataclass(frozen=True, slots=True)
class _Case:
    """A candidate and what its panel has said.

    ``choices`` are in the panel's order, ``options`` among them for "cannot be answered"; ``left`` more of
    the panel can still be asked.
    """

    attempt: Attempt
    line: TaskLine
    content: Content
    panel: Sequence[PanelAnswer]
    options: int
    choices: list[int]
    left: int


def _case(
    view: View, attempt: Attempt, line: TaskLine, content: Content, panel: Sequence[PanelAnswer], left: int
) -> _Case:
    options = len(choice.choices_of(content.input, view.project.classes))
    choices = [options if answer.choice == UNANSWERABLE else answer.choice for answer in panel]
    return _Case(attempt, line, content, panel, options, choices, left)


def _settle(tx: Transaction, view: View, case: _Case, writes: Writes, now: datetime) -> None:
    attempt = case.attempt
    settlement = _settlement(tx, view, case, writes)
    if isinstance(settlement, Continue):
        soon = _urgency(view, case.content, settlement.p_clean, case.choices)
        writes.wanted.append(replace(attempt.again("panel"), urgency=soon))
        return
    if benchmarks.lock_state(tx, attempt.project, attempt.task) != "candidate":
        return
    picked = _picked(settlement, case.options)
    if case.line.state == "queued":
        if picked < case.options:
            writes.labels.append(_panel_label(view, case, picked, now))
        else:
            writes.wanted.append(replace(attempt.again("label"), urgency=-case.line.priority))
    elif isinstance(settlement, Promote):
        replace_label(tx, view, attempt.task, picked, "panel", now, "the panel's key is another one")
    if isinstance(settlement, Promote):
        _promote(tx, view, attempt.task, settlement, case.content, now)
    else:
        _drop(tx, attempt, settlement, delivered=picked < case.options and case.line.state == "queued")
    writes.log.append(_settled_entry(view, case, settlement, picked))


def _settlement(tx: Transaction, view: View, case: _Case, writes: Writes) -> Settlement:
    """Decide what becomes of a candidate; one to promote is looked at again with what rules lean to."""
    choices, policy = case.choices, view.policy
    found = settle(view.answers, case.options, choices, case.left, policy)
    if isinstance(found, Promote):
        leaning = leaning_of(tx, view, case.content)
        found = settle(view.answers, case.options, choices, case.left, policy, leaning)
    return screened(tx, view, found, case.attempt.task, choices, case.content, writes)


def _picked(settlement: Promote | Drop, options: int) -> int:
    """What the panel says: an option, or ``options`` where it says that the task cannot be answered."""
    if isinstance(settlement, Promote):
        return settlement.key
    return settlement.answer if settlement.answer is not None else options


def _urgency(view: View, content: Content, p_clean: float, choices: Sequence[int]) -> int:
    """How soon the next of the panel is asked: sure candidates first, most of all those that are wanted."""
    classes = view.project.classes
    best = Counter(choices).most_common(1)[0][0]
    too_much = lenient(view.pass_shares, view.policy.quality_bar) if view.policy.directed_share else {}
    picks = choice.rule_choices(content.input, classes, too_much, content.rules) if too_much else {}
    rare = 0.0
    if classes is not None and best < len(classes):
        rare = rareness([item.key for item in view.pool], best, len(classes))
    return urgency(p_clean, speaks_against=contradicts(best, picks, too_much), rareness=rare)


def _promote(
    tx: Transaction, view: View, task: int, settlement: Promote, content: Content, now: datetime
) -> None:
    project = view.project.id
    ordinal = projects.next_ordinal(tx, project)
    revision = projects.next_revision(tx, project)
    current, model = _with_model(tx, view)
    item = make_item(model, current, task, 1, settlement.key_probs, settlement.difficulty_weights, content)
    benchmarks.insert_item_version(tx, project, item, now)
    benchmarks.promote(tx, project, task, ordinal=ordinal, item_version=1, revision=revision, now=now)


def _with_model(tx: Transaction, view: View) -> tuple[Project, Model | None]:
    """The project, locked before, and its model: another process may have opened it in the meantime."""
    current = projects.find(tx, view.project.id)
    assert current is not None
    if current.model_version == view.project.model_version or current.model_version is None:
        return current, view.model
    return current, Model.from_dict(projects.get_model(tx, current.id, current.model_version))


def _drop(tx: Transaction, attempt: Attempt, settlement: Drop, *, delivered: bool) -> None:
    reason = "answered by the panel, not unambiguous" if delivered else "ambiguous, or not to be answered"
    if settlement.agrees_with is not None:
        reason = PUT_BACK
    elif settlement.is_withheld:
        reason = WITHHELD
    revision = projects.next_revision(tx, attempt.project)
    benchmarks.retire(tx, attempt.project, [attempt.task], reason=reason, revision=revision)


def _panel_label(view: View, case: _Case, picked: int, now: datetime) -> NewLabel:
    answer = choice.label_answer(picked, case.content.input, view.project.classes)
    last = max(answer.received_at for answer in case.panel)
    return NewLabel(
        view.project.id, case.attempt.task, answer, "panel", view.project.policy_version, last, now
    )


def _settled_entry(view: View, case: _Case, settlement: Promote | Drop, picked: int) -> Entry:
    is_promoted = isinstance(settlement, Promote)
    detail = {
        "p": settlement.p_clean if isinstance(settlement, Promote) else settlement.p,
        "labelers": [answer.labeler for answer in case.panel],
        "choices": case.choices,
        "trusted_left": case.left,
    }
    if isinstance(settlement, Drop) and settlement.agrees_with is not None:
        detail["agrees_with"] = settlement.agrees_with
    return Entry(
        case.attempt.project, "promote" if is_promoted else "drop", task=case.attempt.task,
        choice=picked if picked < case.options else UNANSWERABLE,
        policy_version=view.project.policy_version, detail=detail,
    )  # fmt: skip


def _panel_entry(view: View, answer: Accepted) -> Entry:
    attempt = answer.attempt
    return Entry(
        attempt.project, "answer", labeler=answer.labeler, attempt=attempt.id, task=attempt.task,
        stage="panel", choice=answer.choice, shown=attempt.shown, policy_version=view.project.policy_version,
    )  # fmt: skip
