"""Matching: which waiting attempt goes to which labeler, never one whose content the labeler has had."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from goldvein.store import attempts
from goldvein.store.attempts import OpenAttempt
from goldvein.store.database import Transaction
from goldvein.store.labelers import Hand

Take = Callable[[int, Sequence[int]], list[OpenAttempt]]
"""Locks the head of a queue: at most so many attempts, without those passed over already."""


@dataclass(slots=True)
class Seeker:
    """A labeler who wants work.

    ``reason`` is why the projects tried so far gave none; ``is_exhausted``: a benchmark was due, and none was
    left that this labeler has not seen.
    """

    hand: Hand
    wanted_project: int | None
    reason: str = "no_project"
    rate: float = 0.0
    is_exhausted: bool = False

    @property
    def labeler(self) -> int:
        """The labeler's id."""
        return self.hand.labeler


Pair = tuple[Seeker, OpenAttempt]


def pair_off(
    tx: Transaction, project: int, seekers: Sequence[Seeker], found: Sequence[OpenAttempt]
) -> list[Pair]:
    """One attempt each, as they come; a pair that met before is left out."""
    pairs = list(zip(seekers, found, strict=False))
    met = attempts.seen_pairs(tx, project, [(a.content, s.labeler) for s, a in pairs])
    return [(s, a) for s, a in pairs if (a.content, s.labeler) not in met]


def match_any(
    tx: Transaction, project: int, seekers: Sequence[Seeker], found: Sequence[OpenAttempt]
) -> list[Pair]:
    """Any attempt for any seeker who never had that content: for the few left without by pairing off."""
    contents, labelers = [a.content for a in found], [s.labeler for s in seekers]
    met = attempts.seen_contents(tx, project, contents, labelers)
    left, pairs = list(seekers), list[Pair]()
    for attempt in found:
        seeker = next((s for s in left if (attempt.content, s.labeler) not in met), None)
        if seeker is not None:
            left.remove(seeker)
            pairs.append((seeker, attempt))
    return pairs
