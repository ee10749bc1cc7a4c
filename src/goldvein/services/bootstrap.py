"""The end of a start without anybody trusted: keys, labels and people from what everybody answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from goldvein.decisions.gate import at_least
from goldvein.domain.policy import Policy
from goldvein.domain.records import UNANSWERABLE
from goldvein.services.collecting import COLLECTING
from goldvein.services.items import make_item
from goldvein.services.opening import open_if_ready
from goldvein.services.views import View
from goldvein.services.writes import Writes
from goldvein.stats.bootstrap import Asked, Bootstrap, bootstrap, make_batch, rule_hits
from goldvein.stats.passing import Batch
from goldvein.store import attempts, benchmarks, bootstraps, projects, tasks, trust
from goldvein.store.attempts import Attempt
from goldvein.store.bootstraps import Given
from goldvein.store.database import Database, Transaction
from goldvein.store.labels import NewLabel
from goldvein.store.log import Entry
from goldvein.store.tasks import Content, Key
from goldvein.tasktypes import choice


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """What was read of a start, and what follows from it; tasks and people in the order of the batch."""

    tasks: Sequence[int]
    people: Sequence[int]
    answers: Sequence[Given]
    said: Mapping[int, Sequence[Given]]
    contents: Mapping[Key, Content]
    result: Bootstrap


def conclude(db: Database, view: View, now: datetime) -> bool:
    """End a start whose tasks all have their answers; false while it collects, or where there is none.

    What takes long, the arithmetic, is done outside of the transaction that writes; if an answer came in
    between, it is done anew by the next sweep.
    """
    if view.bootstrap != COLLECTING or view.project.state != "mining":
        return False
    with db.connection() as tx:
        now_there = bootstraps.progress(tx, view.project.id, view.policy.bootstrap_answers)
        wanted = view.policy.bootstrap_tasks
        if not now_there.tasks or now_there.tasks < wanted or now_there.complete < now_there.tasks:
            return False
        found = _find(tx, view)
    with db.transaction() as tx:
        return _write(tx, view, found, now)


def _find(tx: Transaction, view: View) -> _Found:
    project = view.project.id
    names = bootstraps.tasks(tx, project)
    answers = bootstraps.answers(tx, project)
    contents = tasks.contents(tx, [(project, task) for task in names])
    people = sorted({answer.labeler for answer in answers})
    batch = _batch(view, names, people, answers, contents)
    said: dict[int, list[Given]] = {task: [] for task in names}
    for answer in answers:
        said[answer.task].append(answer)
    return _Found(names, people, answers, said, contents, bootstrap(view.answers, batch, _asked(view.policy)))


def _asked(policy: Policy) -> Asked:
    return Asked(
        policy.trust_accuracy, policy.trust_at, policy.ease_at_least, policy.promote_at, policy.promote_key_at
    )


def _batch(
    view: View,
    names: Sequence[int],
    people: Sequence[int],
    answers: Sequence[Given],
    contents: Mapping[Key, Content],
) -> Batch:
    """The answers as arrays, with what every rule would have picked, positions as they were shown."""
    classes, project = view.project.classes, view.project.id
    task_of = {task: place for place, task in enumerate(names)}
    labeler_of = {labeler: place for place, labeler in enumerate(people)}
    inputs = [contents[project, task] for task in names]
    counts = [len(choice.choices_of(one.input, classes)) for one in inputs]
    rules = choice.content_rules(classes)
    picks = [choice.rule_choices(one.input, classes, rules, one.rules) for one in inputs]
    place = [task_of[answer.task] for answer in answers]
    chosen = [
        counts[t] if a.choice == UNANSWERABLE else a.choice for t, a in zip(place, answers, strict=True)
    ]
    hits = {
        rule: np.array(
            [
                rule_hits(c, counts[t], list(picks[t].get(rule, ())))
                for t, c in zip(place, chosen, strict=True)
            ]
        )
        for rule in rules
    }
    for rule, position in (("first", 0), ("last", -1)):
        hits[rule] = np.array([float(a.shown[position] == c) for a, c in zip(answers, chosen, strict=True)])
    return make_batch(
        np.array([labeler_of[answer.labeler] for answer in answers]),
        np.array(place), np.array(chosen), np.array(counts), hits,
    )  # fmt: skip


def _write(tx: Transaction, view: View, found: _Found, now: datetime) -> bool:
    project = view.project.id
    waiting = {one.task: one for one in attempts.lock_of_tasks(tx, project, list(found.tasks))}
    lines = tasks.lock(tx, [(project, task) for task in found.tasks])
    current = projects.find_locked(tx, project)
    if current is None or current.state != "mining" or bootstraps.state(tx, project, lock=True) != COLLECTING:
        return False
    untouched = all(one.state == "open" and one.stage == "panel" for one in waiting.values())
    queued = all(line.state == "queued" for line in lines.values())
    same = bootstraps.tasks(tx, project) == list(found.tasks) == sorted(waiting)
    if not (untouched and queued and same) or len(bootstraps.answers(tx, project)) != len(found.answers):
        return False
    writes = Writes(ended={(project, one.id): "closed" for one in waiting.values()})
    for place, task in enumerate(found.tasks):
        _settle(tx, view, found, place, waiting[task], writes, now)
    _name_trusted(tx, view, found, writes, now)
    result = found.result
    detail = {
        "tasks": len(found.tasks),
        "answers": len(found.answers),
        "labelers": len(found.people),
        "clean": int(result.clean.sum()),
        "trusted": int(result.trusted.sum()),
        "why": result.refusal,
    }
    state = "done" if result.refusal is None else "refused"
    version = view.project.policy_version
    writes.log.append(Entry(project, "bootstrap", policy_version=version, decision=state, detail=detail))
    bootstraps.finish(tx, project, state, now, result.refusal)
    writes.flush(tx, now)
    projects.next_revision(tx, project)
    open_if_ready(tx, project, view.policy, view.answers, now)
    return True


def _settle(
    tx: Transaction, view: View, found: _Found, place: int, attempt: Attempt, writes: Writes, now: datetime
) -> None:
    """Make of one task a benchmark, a label or ordinary work."""
    project, result = view.project.id, found.result
    content = found.contents[project, attempt.task]
    options = len(choice.choices_of(content.input, view.project.classes))
    best = int(result.best[place])
    p = float(result.answer_probs[place, best])
    clean = bool(result.clean[place])
    sure = result.refusal is None and best < options and bool(at_least(p, view.policy.panel_deliver_at))
    if clean:
        _promote(tx, view, found, place, content, now)
    else:
        reason = "answered by everybody, not unambiguous" if sure else "ambiguous, or not to be answered"
        revision = projects.next_revision(tx, project)
        benchmarks.retire(tx, project, [attempt.task], reason=reason, revision=revision)
    if clean or sure:
        writes.labels.append(_label(view, found, attempt.task, best, content, now))
    else:
        writes.wanted.append(attempt.again("label"))
    said = found.said[attempt.task]
    detail: dict[str, Any] = {
        "p": float(result.p_clean[place]) if clean else p,
        "labelers": [one.labeler for one in said],
        "choices": [options if one.choice == UNANSWERABLE else one.choice for one in said],
        "bootstrap": True,
    }
    writes.log.append(
        Entry(
            project, "promote" if clean else "drop", task=attempt.task,
            choice=best if clean or sure else UNANSWERABLE, policy_version=view.project.policy_version,
            detail=detail,
        )
    )  # fmt: skip


def _promote(tx: Transaction, view: View, found: _Found, place: int, content: Content, now: datetime) -> None:
    project, task = view.project.id, found.tasks[place]
    options = len(choice.choices_of(content.input, view.project.classes))
    keys = found.result.key_probs[place, :options]
    difficulty = found.result.difficulty_weights(place)
    item = make_item(None, view.project, task, 1, keys / keys.sum(), difficulty, content)
    ordinal = projects.next_ordinal(tx, project)
    revision = projects.next_revision(tx, project)
    benchmarks.insert_item_version(tx, project, item, now)
    benchmarks.promote(tx, project, task, ordinal=ordinal, item_version=1, revision=revision, now=now)


def _label(view: View, found: _Found, task: int, picked: int, content: Content, now: datetime) -> NewLabel:
    answer = choice.label_answer(picked, content.input, view.project.classes)
    last = max(one.received_at for one in found.said[task])
    return NewLabel(view.project.id, task, answer, "panel", view.project.policy_version, last, now)


def _name_trusted(tx: Transaction, view: View, found: _Found, writes: Writes, now: datetime) -> None:
    """Trust those who agree best, until keys that others made say more."""
    project, result = view.project.id, found.result
    noted = trust.bases(tx, project)
    for place in np.flatnonzero(result.trusted).tolist():
        labeler = found.people[place]
        if labeler in noted:
            continue
        lower, given = float(result.lower[place]), int(result.given[place])
        reason = f"agreed with the others on the first tasks: {given} answers, accuracy at least {lower:.2f}"
        trust.note(tx, project, labeler, "bootstrap", reason, now, lower)
        detail = {
            "basis": "bootstrap",
            "lower": lower,
            "mean": float(result.mean[place]),
            "answers": given,
            "by_rule_or_random": float(result.explained[place].sum()),
        }
        writes.log.append(
            Entry(
                project, "trust", labeler=labeler, policy_version=view.project.policy_version,
                decision="earned", detail=detail,
            )
        )  # fmt: skip
