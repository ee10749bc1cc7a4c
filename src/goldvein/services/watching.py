"""Watching: what the log and the standings say of some benchmarks, in the arrays that upkeep decides by."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import numpy as np

from goldvein.decisions.upkeep import Watched
from goldvein.domain.records import UNANSWERABLE
from goldvein.services.standing import converted
from goldvein.services.views import View, Views
from goldvein.stats.arrays import Array
from goldvein.stats.items import served_likelihoods
from goldvein.stats.keys import Said, best_of_others, given_start, key_evidence, panel_start, said_by
from goldvein.stats.leaks import leak_evidence
from goldvein.stats.model import Model
from goldvein.stats.versions import carried_table
from goldvein.store import benchmarks, keeping, practice
from goldvein.store.benchmarks import PanelAnswer
from goldvein.store.database import Transaction
from goldvein.store.keeping import Answer, Due, Known, Settled

__all__ = ["watched"]


def watched(
    tx: Transaction, views: Views, view: View, due: Sequence[Due], now: datetime
) -> dict[int, Watched]:
    """Read what is known of some benchmarks of an opened project: those of their answers alone.

    Where somebody settled the key by hand, what the crowd said before has been heard: it began anew then.
    """
    project, tasks = view.project.id, [one.task for one in due]
    given = keeping.answers(tx, project, tasks)
    by_hand = keeping.settled(tx, project, tasks)
    starts = _starts(tx, view, due, by_hand)
    heard = {task: _since(given[task], by_hand.get(task)) for task in tasks}
    everybody = {answer.labeler for answers in heard.values() for answer in answers}
    standings = _standings(tx, views, view, sorted(everybody))
    tables = _tables(tx, views, view, due, heard)
    disputed = practice.disputed(tx, project, tasks)
    found = {}
    for one in due:
        said = _said(view, one, heard[one.task], standings, tables, disputed)
        before = [answer.exposures for answer in heard[one.task]]
        found[one.task] = _watched(view, one, starts[one.task], said, before, now)
    return found


def _since(answers: Sequence[Answer], settled: Settled | None) -> Sequence[Answer]:
    return answers if settled is None else [answer for answer in answers if answer.at > settled.at]


# --- before the crowd ------------------------------------------------------------------------------------


def _starts(
    tx: Transaction, view: View, due: Sequence[Due], by_hand: Mapping[int, Settled]
) -> dict[int, Array]:
    """P(key, difficulty) of each benchmark by its panel, or as its key was given."""
    project, tasks = view.project.id, [one.task for one in due]
    panel = benchmarks.panel_answers(tx, project, tasks)
    first = keeping.first_versions(tx, project, tasks)
    settled = keeping.some_versions(tx, project, [(task, one.item_version) for task, one in by_hand.items()])
    starts = {}
    for task in tasks:
        if task in by_hand:
            starts[task] = given_start(view.answers, *settled[task, by_hand[task].item_version])
        elif panel[task]:
            starts[task] = _of_panel(view, panel[task], first[task])
        else:
            starts[task] = given_start(view.answers, *first[task])
    return starts


def _of_panel(view: View, panel: Sequence[PanelAnswer], first: Known) -> Array:
    options = len(first[0])
    choices = [options if one.choice == UNANSWERABLE else one.choice for one in panel]
    return panel_start(view.answers, options, choices)


# --- the crowd -------------------------------------------------------------------------------------------


def _standings(tx: Transaction, views: Views, view: View, labelers: Sequence[int]) -> dict[int, Array]:
    """Today's posterior of each labeler under all evidence, on the project's model: (n_states,)."""
    assert view.model is not None
    found = {}
    for labeler, (version, stored) in keeping.posteriors(tx, view.project.id, labelers).items():
        models = {version: views.model(tx, view.project.id, version), view.model_version: view.model}
        column = np.frombuffer(stored).reshape(2, -1)[1][:, None]
        found[labeler] = converted(column, models, version, view.model_version)[:, 0]
    return found


def _tables(
    tx: Transaction, views: Views, view: View, due: Sequence[Due], heard: Mapping[int, Sequence[Answer]]
) -> dict[tuple[int, int], Array]:
    """Likelihoods of every item version by which some answer counts, on the project's model."""
    assert view.model is not None
    project = view.project.id
    wanted = {(one.task, _counts_as(one, answer)) for one in due for answer in heard[one.task]}
    tables = {}
    for key, (laid_on, stored) in benchmarks.likelihoods(tx, project, wanted).items():
        if stored is None:  # struck out
            tables[key] = np.ones_like(view.items[key[0]].table)
            continue
        old: Model = views.model(tx, project, laid_on)
        tables[key] = carried_table(np.frombuffer(stored).reshape(old.space.size, -1), old, view.model)
    return tables


def _counts_as(one: Due, answer: Answer) -> int:
    return answer.item_version if one.counts_as is None else one.counts_as


def _said(
    view: View,
    one: Due,
    heard: Sequence[Answer],
    standings: Mapping[int, Array],
    tables: Mapping[tuple[int, int], Array],
    disputed: Collection[int],
) -> Said:
    """The crowd's answers; whoever disputed the task said, of its key, that it cannot be answered."""
    model = view.model
    assert model is not None
    counted = [answer for answer in heard if (one.task, _counts_as(one, answer)) in tables]
    own = [tables[one.task, _counts_as(one, answer)] for answer in counted]
    options = view.items[one.task].table.shape[1] - 1
    choices = [options if answer.choice == UNANSWERABLE else answer.choice for answer in counted]
    orders = [answer.shown for answer in counted]
    likelihood = served_likelihoods(model, own, orders, choices, [answer.exposures for answer in counted])
    means = [
        options if answer.attempt in disputed else chosen
        for answer, chosen in zip(counted, choices, strict=True)
    ]
    now = np.array([standings[answer.labeler] for answer in counted]).reshape(-1, model.space.size).T
    return said_by(model, options, np.array(means, dtype=np.int64), likelihood, now)


def _watched(view: View, one: Due, start: Array, said: Said, before: Sequence[int], now: datetime) -> Watched:
    model, item = view.model, view.items[one.task]
    assert model is not None
    evidence = key_evidence(view.answers, len(start) - 1, start, said)
    rules = [model.space.state_of(rule) for rule in model.space.content_rules]
    guessable = bool((item.table[rules, item.key] >= 0.5).any())
    age = (now - one.since).total_seconds()
    leak = 0.0
    if len(before) == len(said):
        solved = said.curves @ evidence.difficulty_weights(item.key)
        chance = best_of_others(model, item.table, item.key)
        leak = leak_evidence(said.choices == item.key, said.p_able, solved, before, chance)
    return Watched(item.key, evidence, said, one.exposures, age, guessable=guessable, leak=leak)
