"""Screening: candidates that agree with a shortcut which enough benchmarks let pass go back early."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from goldvein.decisions.gate import at_least
from goldvein.decisions.mining import Continue, Drop, Settlement
from goldvein.decisions.opening import counterexamples
from goldvein.decisions.seeking import agrees_with, plentiful
from goldvein.domain.records import Project
from goldvein.services.views import View
from goldvein.stats.arrays import Array
from goldvein.stats.mining import task_evidence
from goldvein.stats.mix import position_passes, rule_passes
from goldvein.store import shortcuts, tasks
from goldvein.store.benchmarks import Benchmark
from goldvein.store.database import Transaction
from goldvein.store.tasks import Content
from goldvein.tasktypes import choice

__all__ = ["content_passes", "counts", "mined", "screened"]


def content_passes(
    tx: Transaction, project: Project, found: Collection[Benchmark], rules: Sequence[str] | None = None
) -> dict[str, Array]:
    """What each content rule passes of some benchmarks, read from their content: (n,) by rule.

    Places count as content where the order shown is always the same. ``rules`` are those that every project
    knows when not given.
    """
    named = choice.content_rules(project.classes) if rules is None else rules
    contents = tasks.contents(tx, {(project.id, one.task) for one in found})
    passes: dict[str, list[float]] = {rule: [] for rule in named}
    for one in found:
        content = contents[project.id, one.task]
        picks = choice.rule_choices(content.input, project.classes, named, content.rules)
        for rule in named:
            passed = rule_passes(picks.get(rule, ()), one.item.key, len(one.item.key_probabilities))
            passes[rule].append(passed)
    rows = {rule: np.array(row) for rule, row in passes.items()}
    if project.classes is None:
        return rows
    options = [len(one.item.key_probabilities) for one in found]
    return {**rows, **position_passes([one.item.key for one in found], options)}


def counts(tx: Transaction, view: View) -> dict[str, float]:
    """By content rule, how many of the active benchmarks it passes."""
    if view.mix is not None:
        return {rule: share * len(view.pool) for rule, share in view.mix.uniform.items()}
    passes = content_passes(tx, view.project, list(view.active.values()))
    return {rule: float(row.sum()) for rule, row in passes.items()}


def mined(tx: Transaction, project: int, active: int) -> int:
    """How many tasks were looked at for counter-examples: those that are benchmarks, and those put back."""
    return active + shortcuts.count_put_back(tx, project)


def screened(
    tx: Transaction,
    view: View,
    settlement: Settlement,
    choices: Sequence[int],
    options: int,
    content: Content,
) -> Settlement:
    """Drop a candidate that would go on, where what is missing are counter-examples and it is none.

    Before a project opens, the benchmarks needed for that are what counts; afterwards the whole supply.
    """
    if not isinstance(settlement, Continue) or not choices or not view.policy.directed_share:
        return settlement
    rules = _plentiful(tx, view, counts(tx, view), options)
    picks = choice.rule_choices(content.input, view.project.classes, rules, content.rules)
    evidence = task_evidence(view.answers, options, choices)
    rule = agrees_with(rules, _with_places(rules, picks, view.project, options), evidence.best, options)
    if rule is None:
        return settlement
    p = float(evidence.answer_probs[evidence.best])
    answer = evidence.best if at_least(p, view.policy.panel_deliver_at) else None
    return Drop(answer=answer, p=p, agrees_with=rule)


def _plentiful(tx: Transaction, view: View, pass_counts: Mapping[str, float], options: int) -> list[str]:
    active, policy = len(view.active), view.policy
    target = policy.open_at if view.project.state == "mining" else view.project.supply_target
    full = plentiful(pass_counts, active, target, 1 / options, 0, policy)
    if not full:
        return []
    put_back = shortcuts.count_put_back(tx, view.project.id)
    return plentiful(
        {rule: pass_counts[rule] for rule in full}, active, target, 1 / options, put_back, policy
    )


def _with_places(
    rules: Sequence[str], picks: Mapping[str, Sequence[int]], project: Project, options: int
) -> dict[str, Sequence[int]]:
    """What rules pick, places included where they are content."""
    places = {} if project.classes is None else {"first": (0,), "last": (options - 1,)}
    return {rule: {**places, **picks}.get(rule, ()) for rule in rules}


def missing_by_rule(pass_counts: Mapping[str, float], active: int, asked: int) -> dict[str, float]:
    """By rule, counter-examples that opening still misses."""
    return {rule: max(0.0, asked - found) for rule, found in counterexamples(pass_counts, active).items()}
