"""Matching: which waiting attempt goes to which labeler, never one whose content the labeler has had."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from goldvein.domain.records import NoWork
from goldvein.store import attempts
from goldvein.store.attempts import OpenAttempt, Place
from goldvein.store.database import Transaction
from goldvein.store.labelers import Hand

RETRY_SECONDS = {
    "no_project": 60, "mining": 30, "admission_full": 60, "queue_empty": 5, "benchmarks_exhausted": 30,
    "holds_full": 15, "dismissed": 3600, "paused": 60,
}  # fmt: skip
"""Why nothing is handed out, and after how many seconds it is worth asking again."""

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

    @property
    def no_work(self) -> NoWork:
        """What a labeler who got nothing is told."""
        return NoWork(self.reason, RETRY_SECONDS[self.reason])


Pair = tuple[Seeker, OpenAttempt]


def pair_off(
    tx: Transaction, projects: Sequence[int], seekers: Sequence[Seeker], found: Sequence[OpenAttempt]
) -> list[Pair]:
    """One attempt each, as they come; a pair that met before, in any of the projects, is left out."""
    pairs = list(zip(seekers, found, strict=False))
    met = attempts.seen_pairs_in(tx, projects, [(a.content, s.labeler) for s, a in pairs])
    return [(s, a) for s, a in pairs if (a.content, s.labeler) not in met]


def match_any(
    tx: Transaction, projects: Sequence[int], seekers: Sequence[Seeker], found: Sequence[OpenAttempt]
) -> list[Pair]:
    """Any attempt for any seeker who never had that content: for the few left without by pairing off."""
    contents, labelers = [a.content for a in found], [s.labeler for s in seekers]
    met = set().union(*(attempts.seen_contents(tx, one, contents, labelers) for one in projects))
    left, pairs = list(seekers), list[Pair]()
    for attempt in found:
        seeker = next((s for s in left if (attempt.content, s.labeler) not in met), None)
        if seeker is not None:
            left.remove(seeker)
            pairs.append((seeker, attempt))
    return pairs


def match_behind(
    tx: Transaction, projects: Sequence[int], seekers: Sequence[Seeker], since: Place, passed: Sequence[int]
) -> list[Pair]:
    """Find work behind a long front of tasks that these seekers have had, for as many as there is any.

    Parameters
    ----------
    projects : sequence of int
        That of the queue first, then others in which they may have had a task.
    """
    gone, pairs = list(passed), list[Pair]()
    for seeker in seekers:
        attempt = attempts.take_unseen(tx, projects, seeker.labeler, gone, since)
        if attempt is not None:
            gone.append(attempt.id)
            pairs.append((seeker, attempt))
    return pairs
