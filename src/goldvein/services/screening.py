"""Screening: candidates that agree with a shortcut which enough benchmarks let pass go back early."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from goldvein.decisions.gate import at_least
from goldvein.decisions.mining import Continue, Drop, Settlement
from goldvein.decisions.seeking import agrees_with, leaning, plentiful
from goldvein.domain.records import UNANSWERABLE, Project
from goldvein.services.views import View
from goldvein.services.writes import Writes
from goldvein.stats.arrays import Array
from goldvein.stats.mining import task_evidence
from goldvein.stats.mix import rule_passes
from goldvein.stats.states import POSITION_RULES
from goldvein.store import benchmarks, shortcuts, tasks
from goldvein.store.benchmarks import Benchmark
from goldvein.store.database import Transaction
from goldvein.store.tasks import Content
from goldvein.tasktypes import choice


def content_passes(
    tx: Transaction, project: Project, keys: Mapping[int, int], rules: Sequence[str] | None = None
) -> dict[str, Array]:
    """What each content rule passes of tasks whose keys are given, read from their content: (n,) by rule.

    Places count as content where the order shown is always the same. ``rules`` are those that every project
    knows when not given.
    """
    named = choice.content_rules(project.classes) if rules is None else rules
    contents = tasks.contents(tx, {(project.id, task) for task in keys})
    passes: dict[str, list[float]] = {rule: [] for rule in [*named, *_places(project, 2)]}
    for task, key in keys.items():
        content = contents[project.id, task]
        options = len(choice.choices_of(content.input, project.classes))
        picks = _picks(project, content, named, options)
        for rule, row in passes.items():
            row.append(rule_passes(picks.get(rule, ()), key, options))
    return {rule: np.array(row) for rule, row in passes.items()}


def _picks(
    project: Project, content: Content, rules: Sequence[str], options: int
) -> dict[str, Sequence[int]]:
    """What rules pick, places included where they are content."""
    picks = choice.rule_choices(content.input, project.classes, rules, content.rules)
    return {**picks, **_places(project, options)}


def _places(project: Project, options: int) -> dict[str, Sequence[int]]:
    if project.classes is None:
        return {}
    first, last = POSITION_RULES
    return {first: (0,), last: (options - 1,)}


def active_keys(found: Iterable[Benchmark]) -> dict[int, int]:
    """The keys of some benchmarks by their tasks."""
    return {one.task: one.item.key for one in found}


def counts(tx: Transaction, view: View) -> dict[str, float]:
    """By content rule, how many of the active benchmarks it passes."""
    if view.mix is not None:
        return {rule: share * len(view.pool) for rule, share in view.mix.uniform.items()}
    passes = content_passes(tx, view.project, active_keys(view.active.values()))
    return {rule: float(row.sum()) for rule, row in passes.items()}


def mined(tx: Transaction, project: int, active: int) -> int:
    """How many tasks were looked at for counter-examples: those that are benchmarks, and those put back."""
    return active + shortcuts.count_ended(tx, project).put_back


def leaning_of(tx: Transaction, view: View, content: Content) -> Array | None:
    """P(each option is the key) of a task before anybody answers it, by what rules pass; None: all alike."""
    options = len(choice.choices_of(content.input, view.project.classes))
    passed, active = counts(tx, view), len(view.active if view.mix is None else view.pool)
    named = [rule for rule in passed if rule not in _places(view.project, options)]
    ended = shortcuts.count_ended(tx, view.project.id)
    return leaning(passed, active, ended, _picks(view.project, content, named, options), options)


def screened(
    tx: Transaction, view: View, settlement: Settlement, task: int, choices: Sequence[int], content: Content,
    writes: Writes,
) -> Settlement:  # fmt: skip
    """Drop a candidate that would go on, where what is missing are counter-examples and it is none.

    Before a project opens, the benchmarks needed for that are what counts; afterwards the whole supply. Other
    candidates under way count as the benchmarks that they are likely to be: without them, as many would go on
    as the panel has members.
    """
    if not isinstance(settlement, Continue) or not choices or not view.policy.directed_share:
        return settlement
    options = len(choice.choices_of(content.input, view.project.classes))
    rules = _plentiful(tx, view, task, options, writes)
    if not rules:
        return settlement
    evidence = task_evidence(view.answers, options, choices)
    rule = agrees_with(rules, _picks(view.project, content, rules, options), evidence.best, options)
    if rule is None:
        return settlement
    p = float(evidence.answer_probs[evidence.best])
    answer = evidence.best if at_least(p, view.policy.panel_deliver_at) else None
    return Drop(answer=answer, p=p, agrees_with=rule)


def _plentiful(tx: Transaction, view: View, task: int, options: int, writes: Writes) -> list[str]:
    """Rules to which only counter-examples are wanted now."""
    project, policy, active = view.project.id, view.policy, len(view.active)
    target = policy.open_at if view.project.state == "mining" else view.project.supply_target
    passed = counts(tx, view)
    candidates = shortcuts.candidates(tx, project)
    most = len(candidates) + len(writes.log)
    if not plentiful({rule: n + most for rule, n in passed.items()}, target, target, 1 / options, 0, policy):
        return []
    said = _said(tx, view, candidates, writes)
    said.pop(task, None)
    named = [rule for rule in passed if rule not in _places(view.project, options)]
    under_way = content_passes(tx, view.project, said, named)
    total = {rule: n + float(under_way[rule].sum()) for rule, n in passed.items()}
    put_back = shortcuts.count_ended(tx, project).put_back
    return plentiful(total, active + len(said), target, 1 / options, put_back, policy)


def _said(tx: Transaction, view: View, candidates: Sequence[int], writes: Writes) -> dict[int, int]:
    """What the panel has said first of the candidates under way, the group's own answers included."""
    project = view.project.id
    stored = benchmarks.panel_answers(tx, project, candidates)
    said = {task: answers[0].choice for task, answers in stored.items() if answers}
    for entry in writes.log:
        if entry.project != project or entry.task is None or entry.choice is None:
            continue
        if entry.kind == "drop":
            said.pop(entry.task, None)
        elif entry.kind == "promote" or entry.stage == "panel":
            said.setdefault(entry.task, entry.choice)
    return {task: answer for task, answer in said.items() if answer != UNANSWERABLE}
