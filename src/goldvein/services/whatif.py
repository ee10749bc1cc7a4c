"""What if: what another gate would have done with the answers that are on record, counted from the log."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from math import sqrt
from typing import Any, Final

import numpy as np

from goldvein.domain.errors import InvalidInput
from goldvein.services.regating import DELIVERED, DISCARDED, HELD, RELEASED, Course
from goldvein.services.trying import GATE_KNOBS, Logged, logged, turned
from goldvein.stats.arrays import ShapeError
from goldvein.stats.intervals import student_95
from goldvein.stats.items import accuracy_curve, bar_theta
from goldvein.stats.model import Model
from goldvein.stats.states import GRID_STEP, move_bar
from goldvein.store import answerlog
from goldvein.store.database import Database, Transaction
from goldvein.store.proofs import Step
from goldvein.store.whatif import Moment

_OUT: Final = (DELIVERED, RELEASED)

NOT_KNOWN: Final = (
    "who would have answered the tasks that this gate keeps back: they stay without a label here",
    "what labelers would have answered who were dismissed, but would not have been",
    "which benchmarks would have been served: draws stay as they were, whatever the rates would ask for",
)  # fmt: skip
"""What replaying a log under another gate cannot tell."""


@dataclass(frozen=True, slots=True)
class Answered:
    """An ordinary answer: who gave it when, P(labeler good then) in hindsight, and its two fates.

    ``good_anew`` is P(labeler at or over the bar that is asked about); the same where the bar stays.
    """

    task: int
    labeler: int
    at: datetime
    good: float
    good_anew: float
    was: str
    would: str


@dataclass(slots=True)
class Work:
    """What is counted of one policy beside the fates of ordinary answers."""

    answers: int = 0
    benchmarks: int = 0
    asked: float = 0.0


def what_if(
    db: Database, project: int, changes: Mapping[str, float], now: datetime, since: datetime | None = None
) -> dict[str, Any]:
    """Replay a project's log under its own gate and under another one, and compare; ready for JSON.

    Parameters
    ----------
    changes : mapping
        Knobs of ``GATE_KNOBS`` and the values to try in place of every version's.
    now : datetime
        Until when answers are held that are neither released nor discarded.
    since : datetime, optional
        Only answers from then on are counted; standings are followed from their beginnings in any case.

    Raises
    ------
    NotFound
        If there is no such project.
    Conflict
        If it has not opened.
    InvalidInput
        If a knob is no gate's, or a value breaks a rule.
    """
    with db.snapshot() as tx:
        own = logged(tx, project, now)
        others = {version: turned(policy, changes, GATE_KNOBS) for version, policy in own.policies.items()}
        try:
            bar = _bar(tx, project, own.models, changes.get("quality_bar"))
            moved = bar.models(own.models)
        except ShapeError as error:
            raise InvalidInput(str(error), code="policy_invalid", pointer="/policy/quality_bar") from error
        log = _Log(own, moved, since, (Course(own.policies), Course(others)))
        log.follow()
    return {
        "project": project,
        "since": since,
        "until": now,
        "changes": dict(changes),
        **({"bar": bar.told} if bar.told else {}),
        "was": log.column([one.was for one in log.answered], log.was),
        "would": log.column([one.would for one in log.answered], log.would),
        "moved": _moved(log.answered),
        "not_known": list(NOT_KNOWN),
    }


# --- the bar ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Bar:
    """By how many points of the ability grid the bar moves, and what is said of that."""

    steps: int
    told: Mapping[str, float]

    def models(self, models: Mapping[int, Model]) -> Mapping[int, Model]:
        """The same models with the bar there; the very same where it stays."""
        if not self.steps:
            return models
        return {
            version: replace(model, space=move_bar(model.space, self.steps))
            for version, model in models.items()
        }


def _bar(tx: Transaction, project: int, models: Mapping[int, Model], accuracy: float | None) -> _Bar:
    """Turn an accuracy into the nearest place midway between two abilities, by the mix of the opening."""
    if accuracy is None:
        return _Bar(0, {})
    first = models[min(models)]
    known = answerlog.first_keys(tx, project)
    mix = [known[task] for task in answerlog.opening_mix(tx, project)]
    counts, weights = [len(keys) for keys, _ in mix], [np.array(difficulty) for _, difficulty in mix]
    theta = bar_theta(accuracy, first.answers, counts, weights)
    steps = round((theta - first.bar_theta) / GRID_STEP)
    at = np.array([first.bar_theta, first.bar_theta + steps * GRID_STEP])
    curves = [accuracy_curve(first.answers, k, w, at) for k, w in zip(counts, weights, strict=True)]
    present, nearest = np.mean(curves, axis=0).tolist()
    return _Bar(steps, {"present": present, "asked": accuracy, "nearest": nearest})


# --- following --------------------------------------------------------------------------


@dataclass(slots=True)
class _Log:
    """A project's log, followed under both gates."""

    own: Logged
    other_models: Mapping[int, Model]
    since: datetime | None
    courses: tuple[Course, Course]
    was: Work = field(default_factory=Work)
    would: Work = field(default_factory=Work)
    answered: list[Answered] = field(default_factory=list)

    def follow(self) -> None:
        """Follow everybody, and count."""
        both = (self.own.models, self.other_models)
        for steps, moments in self.own.pages(list(zip(self.courses, both, strict=True))):
            for labeler, own in steps.items():
                recent = [
                    step for step in own
                    if step.kind == "answer" and self._is_recent(moments[step.attempt or 0].at)
                ]  # fmt: skip
                if recent:
                    self._count(labeler, recent)
                    self._look_back(own, [step for step in recent if step.stage == "label"], moments)

    def _is_recent(self, at: datetime) -> bool:
        return self.since is None or at >= self.since

    def _count(self, labeler: int, recent: Sequence[Step]) -> None:
        """Answers, benchmarks among them, and what the rates asked for; none after a dismissal's grace."""
        for work, course in zip((self.was, self.would), self.courses, strict=True):
            gone, left = course.dismissed.get(labeler), 0
            for step in recent:
                policy = course.policies[step.policy_version]
                if gone is not None and step.n > gone:
                    left += 1
                    if left > policy.dismissal_grace and course is not self.courses[0]:
                        continue
                work.answers += 1
                work.benchmarks += step.stage == "benchmark"
                work.asked += course.rates.get((labeler, step.n - 1), 0.0)

    def _look_back(
        self, own: Sequence[Step], ordinary: Sequence[Step], moments: Mapping[int, Moment]
    ) -> None:
        """Pair the two fates of each ordinary answer with what is known of it by now."""
        if not ordinary:
            return
        known = self.own.look_back(own, self.own.models)
        anew = known
        if self.other_models is not self.own.models:
            anew = self.own.look_back(own, self.other_models)
        was, would = self.courses
        for step in ordinary:
            attempt = step.attempt or 0
            self.answered.append(
                Answered(
                    step.task or 0, step.labeler, moments[attempt].at, known[attempt].smoothed,
                    anew[attempt].smoothed, was.fates.pop(attempt), would.fates.pop(attempt),
                )
            )  # fmt: skip

    def column(self, fates: Sequence[str], work: Work) -> dict[str, Any]:
        """What one gate comes to."""
        course = self.courses[0 if work is self.was else 1]
        labels = _labels(zip(self.answered, fates, strict=True))
        counts = Counter(fates)
        told = {name: counts[name] for name in (DELIVERED, RELEASED, DISCARDED, HELD)}
        return {
            "answers": work.answers,
            "benchmarks": work.benchmarks,
            "benchmark_share": work.benchmarks / work.answers if work.answers else None,
            "asked_share": work.asked / work.answers if work.answers else None,
            **told,
            "labels": len(labels),
            "labelers_dismissed": len(course.dismissed),
            "bad_share": share_of(labels, [1 - one.good for one in labels]),
            "bad_share_by_bar_asked": share_of(labels, [1 - one.good_anew for one in labels]),
        }


# --- counting ---------------------------------------------------------------------------


def _labels(fates: Iterable[tuple[Answered, str]]) -> list[Answered]:
    """The answer that labels each task: the first of its answers that goes out."""
    first: dict[int, Answered] = {}
    for one, fate in fates:
        if fate in _OUT and (one.task not in first or one.at < first[one.task].at):
            first[one.task] = one
    return list(first.values())


def _moved(answered: Sequence[Answered]) -> dict[str, Any]:
    """Labels that only one of both gates gives, and those that another answer gives."""
    was = {one.task: one for one in _labels((one, one.was) for one in answered)}
    would = {one.task: one for one in _labels((one, one.would) for one in answered)}
    gained = [one for task, one in would.items() if task not in was]
    lost = [one for task, one in was.items() if task not in would]
    others = [one for task, one in would.items() if task in was and was[task] is not one]
    return {
        "gained": len(gained),
        "gained_bad_share": share_of(gained, [1 - one.good for one in gained]),
        "lost": len(lost),
        "lost_bad_share": share_of(lost, [1 - one.good for one in lost]),
        "by_another_answer": len(others),
    }


def share_of(labels: Sequence[Answered], bad: Sequence[float]) -> dict[str, Any]:
    """Expected share of labels given while under the bar, with a 95% interval over labelers.

    Labels of one labeler hang together, labelers don't: the ratio of sums is linearised (Cochran 1977, 6.4).
    One labeler tells nothing of how labelers differ.
    """
    if not labels:
        return {"estimate": None, "interval": None}
    tops: dict[int, float] = defaultdict(float)
    bottoms: Counter[int] = Counter()
    for one, share in zip(labels, bad, strict=True):
        tops[one.labeler] += share
        bottoms[one.labeler] += 1
    value = sum(tops.values()) / len(labels)
    spread = sum((tops[labeler] - value * count) ** 2 for labeler, count in bottoms.items())
    others = len(bottoms) - 1
    if not others:
        return {"estimate": value, "interval": [0.0, 1.0]}
    half = student_95(others) * sqrt(spread * len(bottoms) / others) / len(labels)
    return {"estimate": value, "interval": [max(0.0, value - half), min(1.0, value + half)]}
