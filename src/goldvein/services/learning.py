"""Learning: what a project's log changes about its model and its benchmarks; material in, versions out."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from goldvein.services.lessons import (
    ItemEstimate,
    Learned,
    learn_hazard,
    learn_leans,
    learn_solving,
    learn_time,
)
from goldvein.services.material import Material, with_none_last
from goldvein.stats.arrays import Array, IntArray, frozen
from goldvein.stats.estimation import AnswerLog, Benchmarks, Estimates, Shrinkage, estimate, stretches
from goldvein.stats.model import Model

LEAST_ANSWERS: Final = 300
"""Answers to benchmarks under which nothing is learned: the starting model knows better."""
LEAST_LABELERS: Final = 10
LEAST_BENCHMARKS: Final = 10
LEAST_OF_ITEM: Final = 8
"""Answers to one benchmark, the panel's included, under which it keeps what is known of it."""


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
    learn_hazard(learned, material)
    learn_solving(learned, material)
    learn_leans(learned, material)
    learn_time(learned, material)
    return learned


# --- items and population ----------------------------------------------------------------------------------


def learn_items(learned: Learned, material: Material) -> None:
    """Keys, difficulties and wrong answers of benchmarks, and the population, by one fit to all answers."""
    fitted = _fit(learned.model, material)
    model = learned.model
    answers = model.answers
    if fitted.confusion is not None:
        answers = replace(answers, confusion=fitted.confusion)
    prior = _population(model, fitted.posteriors[_newcomers(material)])
    learned.model = replace(model, answers=answers, prior=prior, solving=frozen([]))
    learned.changed["prior"] = {
        name: [float(mass), float(now)] for name, mass, now in _groups(model, model.prior, prior)
    }
    given = np.concatenate([material.benchmark.task, material.panel.task])
    counts = np.bincount(given, minlength=len(material.tasks))
    for place in np.flatnonzero(counts >= LEAST_OF_ITEM):
        options = material.n_options[place]
        wrong = fitted.wrong[place, :options]
        learned.items[int(material.tasks[place])] = ItemEstimate(
            _normed(fitted.key_probs[place, :options]), fitted.difficulty_weights[place], _normed(wrong)
        )
    learned.changed["benchmarks"] = len(learned.items)


def _newcomers(material: Material) -> IntArray:
    """The first stretch of each labeler: a veteran's many would make the population too good."""
    _, owner = stretches(material.benchmark.labeler)
    _, first = np.unique(owner, return_index=True)
    return np.asarray(first)


def _population(model: Model, posteriors: Array) -> Array:
    """Who newcomers are: (n, n_states) to (n_states,), held by the model's as by so many people."""
    held = Shrinkage().people
    shares = held * np.asarray(model.prior) + posteriors.sum(axis=0)
    return frozen(shares / shares.sum())


def _fit(model: Model, material: Material) -> Estimates:
    asked, view = material.benchmark, material.view
    width = int(material.n_options.max())
    keys = np.zeros((len(material.tasks), width))
    for place, task in enumerate(material.tasks.tolist()):
        known = material.first_keys.get(task)
        options = material.n_options[place]
        keys[place, :options] = 1 / options if known is None else known[0]
    served = np.unique(asked.task)
    tasks = material.tasks[served].tolist()
    in_mix = np.array([task in material.opening_mix for task in tasks])
    estimates = estimate(
        _log(material, served),
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


def _log(material: Material, served: IntArray) -> AnswerLog:
    """The crowd's answers, in stretches, and then the panel's, whose order of options is not known."""
    asked, panel = material.benchmark, material.panel
    people, _ = stretches(asked.labeler)
    crowd, trusted = int(people.max()) + 1, np.unique(panel.labeler)
    unknown = np.full(len(panel.task), -1)

    def both(own: IntArray, theirs: IntArray) -> IntArray:
        return np.concatenate([own, theirs])

    return AnswerLog(
        labeler=both(people, crowd + np.searchsorted(trusted, panel.labeler)),
        item=np.searchsorted(served, both(asked.task, panel.task)),
        choice=both(with_none_last(asked, material.n_options), with_none_last(panel, material.n_options)),
        first=both(asked.first, unknown),
        last=both(asked.last, unknown),
        trusted=np.arange(crowd + len(trusted)) >= crowd,
        exposures=both(asked.exposures, np.zeros_like(unknown)),
    )


def _spread(estimates: Estimates, served: IntArray, n_tasks: int) -> Estimates:
    """Rows of the benchmarks among those of all tasks; the others stay empty."""
    rows = {}
    for name in ("key_probs", "difficulty_weights", "wrong"):
        values = getattr(estimates, name)
        rows[name] = np.zeros((n_tasks, values.shape[1]))
        rows[name][served] = values
    return replace(estimates, **rows)


def _shares(material: Material, served: IntArray, rule: str, width: int) -> Array:
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
