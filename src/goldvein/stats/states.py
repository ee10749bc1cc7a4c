"""What a labeler can be: a grid of abilities and one state per shortcut."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from goldvein.stats.arrays import Array, BoolArray, ShapeError, frozen

if TYPE_CHECKING:
    from collections.abc import Sequence

RANDOM = "random"
POSITION_RULES = ("first", "last")
LEAKER = "leaker"
BUILT_IN = (RANDOM, *POSITION_RULES, LEAKER)
DEFAULT_CONTENT_RULES = ("longest", "shortest")

GRID_BELOW = 8
GRID_ABOVE = 12
GRID_STEP = 0.3


@dataclass(frozen=True, slots=True, eq=False)
class StateSpace:
    """The states of a standing: abilities in rising order, then shortcuts.

    Attributes
    ----------
    thetas : (n_abilities,) float
        Ability grid in logits, on the scale where a trusted labeler's mean ability is 0.
    shortcuts : tuple of str
        Shortcut names in state order: those of ``BUILT_IN``, then content rules. A ``leaker`` knows the keys
        of benchmarks that others have seen, and answers the rest at random.
    good : (n_states,) bool
        True for abilities at or over the bar. No shortcut is ever good.
    """

    thetas: Array
    shortcuts: tuple[str, ...]
    good: BoolArray

    @property
    def n_abilities(self) -> int:
        """Number of ability states."""
        return len(self.thetas)

    @property
    def size(self) -> int:
        """Number of states, S."""
        return len(self.thetas) + len(self.shortcuts)

    @property
    def content_rules(self) -> tuple[str, ...]:
        """Shortcuts that follow from a task's content."""
        return self.shortcuts[len(BUILT_IN) :]

    @property
    def names(self) -> tuple[str, ...]:
        """A short name for each state, for logs and pages."""
        return (*(f"ability {theta:+.2f}" for theta in self.thetas), *self.shortcuts)

    def state_of(self, shortcut: str) -> int:
        """Index of a shortcut's state; raises ``ValueError`` for a name that has none."""
        return self.n_abilities + self.shortcuts.index(shortcut)


def make_space(bar_theta: float, content_rules: Sequence[str] = DEFAULT_CONTENT_RULES) -> StateSpace:
    """Ability grid around the bar, with the bar midway between two grid points.

    Off the midpoint false rejections jump tenfold (measured), so the grid is laid out from the bar.

    Parameters
    ----------
    bar_theta : float
        Ability at the bar, logits.
    content_rules : sequence of str
        Shortcuts that follow from a task's options. Empty for tasks without comparable options.

    Raises
    ------
    ShapeError
        If a rule is named twice, or named like a built-in one.
    """
    shortcuts = (*BUILT_IN, *content_rules)
    if len(set(shortcuts)) != len(shortcuts):
        raise ShapeError(f"shortcuts {shortcuts} name a rule twice; give every rule a name of its own")
    steps = np.arange(-GRID_BELOW, GRID_ABOVE) + 0.5
    good = np.concatenate([steps > 0, np.zeros(len(shortcuts), dtype=bool)])
    good.setflags(write=False)
    return StateSpace(thetas=frozen(bar_theta + GRID_STEP * steps), shortcuts=shortcuts, good=good)


def move_bar(space: StateSpace, steps: int) -> StateSpace:
    """The same states with the bar so many grid points higher: it lies midway between two again.

    Raises
    ------
    ShapeError
        If no ability would be left on one side.
    """
    first = int(np.argmax(space.good)) + steps
    if not 0 < first < space.n_abilities:
        raise ShapeError(f"the bar moved by {steps} grid points leaves no ability on one side; move it less")
    good = np.zeros(space.size, dtype=bool)
    good[first : space.n_abilities] = True
    good.setflags(write=False)
    return replace(space, good=good)
