"""Whom to trust at the start of a replay: those who agree most with the others; no truth is looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from goldvein.domain.errors import InvalidInput
from goldvein.domain.records import UNANSWERABLE
from goldvein.stats.consensus import one_coin

if TYPE_CHECKING:
    from collections.abc import Sequence

    from goldvein.sim.recorded import Crowd, RecordedAnswer

EARLY_SHARE = 0.2
"""Share of the answers, in the replay's order, by which the trusted are picked."""


def early(answers: Sequence[RecordedAnswer]) -> Sequence[RecordedAnswer]:
    """Take the first answers of the replay: they pick the trusted and mine, and give no other label."""
    return answers[: round(EARLY_SHARE * len(answers))]


def most_agreeing(crowd: Crowd, answers: Sequence[RecordedAnswer], count: int) -> list[int]:
    """Pick the labelers who agree most with the others by one-coin Dawid-Skene.

    Its shrinkage keeps somebody with two lucky answers behind somebody with fifty good ones.

    Parameters
    ----------
    crowd : Crowd
    answers : sequence of RecordedAnswer
        The answers to look at.
    count : int
        How many to pick.

    Returns
    -------
    list of int
        Places of labelers in the crowd, the most agreeing first.

    Raises
    ------
    InvalidInput
        If fewer than ``count`` labelers gave any of these answers.
    """
    seen = sorted({answer.labeler for answer in answers})
    if count > len(seen):
        raise InvalidInput(
            f"{count} trusted labelers are asked for, but only {len(seen)} gave the first "
            f"{len(answers):,} answers: ask for fewer, or name them with --trusted",
            code="trusted_too_many",
        )
    options = 1 + max(len(task.options) for task in crowd.tasks)  # the last: "cannot be answered"
    chosen = np.array([answer.choice for answer in answers])
    result = one_coin(
        np.array([answer.task for answer in answers]),
        np.array([answer.labeler for answer in answers]),
        np.where(chosen == UNANSWERABLE, options - 1, chosen),
        options,
    )
    return sorted(seen, key=lambda labeler: -result.accuracy[labeler])[:count]


def named(crowd: Crowd, names: Sequence[str]) -> list[int]:
    """Find labelers by their names.

    Raises
    ------
    InvalidInput
        If the crowd has no labeler of a name.
    """
    places = {name: place for place, name in enumerate(crowd.labelers)}
    for name in names:
        if name not in places:
            near = ", ".join(crowd.labelers[:5])
            raise InvalidInput(
                f"the crowd has no labeler {name!r}; its labelers are {near} and so on",
                code="trusted_unknown",
            )
    return [places[name] for name in names]
