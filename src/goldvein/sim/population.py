"""Simulated people: who they are, and what they know of the tasks that they are shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from goldvein.sim import labelers
from goldvein.sim.labelers import Behaviour, Shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from goldvein.sim.texts import Text


@dataclass(frozen=True, slots=True)
class Person:
    """One simulated labeler before it has a key."""

    name: str
    role: Literal["labeler", "trusted"]
    behaviour: Behaviour

    @property
    def kind(self) -> str:
        """Name the kind as reports print it; the trusted are a kind of their own."""
        return "trusted" if self.role == "trusted" else self.behaviour.kind


@dataclass(frozen=True, slots=True)
class KnownTask:
    """A task as its author knows it: options in content order, and the right one."""

    options: tuple[str, ...]
    truth: int
    near: int | None = None
    ease: float = 0.0


class Knowledge:
    """What is true of every task in a simulation, found by what is shown of it."""

    def __init__(self) -> None:
        self._tasks: dict[tuple[str, frozenset[str]], KnownTask] = {}

    def add(self, content: Mapping[str, Any], task: KnownTask) -> None:
        """Remember a task before it is pushed."""
        self._tasks[_identity(content)] = task

    def add_text(self, text: Text) -> None:
        """Remember a generated text."""
        self.add(text.input(), KnownTask(text.options, text.truth, text.near, text.ease))

    def shown(self, content: Mapping[str, Any]) -> Shown:
        """See a task as a labeler sees it, with its truth at the place where it is shown.

        Of a task that nobody told of, such as one that a visitor of the demonstration pushes, the option that
        comes first by the alphabet counts as right: people agree on something, and go on.
        """
        options = tuple(content["options"])
        task = self._tasks.get(_identity(content)) or KnownTask(options, options.index(min(options)))
        return Shown(
            options=options,
            truth=options.index(task.options[task.truth]),
            ease=task.ease,
            near=None if task.near is None else options.index(task.options[task.near]),
        )


def answering(
    person: Person, knowledge: Knowledge, rng: np.random.Generator
) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """Make the function by which a person answers tasks as shown, one after the other."""
    given = 0

    def answer(content: Mapping[str, Any]) -> dict[str, Any]:
        nonlocal given
        choice = person.behaviour.choose(knowledge.shown(content), given, rng)
        given += 1
        return {"choice": choice}

    return answer


Makers = Sequence[tuple[float, Callable[[np.random.Generator], Behaviour]]]
"""Kinds of people: the share of each, and how one is made. What is left over by rounding is of the first."""

_MIXED: Makers = (
    (0.62, lambda rng: labelers.Honest(float(rng.uniform(0.80, 0.95)))),
    (0.09, lambda _: labelers.Random()),
    (0.09, lambda _: labelers.Longest()),
    (0.05, lambda _: labelers.FirstShown()),
    (0.03, lambda _: labelers.Shortest()),
    (0.04, lambda _: labelers.Lapsing(labelers.Honest(0.95), share=0.08)),
    (0.04, lambda rng: labelers.Sleeper(labelers.Honest(0.92), after=int(rng.integers(40, 90)))),
    (0.04, lambda _: labelers.PartTimer(labelers.Honest(0.9), sitting=15, rest=8.0)),
)


def mixed_crowd(rng: np.random.Generator, size: int = 100, trusted: int = 5) -> list[Person]:
    """Make a crowd of all kinds, about a third of it bad, in the order in which people arrive."""
    return crowd_of(_MIXED, rng, size, trusted)


def crowd_of(makers: Makers, rng: np.random.Generator, size: int, trusted: int) -> list[Person]:
    """Make a crowd in the order in which people arrive, the trusted first.

    Parameters
    ----------
    makers : sequence of (share, callable)
    rng : numpy.random.Generator
    size : int
        How many people, the trusted included.
    trusted : int
        How many of them are appointed to the panel.
    """
    shares = np.array([share for share, _ in makers])
    quota = np.floor(shares * (size - trusted)).astype(int)
    quota[0] += size - trusted - quota.sum()
    crowd = [maker(rng) for (_, maker), count in zip(makers, quota, strict=True) for _ in range(count)]
    rng.shuffle(crowd)
    panel = [Person(f"trusted-{place + 1}", "trusted", labelers.Honest(0.97)) for place in range(trusted)]
    numbers: Counter[str] = Counter()
    people = []
    for behaviour in crowd:
        numbers[behaviour.kind] += 1
        name = f"{behaviour.kind.replace(' ', '-')}-{numbers[behaviour.kind]}"
        people.append(Person(name, "labeler", behaviour))
    return panel + people


def _identity(content: Mapping[str, Any]) -> tuple[str, frozenset[str]]:
    return str(content.get("prompt", content.get("task", ""))), frozenset(content["options"])


def by_kind(people: Iterable[Person]) -> dict[str, list[Person]]:
    """Group people by kind, the trusted first, the others by name."""
    groups: dict[str, list[Person]] = {}
    for person in sorted(people, key=lambda one: (one.role != "trusted", one.kind != "honest", one.kind)):
        groups.setdefault(person.kind, []).append(person)
    return groups
