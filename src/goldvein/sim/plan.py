"""What a replay is asked to do, and what both of its modes prepare alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from goldvein.domain.errors import InvalidInput
from goldvein.domain.policy import Policy
from goldvein.services import keys
from goldvein.sim.trust import early, most_agreeing, named

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from goldvein.sim.recorded import Crowd, RecordedAnswer
    from goldvein.store.database import Database

Mode = Literal["live", "as-recorded"]
Progress = Callable[[str, int, int], None]
"""Called with what is counted, how many are done and how many there are."""

INSTRUCTION = "Answer as the recorded person did."


@dataclass(frozen=True, slots=True)
class Plan:
    """One replay: the crowd, whom to trust, and how."""

    crowd: Crowd
    mode: Mode
    seed: int = 0
    trusted_names: Sequence[str] = ()
    trusted_top: int | None = None
    policy: Mapping[str, float] = field(default_factory=dict)

    def policy_over(self, defaults: Mapping[str, float]) -> dict[str, float]:
        """Give the policy of the run: what is asked for over a mode's defaults.

        Whoever may make keys is asked for more than the bar, however high that is.
        """
        bar = self.policy.get("quality_bar", Policy().quality_bar)
        trust = max(Policy().trust_accuracy, min(0.99, bar + 0.03))
        return {"trust_accuracy": trust, **defaults, **self.policy}

    def ordered(self) -> list[RecordedAnswer]:
        """Put the answers in the order of the record's clock, or in one shuffled by the seed."""
        answers = list(self.crowd.answers)
        if self.crowd.has_clock:
            return sorted(answers, key=_given_at)
        order = np.random.default_rng(self.seed).permutation(len(answers))
        return [answers[int(place)] for place in order]

    def trusted(self, ordered: Sequence[RecordedAnswer]) -> list[int]:
        """Find the places of those who start as trusted.

        Raises
        ------
        InvalidInput
            If nobody is to be trusted and no task is a benchmark: there would be nothing to test people with.
        """
        if self.trusted_names:
            return named(self.crowd, self.trusted_names)
        if self.trusted_top:
            return most_agreeing(self.crowd, early(ordered), self.trusted_top)
        if not any(task.benchmark for task in self.crowd.tasks):
            raise InvalidInput(
                "nobody is trusted and no task is marked as a benchmark, so nobody could be tested: "
                "give --trusted NAMES or --trusted-top N, or a column `benchmark`",
                code="nobody_trusted",
            )
        return []


def check_mode(crowd: Crowd, mode: Mode | None) -> Mode:
    """Choose the mode that fits the record, or refuse one that does not.

    Raises
    ------
    InvalidInput
        If a record that is not a full matrix is to be replayed live.
    """
    if mode is None:
        return "live" if crowd.is_full_matrix and not crowd.has_clock else "as-recorded"
    if mode == "live" and not crowd.is_full_matrix:
        cells = len(crowd.tasks) * len(crowd.labelers)
        raise InvalidInput(
            f"a live replay may ask anybody for any task, but the record holds {len(crowd.answers):,} of "
            f"{cells:,} answers: use --mode as-recorded",
            code="record_sparse",
        )
    return mode


def make_labelers(db: Database, crowd: Crowd, trusted: Sequence[int], now: datetime) -> list[int]:
    """Store the recorded people; return their ids in the order of the crowd."""
    roles = ["trusted" if place in set(trusted) else "labeler" for place in range(len(crowd.labelers))]
    people: Any = list(zip(crowd.labelers, roles, strict=True))
    return keys.create_labelers(db, people, now)


def _given_at(answer: RecordedAnswer) -> tuple[float, int, int]:
    assert answer.started_at is not None
    return answer.started_at.timestamp() + (answer.seconds or 0.0), answer.labeler, answer.task
