"""The people of the demonstration: who they are, how long they think, and that the dismissed come back."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import numpy as np

from goldvein.services import keys
from goldvein.sim import labelers
from goldvein.sim.population import Person, answering, crowd_of
from goldvein.sim.work import HttpLabeler

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from goldvein.sim.population import Knowledge, Makers
    from goldvein.store.database import Database

TRUSTED_SHARE: Final = 0.07
KINDS: Final[Makers] = (
    (0.55, lambda rng: labelers.Honest(float(rng.uniform(0.80, 0.95)))),
    (0.03, lambda _: labelers.Honest(0.50, kind="unable")),
    (0.04, lambda _: labelers.Lapsing(labelers.Honest(0.95), share=0.08)),
    (0.04, lambda _: labelers.PartTimer(labelers.Honest(0.90), sitting=10, rest=15.0)),
    (0.10, lambda _: labelers.Random()),
    (0.10, lambda _: labelers.Longest()),
    (0.04, lambda _: labelers.FirstShown()),
    (0.02, lambda _: labelers.Shortest()),
    (0.02, lambda _: labelers.Alphabetical()),
    (0.02, lambda _: labelers.Colluder()),
    (0.04, lambda rng: labelers.Sleeper(labelers.Honest(0.92), after=int(rng.integers(12, 25)))),
)
"""Shares of the crowd, and how one of each kind is made."""
_HASTE: Final = 0.35
"""Of the time that others take, what somebody needs who does not read."""


def demo_crowd(rng: np.random.Generator, size: int) -> list[Person]:
    """Make a crowd of all kinds, a third of it bad, in the order in which people arrive."""
    return crowd_of(KINDS, rng, size, trusted=max(5, round(TRUSTED_SHARE * size)))


def make_people(
    db: Database, crowd: Sequence[Person], knowledge: Knowledge, rng: np.random.Generator, *, think: float
) -> list[HttpLabeler]:
    """Store people and give each a key and a mind of its own."""
    now = datetime.now(UTC)
    ids = keys.create_labelers(db, [(person.name, person.role) for person in crowd], now)
    issued = keys.issue_many(
        db, [(person.role, labeler, person.name) for person, labeler in zip(crowd, ids, strict=True)], now
    )
    minds = rng.spawn(len(crowd))
    return [
        HttpLabeler(
            person.name,
            key.token,
            answering(person, knowledge, mind),
            think=_thinking(person, mind, think) if think else None,
        )
        for person, key, mind in zip(crowd, issued, minds, strict=True)
    ]


class Town:
    """Where people come from: all that have an account, and who among the dismissed opens another.

    Attributes
    ----------
    accounts : list of Person
        Everybody who ever had an account, newcomers last.
    people : list of HttpLabeler
        The same, at work.
    """

    def __init__(
        self,
        db: Database,
        crowd: Sequence[Person],
        knowledge: Knowledge,
        rng: np.random.Generator,
        *,
        think: float,
        arrive_within: float,
        away: float,
    ) -> None:
        self._db = db
        self._knowledge = knowledge
        self._rng = rng
        self._think = think
        self._away = away
        self._lives: Counter[str] = Counter()
        self.accounts: list[Person] = []
        self.people: list[HttpLabeler] = []
        self._settle(crowd)
        for person, one in zip(self.accounts, self.people, strict=True):
            one.arrives_after = 0.0 if person.role == "trusted" else float(rng.uniform(0, arrive_within))

    def _settle(self, crowd: Sequence[Person]) -> list[HttpLabeler]:
        people = make_people(self._db, crowd, self._knowledge, self._rng, think=self._think)
        for person, one in zip(crowd, people, strict=True):
            one.away_seconds = float(self._rng.exponential(self._away))
            one.comes_back = self._coming_back(person)
        self.accounts += crowd
        self.people += people
        return people

    def _coming_back(self, person: Person) -> Callable[[], Awaitable[HttpLabeler]]:
        """Make what somebody does who was dismissed: come again as somebody new."""

        async def come_back() -> HttpLabeler:
            first = person.name.partition(".")[0]
            self._lives[first] += 1
            again = Person(f"{first}.{self._lives[first] + 1}", person.role, person.behaviour)
            return (await asyncio.to_thread(self._settle, [again]))[0]

        return come_back


def _thinking(person: Person, rng: np.random.Generator, mean: float) -> Callable[[], float]:
    """Log-normal times; who does not read is three times as quick; part-timers take their rests."""
    quick = 1.0 if person.behaviour.is_good(0) else _HASTE
    given = 0

    def think() -> float:
        nonlocal given
        rest = person.behaviour.rest_seconds(given, rng)
        given += 1
        return rest + float(mean * quick * rng.lognormal(-0.125, 0.5))

    return think
