"""Mining: the panel's answers to a task make it a benchmark, a label, or ordinary work again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

import numpy as np

from goldvein.decisions.admission import may_open
from goldvein.decisions.mining import Continue, Drop, Promote, settle
from goldvein.decisions.planning import contradicts, rareness, urgency
from goldvein.decisions.seeking import PUT_BACK, WITHHELD, lenient
from goldvein.domain.policy import Policy
from goldvein.domain.records import UNANSWERABLE, Project
from goldvein.services import supply
from goldvein.services.collecting import collect
from goldvein.services.items import make_item
from goldvein.services.relabelling import replace_label
from goldvein.services.screening import leaning_of, screened
from goldvein.services.shortcuts import keeps_shut
from goldvein.services.submission import Accepted
from goldvein.services.views import View
from goldvein.services.writes import Writes
from goldvein.stats.arrays import ShapeError
from goldvein.stats.items import bar_theta
from goldvein.stats.model import AnswerModel, Model, make_model
from goldvein.store import attempts, benchmarks, projects, tasks
from goldvein.store import supply as stored_supply
from goldvein.store.attempts import Attempt
from goldvein.store.benchmarks import Benchmark, PanelAnswer
from goldvein.store.database import Transaction
from goldvein.store.labels import NewLabel
from goldvein.store.log import Entry, append
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
        line = lines[project, attempt.task]
        _settle(tx, view, attempt, line, panel, left, contents[project, attempt.task], writes, now)
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
        line = lines[project, attempt.task]
        _settle(
            tx, view, attempt, line, stored[attempt.task], 0, contents[project, attempt.task], writes, now
        )
    writes.flush(tx, now)
    if view.project.state == "mining":
        open_if_ready(tx, project, view.policy, view.answers, now)
    return len(waiting)


def _settle(
    tx: Transaction, view: View, attempt: Attempt, line: TaskLine, panel: Sequence[PanelAnswer], left: int,
    content: Content, writes: Writes, now: datetime,
) -> None:  # fmt: skip
    options = len(choice.choices_of(content.input, view.project.classes))
    choices = [options if answer.choice == UNANSWERABLE else answer.choice for answer in panel]
    settlement = settle(view.answers, options, choices, left, view.policy)
    if isinstance(settlement, Promote):
        settlement = settle(view.answers, options, choices, left, view.policy, leaning_of(tx, view, content))
    settlement = screened(tx, view, settlement, attempt.task, choices, content, writes)
    if isinstance(settlement, Continue):
        soon = _urgency(view, content, settlement.p_clean, choices)
        writes.wanted.append(replace(attempt.again("panel"), urgency=soon))
        return
    if benchmarks.lock_state(tx, attempt.project, attempt.task) != "candidate":
        return
    if isinstance(settlement, Promote):
        picked, p = settlement.key, settlement.p_clean
    else:
        picked, p = settlement.answer if settlement.answer is not None else options, settlement.p
    if line.state == "queued":
        if picked < options:
            writes.labels.append(_panel_label(view, attempt.task, picked, panel, content, now))
        else:
            writes.wanted.append(replace(attempt.again("label"), urgency=-line.priority))
    elif isinstance(settlement, Promote):
        replace_label(tx, view, attempt.task, picked, "panel", now, "the panel's key is another one")
    if isinstance(settlement, Promote):
        _promote(tx, view, attempt.task, settlement, content, now)
    else:
        _drop(tx, attempt, settlement, delivered=picked < options and line.state == "queued")
    detail = {
        "p": p,
        "labelers": [answer.labeler for answer in panel],
        "choices": choices,
        "trusted_left": left,
    }
    if isinstance(settlement, Drop) and settlement.agrees_with is not None:
        detail["agrees_with"] = settlement.agrees_with
    kind = "promote" if isinstance(settlement, Promote) else "drop"
    writes.log.append(
        Entry(
            attempt.project, kind, task=attempt.task, choice=picked if picked < options else UNANSWERABLE,
            policy_version=view.project.policy_version, detail=detail,
        )
    )  # fmt: skip


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


def _panel_label(
    view: View, task: int, picked: int, panel: Sequence[PanelAnswer], content: Content, now: datetime
) -> NewLabel:
    answer = choice.label_answer(picked, content.input, view.project.classes)
    last = max(answer.received_at for answer in panel)
    return NewLabel(view.project.id, task, answer, "panel", view.project.policy_version, last, now)


def _panel_entry(view: View, answer: Accepted) -> Entry:
    attempt = answer.attempt
    return Entry(
        attempt.project, "answer", labeler=answer.labeler, attempt=attempt.id, task=attempt.task,
        stage="panel", choice=answer.choice, shown=attempt.shown, policy_version=view.project.policy_version,
    )  # fmt: skip


def open_if_ready(
    tx: Transaction, project_id: int, policy: Policy, answers: AnswerModel, now: datetime
) -> bool:
    """Open a project that has enough benchmarks: turn its bar into an ability, once, and let the crowd in."""
    project = projects.find_locked(tx, project_id)
    if project is None or project.state != "mining":
        return False
    known = [found for found in benchmarks.changed_since(tx, project_id, 0) if found.state == "active"]
    if not may_open(len(known), policy) or keeps_shut(tx, project, policy, known, now) is not None:
        return False
    try:
        model = _opening_model(project, policy, answers, known)
    except ShapeError as error:
        _say_why_not(tx, project, str(error), now)
        return False
    projects.insert_model(tx, project_id, 1, model.to_dict(), now)
    projects.open_(tx, project_id, model_version=1, now=now)
    revision = projects.next_revision(tx, project_id)
    opened = projects.find(tx, project_id)
    assert opened is not None
    for benchmark in known:
        _lay_on_grid(tx, model, opened, benchmark, revision, now)
    mix = {"bar_theta": model.bar_theta, "benchmarks": [b.task for b in known], "model_version": 1}
    append(
        tx,
        [Entry(project_id, "open", policy_version=project.policy_version, model_version=1, detail=mix)],
        now,
    )
    return True


def _opening_model(
    project: Project, policy: Policy, answers: AnswerModel, known: Sequence[Benchmark]
) -> Model:
    counts = [len(found.item.key_probabilities) for found in known]
    weights = [np.array(found.item.difficulty) for found in known]
    bar = bar_theta(policy.quality_bar, answers, counts, weights)
    trust = bar_theta(policy.trust_accuracy, answers, counts, weights)
    model = make_model(bar, trust, content_rules=choice.content_rules(project.classes), answers=answers)
    return replace(model, hazard=max(model.hazard, policy.hazard_floor))


def _lay_on_grid(
    tx: Transaction, model: Model, project: Project, benchmark: Benchmark, revision: int, now: datetime
) -> None:
    """Store the likelihoods of a benchmark that was mined before the project had a grid."""
    content = tasks.contents(tx, [(project.id, benchmark.task)])[project.id, benchmark.task]
    item = make_item(
        model, project, benchmark.task, benchmark.item.version + 1,
        np.array(benchmark.item.key_probabilities), np.array(benchmark.item.difficulty), content,
    )  # fmt: skip
    benchmarks.insert_item_version(tx, project.id, item, now)
    benchmarks.set_item_version(tx, project.id, benchmark.task, version=item.version, revision=revision)


def _say_why_not(tx: Transaction, project: Project, why: str, now: datetime) -> None:
    append(
        tx,
        [
            Entry(
                project.id,
                "open",
                policy_version=project.policy_version,
                decision="refused",
                detail={"why": why},
            )
        ],
        now,
    )
