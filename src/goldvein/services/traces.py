"""Traces: the latest answers of every labeler, laid out for shortcut discovery and person fit."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from goldvein.domain.records import UNANSWERABLE
from goldvein.services.material import Answers, Material, with_none_last
from goldvein.services.views import Item
from goldvein.stats.arrays import Array, IntArray
from goldvein.stats.choices import Choices
from goldvein.stats.items import served_likelihoods
from goldvein.stats.logit import indicators_of
from goldvein.stats.misfit import person_fit
from goldvein.stats.model import Model
from goldvein.stats.states import POSITION_RULES

AT_MOST = 200_000
"""Answers that are laid out, of benchmarks and of ordinary work each, the latest of every labeler."""
_FEWEST_EACH, _MOST_EACH = 10, 300
_LEAST_COVERED = 0.2
"""Share of the tasks of which a rule must say something; customers may name new features with every task."""
_MOST_RULES = 40
_CELLS = 50_000_000
"""Answers times options times rules that are laid out at once; a byte each."""


@dataclass(frozen=True, slots=True, eq=False)
class Traces:
    """What a crowd left: its answers, and what the filter makes of each labeler.

    Attributes
    ----------
    choices : Choices
    p_good : (n_labelers,) float
        By benchmarks, after the last answer; 1 where there is none.
    misfit : (n_labelers,) float
        P-value of each labeler's person fit.
    """

    choices: Choices
    p_good: Array
    misfit: Array


def traces_of(material: Material, model: Model) -> Traces:
    """Lay out a project's log; benchmarks that are not on the model in force are left out."""
    people = len(material.labelers)
    rules = _rules(material)
    room = _CELLS // (int(material.n_options.max(initial=2)) * max(1, len(rules)))
    each = min(_MOST_EACH, max(_FEWEST_EACH, min(AT_MOST, room) // max(1, people)))
    asked, given = _latest(material.benchmark, people, each), _latest(material.ordinary, people, each)
    p_good = np.ones(people)
    p_good[material.ordinary.labeler] = material.ordinary.p_good
    p_good[material.benchmark.labeler] = material.benchmark.p_good
    items = [material.view.items.get(task) for task in material.tasks.tolist()]
    known = np.array([item is not None for item in items], dtype=bool)
    asked = asked[known[material.benchmark.task[asked]]]
    return Traces(
        _choices(material, model, rules, items, asked, given), p_good, _misfit(material, model, items, asked)
    )


def _latest(answers: Answers, people: int, each: int) -> IntArray:
    """Rows of the latest answers, so many of each labeler."""
    counts = np.bincount(answers.labeler, minlength=people)
    ends = np.cumsum(counts)
    rows: IntArray = np.flatnonzero(np.arange(len(answers)) >= ends[answers.labeler] - each)
    return rows


def _misfit(material: Material, model: Model, items: list[Item | None], rows: IntArray) -> Array:
    """P-values of the labelers' person fit."""
    answers = material.benchmark
    tables = [item.table for task in answers.task[rows] if (item := items[task]) is not None]
    ends = np.stack([answers.first[rows], answers.last[rows]], axis=1).tolist()
    chosen = with_none_last(answers, material.n_options)[rows].tolist()
    fit = person_fit(
        model,
        tables,
        ends,
        chosen,
        answers.exposures[rows].tolist(),
        answers.labeler[rows],
        len(material.labelers),
    )
    return fit.p_value


def _choices(
    material: Material,
    model: Model,
    rules: list[str],
    items: list[Item | None],
    asked: IntArray,
    given: IntArray,
) -> Choices:
    """Answers that name an option, those to benchmarks before the others."""
    asked = asked[material.benchmark.choice[asked] != UNANSWERABLE]
    given = given[material.ordinary.choice[given] != UNANSWERABLE]
    parts = ((material.benchmark, asked), (material.ordinary, given))
    task, labeler, chosen, first, last, exposures = (
        np.concatenate([getattr(answers, name)[rows] for answers, rows in parts])
        for name in ("task", "labeler", "choice", "first", "last", "exposures")
    )
    width = int(material.n_options.max(initial=2))
    marks = indicators_of(material.picks, rules, width)
    tables = [item.table for place in task[: len(asked)] if (item := items[place]) is not None]
    keys = [item.key for place in task[: len(asked)] if (item := items[place]) is not None]
    ends = np.stack([first, last], axis=1)[: len(asked)].tolist()
    likelihood = np.ones((model.space.size, len(task)))
    likelihood[:, : len(asked)] = served_likelihoods(
        model, tables, ends, chosen[: len(asked)].tolist(), exposures[: len(asked)].tolist()
    )
    ordinary = np.full(len(given), -1)
    return Choices(
        labeler, chosen, material.n_options[task], first, last, rules, marks[task], likelihood,
        np.concatenate([task[: len(asked)], ordinary]),
        np.concatenate([np.array(keys, dtype=np.int64), ordinary]),
    )  # fmt: skip


def _rules(material: Material) -> list[str]:
    """Content rules that say something of enough tasks, and those that have a state."""
    told = Counter(rule for picks in material.picks for rule, picked in picks.items() if picked)
    stated = material.view.model.space.content_rules if material.view.model else ()
    often = [
        rule
        for rule, count in told.most_common(_MOST_RULES)
        if count >= _LEAST_COVERED * len(material.picks) and rule not in POSITION_RULES
    ]
    return sorted({*often, *stated})
