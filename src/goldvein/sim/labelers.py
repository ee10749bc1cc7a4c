"""What simulated labelers do with a task as it is shown to them.

A behaviour is a small frozen object. It sees what a person would see (the options in the order shown) and,
because a simulation knows more than a person, which of them is the truth. Randomness is an argument.
"""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, slots=True)
class Shown:
    """One task in the order in which a labeler sees it.

    ``truth`` is the position of the right option. ``ease`` shifts an honest labeler's chance, in logits.
    ``near`` is the wrong option that a careful reader would most likely confuse with the right one.
    """

    options: tuple[str, ...]
    truth: int
    ease: float = 0.0
    near: int | None = None


class Behaviour(Protocol):
    """How one kind of labeler answers."""

    @property
    def kind(self) -> str:
        """Name of the kind, as reports print it."""

    def is_good(self, answered: int) -> bool:
        """Whether this labeler does the job at its ``answered``-th answer (counted from zero)."""

    def choose(self, shown: Shown, answered: int, rng: np.random.Generator) -> int:
        """Position chosen, for a labeler who has given ``answered`` answers before."""

    def rest_seconds(self, answered: int, rng: np.random.Generator) -> float:
        """Time away before the next task; zero for somebody who goes on at once."""


@dataclass(frozen=True, slots=True)
class _Steady:
    """A labeler who does not rest; the kinds below add how they choose."""

    def rest_seconds(self, answered: int, rng: np.random.Generator) -> float:  # noqa: ARG002
        """Nothing: goes on at once."""
        return 0.0


@dataclass(frozen=True, slots=True)
class Honest(_Steady):
    """Reads, and is right with a given probability; mistakes lean to the near option."""

    accuracy: float
    near_share: float = 0.6
    kind: str = "honest"

    def is_good(self, answered: int) -> bool:  # noqa: ARG002
        """Say yes: what accuracy is enough is the reader's question."""
        return True

    def chance(self, shown: Shown) -> float:
        """Probability of the right option on this task."""
        guess = 1 / len(shown.options)
        skill = min(max((self.accuracy - guess) / (1 - guess), 1e-6), 1 - 1e-6)
        logit = math.log(skill / (1 - skill)) + shown.ease
        return guess + (1 - guess) / (1 + math.exp(-logit))

    def choose(self, shown: Shown, answered: int, rng: np.random.Generator) -> int:  # noqa: ARG002
        """Take the truth with the chance of this task, else a wrong option."""
        if rng.random() < self.chance(shown):
            return shown.truth
        if shown.near is not None and rng.random() < self.near_share:
            return shown.near
        wrong = [position for position in range(len(shown.options)) if position != shown.truth]
        return int(rng.choice(wrong))


@dataclass(frozen=True, slots=True)
class Random(_Steady):
    """Clicks anywhere."""

    kind: str = "random"

    def is_good(self, answered: int) -> bool:  # noqa: ARG002
        """Never."""
        return False

    def choose(self, shown: Shown, answered: int, rng: np.random.Generator) -> int:  # noqa: ARG002
        """Take any option, all alike."""
        return int(rng.integers(len(shown.options)))


@dataclass(frozen=True, slots=True)
class FirstShown(_Steady):
    """Clicks the first option on the page, but for a lapse."""

    lapse: float = 0.03
    kind: str = "first shown"

    def is_good(self, answered: int) -> bool:  # noqa: ARG002
        """Never."""
        return False

    def choose(self, shown: Shown, answered: int, rng: np.random.Generator) -> int:  # noqa: ARG002
        """Take the first position."""
        return _unless_lapse(0, self.lapse, shown, rng)


@dataclass(frozen=True, slots=True)
class Longest(_Steady):
    """Clicks the longest option without reading it, but for a lapse."""

    lapse: float = 0.03
    kind: str = "longest"

    def is_good(self, answered: int) -> bool:  # noqa: ARG002
        """Never, however often the longest option is the truth."""
        return False

    def choose(self, shown: Shown, answered: int, rng: np.random.Generator) -> int:  # noqa: ARG002
        """Take the option of most characters; the first of them on ties."""
        lengths = [len(option) for option in shown.options]
        return _unless_lapse(lengths.index(max(lengths)), self.lapse, shown, rng)


@dataclass(frozen=True, slots=True)
class Shortest(_Steady):
    """Clicks the shortest option without reading it, but for a lapse."""

    lapse: float = 0.03
    kind: str = "shortest"

    def is_good(self, answered: int) -> bool:  # noqa: ARG002
        """Never."""
        return False

    def choose(self, shown: Shown, answered: int, rng: np.random.Generator) -> int:  # noqa: ARG002
        """Take the option of fewest characters; the first of them on ties."""
        lengths = [len(option) for option in shown.options]
        return _unless_lapse(lengths.index(min(lengths)), self.lapse, shown, rng)


@dataclass(frozen=True, slots=True)
class Alphabetical(_Steady):
    """Clicks the option that comes first in the alphabet: a shortcut that no list names."""

    lapse: float = 0.03
    kind: str = "alphabetical"

    def is_good(self, answered: int) -> bool:  # noqa: ARG002
        """Never."""
        return False

    def choose(self, shown: Shown, answered: int, rng: np.random.Generator) -> int:  # noqa: ARG002
        """Take the first in the order of a dictionary."""
        return _unless_lapse(shown.options.index(min(shown.options)), self.lapse, shown, rng)


@dataclass(frozen=True, slots=True)
class Colluder(_Steady):
    """One of a ring that has agreed on an answer to every task: all say the same, wherever it stands."""

    kind: str = "colluder"

    def is_good(self, answered: int) -> bool:  # noqa: ARG002
        """Never, however well the ring agrees."""
        return False

    def choose(self, shown: Shown, answered: int, rng: np.random.Generator) -> int:  # noqa: ARG002
        """Take the ring's option, which has nothing to do with the truth."""
        agreed = min(shown.options, key=lambda option: zlib.crc32(option.encode()))
        return shown.options.index(agreed)


@dataclass(frozen=True, slots=True)
class Lapsing:
    """Somebody whose attention slips: on a share of the tasks any option, else as ``usual``."""

    usual: Behaviour
    share: float
    kind: str = "lapsing"

    def is_good(self, answered: int) -> bool:
        """As good as usual."""
        return self.usual.is_good(answered)

    def choose(self, shown: Shown, answered: int, rng: np.random.Generator) -> int:
        """Slip, or answer as usual."""
        if rng.random() < self.share:
            return int(rng.integers(len(shown.options)))
        return self.usual.choose(shown, answered, rng)

    def rest_seconds(self, answered: int, rng: np.random.Generator) -> float:
        """As usual."""
        return self.usual.rest_seconds(answered, rng)


@dataclass(frozen=True, slots=True)
class Sleeper:
    """Earns trust first, then becomes somebody else after a number of answers."""

    first: Behaviour
    after: int
    becomes: Behaviour = field(default_factory=Random)
    kind: str = "sleeper"

    def _now(self, answered: int) -> Behaviour:
        return self.first if answered < self.after else self.becomes

    def is_good(self, answered: int) -> bool:
        """Until the change."""
        return self._now(answered).is_good(answered)

    def choose(self, shown: Shown, answered: int, rng: np.random.Generator) -> int:
        """Answer as whoever it is by now."""
        return self._now(answered).choose(shown, answered, rng)

    def rest_seconds(self, answered: int, rng: np.random.Generator) -> float:
        """Rest as whoever it is by now."""
        return self._now(answered).rest_seconds(answered, rng)


@dataclass(frozen=True, slots=True)
class PartTimer:
    """Works in sittings of some tasks, with a rest of about ``rest`` seconds between them."""

    usual: Behaviour
    sitting: int = 20
    rest: float = 600.0
    kind: str = "part-timer"

    def is_good(self, answered: int) -> bool:
        """As good as usual."""
        return self.usual.is_good(answered)

    def choose(self, shown: Shown, answered: int, rng: np.random.Generator) -> int:
        """As usual."""
        return self.usual.choose(shown, answered, rng)

    def rest_seconds(self, answered: int, rng: np.random.Generator) -> float:
        """Between sittings, an exponential time away; else nothing."""
        if answered == 0 or answered % self.sitting:
            return 0.0
        return float(rng.exponential(self.rest))


def _unless_lapse(position: int, lapse: float, shown: Shown, rng: np.random.Generator) -> int:
    """Return the rule's position, or with probability ``lapse`` any other."""
    if len(shown.options) < 2 or rng.random() >= lapse:
        return position
    return int((position + rng.integers(1, len(shown.options))) % len(shown.options))
