"""The report of a replay: what was delivered, set against all that the recorded crowd had said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from goldvein.sim.outcome import (
    benchmark_accuracy,
    benchmark_counts,
    counts,
    estimates,
    latency,
    mean_interval,
    spearman,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from goldvein.sim.outcome import Outcome
    from goldvein.sim.recorded import Crowd


def replay_report(
    crowd: Crowd, outcome: Outcome, places: Mapping[int, int], trusted: Sequence[int]
) -> dict[str, Any]:
    """Set what was delivered against the record.

    Parameters
    ----------
    crowd : Crowd
    outcome : Outcome
    places : mapping of int to int
        Labeler in the service -> place in the crowd.
    trusted : sequence of int
        Places of those who were appointed to the panel.
    """
    truths = {task.name: task.truth for task in crowd.tasks}
    labelers = _labelers(crowd, outcome, places, trusted)
    tested = [
        line for line in labelers if line["benchmarks"] and line["accuracy"] is not None and line["estimate"]
    ]
    shares = [line["benchmark_accuracy"] for line in labelers if line["benchmarks"] >= 5]
    return {
        **counts(outcome),
        **_paired(crowd, outcome),
        "benchmarks": benchmark_counts(outcome, truths),
        "median_benchmark_accuracy": float(np.median(shares)) if shares else None,
        "skill_correlation": spearman(
            [line["estimate"] for line in tested], [line["accuracy"] for line in tested]
        ),
        "tasks": len(crowd.tasks),
        "recorded_answers": len(crowd.answers),
        "unanswerable": crowd.unanswerable,
        "repeats": crowd.repeats,
        "labelers": labelers,
        "latency_seconds": latency(outcome),
        "latency_since_open_seconds": latency(outcome, since_open=True),
    }


def _paired(crowd: Crowd, outcome: Outcome) -> dict[str, Any]:
    """Accuracy of labels, and of everybody's answers on the same tasks, where the truth is known."""
    right: dict[str, list[bool]] = {}
    for answer in crowd.answers:
        task = crowd.tasks[answer.task]
        if task.truth is not None:
            right.setdefault(task.name, []).append(answer.choice == task.truth)
    truths = {task.name: task.truth for task in crowd.tasks}
    # A benchmark by hand has no label: nobody pushed it.
    delivered = {
        name: label
        for label in outcome.current_labels
        if (name := outcome.name_of(label.task)) is not None and name in right
    }
    hits = {name: label.choice == truths[name] for name, label in delivered.items()}
    by_task = {name: float(np.mean(right[name])) for name in delivered}
    gains = {name: float(hits[name]) - by_task[name] for name in delivered}
    by_labelers = [name for name, label in delivered.items() if label.basis == "labeler"]
    return {
        "accuracy_all": _mean([hit for name in delivered for hit in right[name]]),
        "accuracy_all_by_task": _mean(list(by_task.values())),
        "accuracy_delivered": _mean(list(hits.values())),
        "accuracy_delivered_by_labelers": _mean([hits[name] for name in by_labelers]),
        "gain": mean_interval(list(gains.values())),
        "gain_of_labelers": mean_interval([gains[name] for name in by_labelers]),
    }


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if len(values) else None


def _labelers(
    crowd: Crowd, outcome: Outcome, places: Mapping[int, int], trusted: Sequence[int]
) -> list[dict[str, Any]]:
    n_options = max(len(task.options) for task in crowd.tasks)
    estimated = estimates(outcome, n_options)
    shares = benchmark_accuracy(outcome)
    right: list[list[bool]] = [[] for _ in crowd.labelers]
    for answer in crowd.answers:
        truth = crowd.tasks[answer.task].truth
        if truth is not None:
            right[answer.labeler].append(answer.choice == truth)
    given = np.bincount([places[answer.labeler] for answer in outcome.answers], minlength=len(crowd.labelers))
    recorded = np.bincount([answer.labeler for answer in crowd.answers], minlength=len(crowd.labelers))
    ids = {place: labeler for labeler, place in places.items()}
    lines = []
    for place, name in enumerate(crowd.labelers):
        labeler = ids.get(place)
        standing = outcome.standings.get(labeler) if labeler is not None else None
        lines.append(
            {
                "id": name,
                "answers": int(given[place]),
                "recorded": int(recorded[place]),
                "benchmarks": standing.benchmarks if standing else 0,
                "accuracy": float(np.mean(right[place])) if right[place] else None,
                "benchmark_accuracy": shares.get(labeler) if labeler is not None else None,
                "estimate": estimated.get(labeler) if labeler is not None else None,
                "p_good": standing.p_benchmarks if standing else None,
                "state": standing.state if standing else "waiting",
                "trusted": place in set(trusted),
            }
        )
    return lines
