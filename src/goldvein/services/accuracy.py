"""How right the people are whose labels go out: on benchmarks, and on the customer's own tasks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from goldvein.decisions.gate import Gate, gate
from goldvein.domain.records import UNANSWERABLE
from goldvein.services.views import View
from goldvein.stats.arrays import Array
from goldvein.stats.items import accuracy_curve
from goldvein.stats.traffic import Accuracy, group_accuracy, solved_curves, traffic
from goldvein.store import benchmarks, mined
from goldvein.store.database import Transaction
from goldvein.store.standings import StandingLine

LEAST_MINED: Final = 30
"""Tasks through the panel under which nothing is said about ordinary tasks."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """The panel's answers to tasks as they were pushed; ``choices`` in content order, K for unanswerable."""

    n_options: Sequence[int]
    choices: Sequence[Sequence[int]]


def candidates(tx: Transaction, view: View) -> Candidates:
    """Read what the panel said of the tasks mined last, whatever became of them."""
    options = mined.latest(tx, view.project.id)
    said = benchmarks.panel_answers(tx, view.project.id, list(options))
    counts, choices = [], []
    for task, answers in said.items():
        count = len(view.project.classes) if view.project.classes is not None else options[task]
        if count is not None and answers:
            counts.append(count)
            choices.append([count if one.choice == UNANSWERABLE else one.choice for one in answers])
    return Candidates(counts, choices)


def mean_curve(view: View) -> Array | None:
    """Mean accuracy on the active benchmarks at each point of the ability grid: (n_abilities,)."""
    if view.model is None or not view.active:
        return None
    thetas = view.model.space.thetas
    curves = [
        accuracy_curve(view.model.answers, len(b.item.key_probabilities), np.array(b.item.difficulty), thetas)
        for b in view.active.values()
    ]
    curve: Array = np.mean(curves, axis=0)
    return curve


def delivering(view: View, lines: Sequence[StandingLine]) -> list[StandingLine]:
    """Those whose ordinary answers would be delivered now."""
    if not lines:
        return []
    good = gate(
        [line.p_benchmarks for line in lines], [line.p_all for line in lines],
        [line.benchmarks for line in lines], [line.state for line in lines], view.policy,
    )  # fmt: skip
    return [line for line, decision in zip(lines, good.tolist(), strict=True) if decision == Gate.DELIVER]


def by_ability(view: View, line: StandingLine) -> Array:
    """What benchmarks say of a labeler's ability; the last entry is the mass of all shortcuts.

    Abilities are the same under every version of a model, so standings of older versions are read as well.
    """
    assert view.model is not None
    states = np.frombuffer(line.posterior)
    own = states[: len(states) // 2]
    grid = view.model.space.n_abilities
    return np.append(own[:grid], own[grid:].sum())


def report(
    rng: np.random.Generator, view: View, lines: Sequence[StandingLine], found: Candidates
) -> dict[str, Any]:
    """Accuracy of those who deliver, weighted by ordinary answers, with 95% intervals, or why not."""
    people = delivering(view, lines)
    curve = mean_curve(view)
    why = _why_not(view, people, curve)
    if why is not None:
        return _line("benchmarks", None, why) | _line("traffic", None, why)
    assert curve is not None
    posteriors = np.array([by_ability(view, line) for line in people])
    weights = np.array([max(line.answers - line.benchmarks, 1) for line in people], dtype=float)
    chance = float(np.mean([1 / len(b.item.key_probabilities) for b in view.active.values()]))
    on_benchmarks = group_accuracy(rng, posteriors, weights, np.append(curve, chance))
    shown = _line("benchmarks", on_benchmarks, None)
    if len(found.choices) < LEAST_MINED:
        why = f"{len(found.choices)} tasks have been answered by the panel; {LEAST_MINED} are needed"
        return shown | _line("traffic", None, why)
    return shown | _line("traffic", _on_traffic(rng, view, posteriors, weights, found), None)


def _on_traffic(
    rng: np.random.Generator, view: View, posteriors: Array, weights: Array, found: Candidates
) -> Accuracy:
    """Accuracy over the difficulties that all candidates show, dropped ones among them."""
    assert view.model is not None
    answers = view.model.answers
    known = traffic(rng, answers, found.n_options, found.choices)
    guess = float(np.mean([1 / count for count in found.n_options]))
    shares = np.vstack([known.shares, known.draws])
    curves = solved_curves(answers, view.model.space.thetas, 1 / guess, shares)
    curves = np.column_stack([curves, np.full(len(curves), guess)])
    return group_accuracy(rng, posteriors, weights, curves[0], curves[1:])


def _why_not(view: View, people: Sequence[StandingLine], curve: Array | None) -> str | None:
    if view.model is None or curve is None:
        return "the project has not opened: it has no benchmarks in service"
    return None if people else "nobody delivers at present"


def _line(name: str, accuracy: Accuracy | None, why: str | None) -> dict[str, Any]:
    key = f"accuracy_on_{name}"
    if accuracy is None:
        return {key: None, f"{key}_interval": None, f"{key}_reason": why}
    return {
        key: accuracy.estimate,
        f"{key}_interval": [accuracy.low, accuracy.high],
        f"{key}_reason": None,
    }
