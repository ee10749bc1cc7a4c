"""Learning: what a project's log changes about its model and its benchmarks; material in, versions out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from goldvein.domain.records import UNANSWERABLE
from goldvein.services.material import Answers, Material, with_none_last
from goldvein.stats.arrays import Array, frozen
from goldvein.stats.estimation import AnswerLog, Benchmarks, Estimates, estimate, stretches
from goldvein.stats.logit import indicators_of, leans
from goldvein.stats.model import Model
from goldvein.stats.states import POSITION_RULES

LEAST_ANSWERS: Final = 300
"""Answers to benchmarks under which nothing is learned: the starting model knows better."""
LEAST_LABELERS: Final = 10
LEAST_BENCHMARKS: Final = 10
LEAST_OF_ITEM: Final = 8
"""Answers to one benchmark under which it keeps what the panel said of it."""
LEAST_ORDINARY: Final = 300
"""Ordinary answers, each counted by P(its labeler was good), under which no leaning is learned."""


@dataclass(frozen=True, slots=True, eq=False)
class ItemEstimate:
    """What is known of one benchmark now; ``wrong`` says where wrong answers go, None: as the model says."""

    key_probs: Array
    difficulty: Array
    wrong: Array | None


@dataclass(slots=True, eq=False)
class Learned:
    """A model in the making, what is new about benchmarks, and what changed, in words and numbers."""

    model: Model
    items: dict[int, ItemEstimate] = field(default_factory=dict)
    changed: dict[str, Any] = field(default_factory=dict)
    unchanged: dict[str, str] = field(default_factory=dict)


def too_little(material: Material) -> str | None:
    """Why nothing can be learned yet, or None if there is enough to learn from."""
    asked = material.benchmark
    people, items = len(np.unique(asked.labeler)), len(np.unique(asked.task))
    if len(asked) < LEAST_ANSWERS:
        return f"{len(asked)} answers to benchmarks are too few: wait for {LEAST_ANSWERS}"
    if people < LEAST_LABELERS:
        return f"{people} labelers are too few to tell a population by: wait for {LEAST_LABELERS}"
    if items < LEAST_BENCHMARKS:
        return f"{items} benchmarks were answered, too few to compare: wait for {LEAST_BENCHMARKS}"
    return None


def learn(material: Material) -> Learned:
    """Learn everything that there is enough material for, one thing after the other."""
    assert material.view.model is not None
    learned = Learned(material.view.model)
    learn_items(learned, material)
    learn_leans(learned, material)
    return learned


# --- items and population ----------------------------------------------------------------------------------


def learn_items(learned: Learned, material: Material) -> None:
    """Keys, difficulties and wrong answers of benchmarks, and the population, by one fit to all answers."""
    fitted = _fit(learned.model, material)
    model = learned.model
    answers = model.answers
    if fitted.confusion is not None:
        answers = replace(answers, confusion=fitted.confusion)
    learned.model = replace(model, answers=answers, prior=fitted.prior, turns=frozen([]), solving=frozen([]))
    learned.changed["prior"] = {
        name: [float(mass), float(now)] for name, mass, now in _groups(model, model.prior, fitted.prior)
    }
    counts = np.bincount(material.benchmark.task, minlength=len(material.tasks))
    for place in np.flatnonzero(counts >= LEAST_OF_ITEM):
        options = material.n_options[place]
        wrong = fitted.wrong[place, :options]
        learned.items[int(material.tasks[place])] = ItemEstimate(
            _normed(fitted.key_probs[place, :options]), fitted.difficulty_weights[place], _normed(wrong)
        )
    learned.changed["benchmarks"] = len(learned.items)


def _fit(model: Model, material: Material) -> Estimates:
    asked, view = material.benchmark, material.view
    width = int(material.n_options.max())
    keys = np.zeros((len(material.tasks), width))
    for place, task in enumerate(material.tasks.tolist()):
        known = material.first_keys.get(task)
        options = material.n_options[place]
        keys[place, :options] = 1 / options if known is None else known[0]
    served, item = np.unique(asked.task, return_inverse=True)
    tasks = material.tasks[served].tolist()
    in_mix = np.array([task in material.opening_mix for task in tasks])
    people, _ = stretches(asked.labeler)
    estimates = estimate(
        AnswerLog(people, item, with_none_last(asked, material.n_options), asked.first, asked.last),
        Benchmarks(
            key_probs=keys[served],
            n_options=material.n_options[served],
            picks={rule: _shares(material, served, rule, width) for rule in model.space.content_rules},
            groups=np.where(in_mix, 0, 1) if in_mix.any() else None,
            level=_level(model, material) if in_mix.any() else None,
        ),
        model,
        classes=view.project.classes is not None,
    )
    return _spread(estimates, served, len(material.tasks))


def _spread(estimates: Estimates, served: Any, n_tasks: int) -> Estimates:
    """Rows of the benchmarks among those of all tasks; the others stay empty."""
    rows = {}
    for name in ("key_probs", "difficulty_weights", "wrong"):
        values = getattr(estimates, name)
        rows[name] = np.zeros((n_tasks, values.shape[1]))
        rows[name][served] = values
    return replace(estimates, **rows)


def _shares(material: Material, served: Any, rule: str, width: int) -> Array:
    """What a rule picks on each benchmark, shared among the options that tie: (n_items, width)."""
    shares = np.zeros((len(served), width))
    for row, place in enumerate(served):
        picked = list(material.picks[place].get(rule, ()))
        if picked:
            shares[row, picked] = 1 / len(picked)
    return shares


def _level(model: Model, material: Material) -> float:
    """Mean difficulty of the answered part of the opening mix, as it was when the bar was set."""
    grid = model.answers.difficulties
    answered = set(material.tasks.tolist())
    means = [
        float(np.asarray(difficulty) @ grid)
        for task, (_, difficulty) in material.first_keys.items()
        if task in material.opening_mix and task in answered
    ]
    return float(np.mean(means))


def _normed(values: Array) -> Array:
    """Sum to one to the last bit that division allows."""
    normed: Array = values / values.sum()
    return normed


def _groups(model: Model, before: Array, after: Array) -> list[tuple[str, float, float]]:
    """Mass of the good, the bad and each shortcut, before and after."""
    grid, good = model.space.n_abilities, model.space.good[: model.space.n_abilities]
    sides = [
        ("good", before[:grid][good].sum(), after[:grid][good].sum()),
        ("bad", before[:grid][~good].sum(), after[:grid][~good].sum()),
    ]
    shortcuts = zip(model.space.shortcuts, before[grid:], after[grid:], strict=True)
    return [*sides, *shortcuts]


# --- where good labelers' ordinary answers lean -------------------------------------------------------------


def learn_leans(learned: Learned, material: Material) -> None:
    """How good labelers' ordinary answers lean to what each content rule picks; or to each class."""
    rules = learned.model.space.content_rules
    if material.view.project.classes is not None:
        rules = (*POSITION_RULES, *rules)
    given = _said(material.ordinary)
    weight = float(given.p_good.sum())
    if weight < LEAST_ORDINARY:
        learned.unchanged["leans"] = (
            f"ordinary answers of {weight:.0f} good labelers' worth are too few: wait for {LEAST_ORDINARY}"
        )
        return
    before, width = learned.model.leans, int(material.n_options.max())
    odds = leans(
        indicators_of([material.picks[place] for place in given.task], rules, width),
        given.choice,
        given.p_good,
        rules,
        present=np.arange(width) < material.n_options[given.task][:, None],
    )
    learned.model = replace(learned.model, leans=MappingProxyType(odds))
    learned.changed["leans"] = {rule: [before.get(rule), lean] for rule, lean in odds.items()}


def _said(answers: Answers) -> Answers:
    """Only the answers that name an option."""
    named = answers.choice != UNANSWERABLE
    columns: Mapping[str, Any] = {
        name: getattr(answers, name)[named] for name in Answers.__dataclass_fields__
    }
    return Answers(**columns)
