"""Reweighing: what another rate of benchmarks would have come to for a while, from draws on record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import numpy as np

from goldvein.domain.errors import Conflict
from goldvein.services.regating import Course
from goldvein.services.trying import RATE_KNOBS, Logged, logged, turned
from goldvein.stats.arrays import Array, ShapeError
from goldvein.stats.reweighing import Ratio, Sums, draw_weights, expected_squares, weighed_ratio
from goldvein.store.database import Database
from goldvein.store.proofs import Step
from goldvein.store.whatif import Moment

FEWEST: Final = 30
"""Effective people under whom nothing is said: an interval of so few would not hold."""
LEAST: Final = 1 / 3
"""The least share of people that must be left: else the heaviest weights are too rare to have been met."""

MEASURES: Final = ("benchmark_share", "delivered_share", "bad_share", "good_delivering", "bad_delivering")
"""What is told of stretches, each a ratio of two sums."""

NOT_KNOWN: Final = (
    "what comes after these tasks: weights of longer stretches leave too few people",
    "another supply: benchmarks that were used up stay so, and mining stays as it was",
)  # fmt: skip
"""What reweighing cannot tell."""

_NEAR: Final = 1e-6
_BEFORE: Final = 4
"""Steps back among which the standing is looked for that a draw was made at: work is handed out ahead."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of work that was drawn: how the draw fell, and at which rates."""

    step: Step
    is_drawn: bool
    was: float
    would: float


@dataclass(frozen=True, slots=True)
class Stretch:
    """Successive pieces of one labeler's work; ``counted`` and ``weighed`` tell what they came to.

    Both have for each of ``MEASURES`` what is above and below its ratio: (measures, 2).
    """

    labeler: int
    weight: float
    expected_square: float
    counted: Array
    weighed: Array


def reweigh(
    db: Database, project: int, changes: Mapping[str, float], now: datetime, since: datetime | None = None,
    answers: int = 20,
) -> dict[str, Any]:  # fmt: skip
    """Say what other rates would have come to over stretches of so many answers; ready for JSON.

    Whether a benchmark comes next is an independent draw at a rate that the log names. So stretches of work
    are on record that other rates would have made likelier or less likely by a known factor, and weighed by
    it they say what these would have come to. Newcomers' first stretches and all later ones are told apart.

    Parameters
    ----------
    changes : mapping
        Knobs of ``RATE_KNOBS`` and the values to try in place of every version's.
    since : datetime, optional
        Only stretches that began from then on are counted.
    answers : int
        In a stretch; a dismissal ends one earlier.

    Raises
    ------
    NotFound
        If there is no such project.
    Conflict
        If it has not opened, or the log has no draws that could tell.
    InvalidInput
        If a knob is no rate's, or a value breaks a rule.
    """
    with db.snapshot() as tx:
        own = logged(tx, project, now)
        others = {version: turned(policy, changes, RATE_KNOBS) for version, policy in own.policies.items()}
        log = _Log(own, since, answers, (Course(own.policies), Course(others)))
        log.follow()
    return {
        "project": project,
        "since": since,
        "until": now,
        "changes": dict(changes),
        "answers": answers,
        "newcomers": summary(log.first),
        "later": summary(log.later),
        "not_known": list(NOT_KNOWN),
    }


# --- following --------------------------------------------------------------------------


@dataclass(slots=True)
class _Log:
    """A project's log, cut into stretches that are weighed by both rates."""

    own: Logged
    since: datetime | None
    answers: int
    courses: tuple[Course, Course]
    first: list[Stretch] = field(default_factory=list)
    later: list[Stretch] = field(default_factory=list)

    def follow(self) -> None:
        """Follow everybody, and cut."""
        for steps, moments in self.own.pages([(course, self.own.models) for course in self.courses]):
            for own in steps.values():
                self._cut(own, moments)

    def _cut(self, own: Sequence[Step], moments: Mapping[int, Moment]) -> None:
        """Cut one labeler's work into stretches; the last counts if it is whole, or ended by a dismissal."""
        pieces = [
            self._piece(step, moments[step.attempt or 0]) for step in own if step.kind == "answer"
        ]  # fmt: skip
        gone = next((n for n, piece in enumerate(pieces) if self._is_dismissed(piece.step)), None)
        worked = pieces if gone is None else pieces[: gone + 1]
        known = None
        for begin in range(0, len(worked), self.answers):
            part = worked[begin : begin + self.answers]
            is_whole = len(part) == self.answers or gone is not None
            if not is_whole or (self.since and moments[part[0].step.attempt or 0].at < self.since):
                continue
            if known is None:
                known = self.own.look_back(own, self.own.models)
            good = [known[piece.step.attempt or 0].smoothed for piece in part]
            (self.later if begin else self.first).append(self._stretch(part, good))

    def _is_dismissed(self, step: Step) -> bool:
        return step.n >= self.courses[0].dismissed.get(step.labeler, step.n + 1)

    def _piece(self, step: Step, moment: Moment) -> Piece:
        """How the draw of an answered task fell, and at which rates it was and would have been made.

        A benchmark without a rate was given where the draw had fallen on ordinary work and none waited; an
        ordinary task with a draw of zero where it had fallen on a benchmark and none was left.
        """
        was, would = self.courses
        before = range(step.n - 1, max(-1, step.n - 1 - _BEFORE), -1)
        rates = [(was.rates[at], would.rates[at]) for at in ((step.labeler, n) for n in before)]
        is_drawn = step.draw == 0 if step.stage != "benchmark" else moment.rate is not None
        if moment.rate is None:
            return Piece(step, is_drawn, *rates[0])
        logged = (moment.rate, rates[0][1])
        near = (pair for pair in rates if abs(pair[0] - logged[0]) <= _NEAR)
        return Piece(step, is_drawn, *next(near, logged))

    def _stretch(self, part: Sequence[Piece], good: Sequence[float]) -> Stretch:
        drawn = np.array([piece.is_drawn for piece in part])
        rates = np.array([(piece.was, piece.would) for piece in part])
        try:
            weights = np.cumprod(draw_weights(drawn, *rates.T))
        except ShapeError as error:
            raise Conflict(
                f"benchmarks were served at rate 1 in project {self.own.project.id}: nothing on record says "
                "what ordinary work would have come to instead; ask `goldvein twin`"
            ) from error
        last = part[-1].step
        passes = (last.labeler, last.n) in self.courses[0].passing and not self._is_dismissed(last)
        happened = _happened([piece.step for piece in part], np.array(good), passes=passes)
        return Stretch(
            last.labeler, float(weights[-1]), float(np.prod(expected_squares(*rates.T))),
            happened.sum(axis=2), (happened * weights).sum(axis=2),
        )  # fmt: skip


def _happened(steps: Sequence[Step], good: Array, *, passes: bool) -> Array:
    """What came of each answer: for each of ``MEASURES`` what is above and below, (measures, 2, answers)."""
    benchmark = np.array([step.stage == "benchmark" for step in steps], dtype=float)
    out = np.array([step.stage == "label" and step.decision == "deliver" for step in steps], dtype=float)
    one, end = np.ones(len(steps)), np.zeros(len(steps))
    end[-1] = 1.0
    bad = 1 - good
    return np.array(
        [
            (benchmark, one),
            (out, one),
            (out * bad, out),
            (end * good * passes, end * good),
            (end * bad * passes, end * bad),
        ]
    )


# --- counting ---------------------------------------------------------------------------


def summary(stretches: Sequence[Stretch]) -> dict[str, Any]:
    """What some stretches came to, and would have come to; nothing where the weights leave too few people."""
    labelers, people = np.unique([one.labeler for one in stretches], return_inverse=True)
    weights = np.array([one.weight for one in stretches])
    squares = [one.expected_square for one in stretches]
    effective = len(labelers) / float(np.mean(squares)) if stretches else 0.0
    told: dict[str, Any] = {
        "people": len(labelers),
        "stretches": len(stretches),
        "effective_people": effective,
        "mean_weight": float(weights.mean()) if stretches else None,
    }
    if effective < max(FEWEST, LEAST * len(labelers)):
        return told | dict.fromkeys(MEASURES)
    counted, weighed = (np.array([getattr(one, n) for one in stretches]) for n in ("counted", "weighed"))
    for n, name in enumerate(MEASURES):
        sums = Sums(counted[:, n, 0], counted[:, n, 1], weighed[:, n, 0], weighed[:, n, 1])
        told[name] = _plain(weighed_ratio(sums, people))
    return told


def _plain(ratio: Ratio | None) -> dict[str, Any] | None:
    """Estimates with their intervals, shares within [0, 1]."""
    if ratio is None:
        return None

    def told(value: float, half: float, least: float) -> dict[str, Any]:
        return {"estimate": value, "interval": [max(least, value - half), min(1.0, value + half)]}

    return {
        "was": told(ratio.was, ratio.was_half, 0.0),
        "would": told(ratio.would, ratio.would_half, 0.0),
        "change": told(ratio.change, ratio.change_half, -1.0),
    }
