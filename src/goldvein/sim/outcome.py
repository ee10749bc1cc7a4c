"""What came of a run, set against a truth that the service never saw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from goldvein.stats.items import accuracy_curve
from goldvein.stats.model import Model
from goldvein.store import facts, projects, standings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike

    from goldvein.domain.records import Project
    from goldvein.store.database import Database


@dataclass(frozen=True, slots=True)
class Outcome:
    """All facts of one project, as they stand at the end of a run."""

    project: Project
    model: Model | None
    answers: Sequence[facts.AnswerFact]
    labels: Sequence[facts.LabelFact]
    keys: Sequence[facts.KeyFact]
    tasks: Mapping[int, facts.TaskFact]
    standings: Mapping[int, standings.StandingLine]
    holds: Sequence[tuple[int, int, int]]

    @property
    def current_labels(self) -> list[facts.LabelFact]:
        """The labels that were not withdrawn."""
        return [label for label in self.labels if label.withdrawn_at is None]

    @property
    def ordinary(self) -> list[facts.AnswerFact]:
        """Answers to ordinary tasks."""
        return [answer for answer in self.answers if answer.stage == "label"]

    @property
    def served_benchmarks(self) -> list[facts.AnswerFact]:
        """Answers to benchmarks."""
        return [answer for answer in self.answers if answer.stage == "benchmark"]

    @property
    def key_of(self) -> dict[int, int]:
        """The key of every task that is or was a benchmark."""
        return {key.task: key.key for key in self.keys if key.key is not None}

    def name_of(self, task: int) -> str | None:
        """Find the customer's name of a task."""
        return self.tasks[task].unique_id


def read_outcome(db: Database, project: int) -> Outcome:
    """Read a finished run in one snapshot."""
    with db.snapshot() as tx:
        found = projects.find(tx, project)
        assert found is not None, f"there is no project {project}"
        version = found.model_version
        return Outcome(
            project=found,
            model=None if version is None else Model.from_dict(projects.get_model(tx, project, version)),
            answers=facts.answers(tx, project),
            labels=facts.labels(tx, project),
            keys=facts.keys(tx, project),
            tasks={task.id: task for task in facts.tasks(tx, project)},
            standings={line.labeler: line for line in standings.list_project(tx, project)},
            holds=facts.holds(tx, project),
        )


def counts(outcome: Outcome) -> dict[str, Any]:
    """Count answers, labels and benchmarks, and how much of the work went where."""
    ordinary = len(outcome.ordinary)
    by_labelers = sum(label.basis == "labeler" for label in outcome.labels)
    total = len(outcome.answers)
    opened = outcome.project.opened_at
    return {
        "answers": total,
        "delivered": len(outcome.current_labels),
        "delivered_by_panel": sum(label.basis == "panel" for label in outcome.current_labels),
        "held": len(outcome.holds),
        "discarded": ordinary - by_labelers - len(outcome.holds),
        "withdrawn": len(outcome.labels) - len(outcome.current_labels),
        "benchmark_share": _share(len(outcome.served_benchmarks), total),
        "panel_share": _share(sum(answer.stage == "panel" for answer in outcome.answers), total),
        "opened_after_answers": None
        if opened is None
        else sum(answer.received_at <= opened for answer in outcome.answers),
    }


def benchmark_counts(outcome: Outcome, truths: Mapping[str, int | None]) -> dict[str, int]:
    """Count the benchmarks, and those whose key contradicts the truth."""
    keyed = [key for key in outcome.keys if key.key is not None]
    known = [(key.key, truths.get(outcome.name_of(key.task) or "")) for key in keyed]
    return {
        "mined": sum(key.basis == "panel" for key in keyed),
        "active": sum(key.state == "active" for key in keyed),
        "wrong_keys": sum(truth is not None and key != truth for key, truth in known),
        "dropped": sum(key.key is None and key.state == "retired" for key in outcome.keys),
    }


def benchmark_accuracy(outcome: Outcome) -> dict[int, float]:
    """Share of benchmarks that each labeler got right by their keys."""
    keys = outcome.key_of
    hits: dict[int, list[bool]] = {}
    for answer in outcome.served_benchmarks:
        hits.setdefault(answer.labeler, []).append(answer.choice == keys[answer.task])
    return {labeler: float(np.mean(right)) for labeler, right in hits.items()}


def estimates(outcome: Outcome, n_options: int) -> dict[int, float]:
    """Estimate each labeler's accuracy on the project's benchmarks; a shortcut counts as guessing."""
    if outcome.model is None:
        return {}
    model = outcome.model
    weights = [key.difficulty for key in outcome.keys if key.state == "active" and key.difficulty]
    mix = np.mean(weights, axis=0) if weights else model.answers.difficulty_prior
    curve = accuracy_curve(model.answers, n_options, mix, model.space.thetas)
    return {
        labeler: _expected(line.posterior, curve, n_options) for labeler, line in outcome.standings.items()
    }


def _expected(posterior: bytes, curve: Sequence[float] | np.ndarray[Any, Any], n_options: int) -> float:
    states = np.frombuffer(posterior, dtype=np.float64).reshape(2, -1)[0]
    able = states[: len(curve)]
    return float(able @ np.asarray(curve) + (1 - able.sum()) / n_options)


def latency(outcome: Outcome, *, since_open: bool = False) -> dict[str, float | None]:
    """Seconds from push to label; from the opening for tasks pushed before it, if asked."""
    opened = outcome.project.opened_at
    seconds = [
        (
            label.delivered_at
            - (max(label.pushed_at, opened) if since_open and opened is not None else label.pushed_at)
        ).total_seconds()
        for label in outcome.current_labels
        if not since_open or (opened is not None and label.delivered_at >= opened)
    ]
    if not seconds:
        return {"p50": None, "p95": None}
    return {"p50": float(np.quantile(seconds, 0.5)), "p95": float(np.quantile(seconds, 0.95))}


def spearman(first: ArrayLike, second: ArrayLike) -> float | None:
    """Rank correlation with ties shared; none below three pairs or where one side does not vary."""
    ranks = [_ranks(np.asarray(values, dtype=float)) for values in (first, second)]
    if len(ranks[0]) < 3 or any(values.std() == 0 for values in ranks):
        return None
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])


def mean_interval(values: ArrayLike) -> dict[str, float | None]:
    """Give the mean and its 95% interval by the normal approximation."""
    array = np.asarray(values, dtype=float)
    if not len(array):
        return {"mean": None, "low": None, "high": None}
    half = 1.96 * float(array.std(ddof=1)) / float(np.sqrt(len(array))) if len(array) > 1 else 0.0
    mean = float(array.mean())
    return {"mean": mean, "low": mean - half, "high": mean + half}


def _ranks(values: np.ndarray[Any, np.dtype[np.float64]]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Rank from 0, equal values sharing the mean of their places."""
    _, inverse, sizes = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(sizes)
    places = ends - (sizes + 1) / 2
    shared: np.ndarray[Any, np.dtype[np.float64]] = places[inverse]
    return shared


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
