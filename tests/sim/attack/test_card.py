"""The card as a feature of the attack: what it said before and after a task, and when it changed."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

from goldvein.sim.attack import features
from goldvein.sim.attack.operation import CardsRead

if TYPE_CHECKING:
    from goldvein.sim.attack.operation import Seen


def seen(labeler: int, came_at: float) -> Seen:
    """A task that came at a time."""
    sighting = SimpleNamespace(labeler=labeler, given=SimpleNamespace(came_at=came_at))
    return cast("Seen", SimpleNamespace(sighting=sighting))


def test_a_change_shows_before_and_after_each_task() -> None:
    """From the refreshes on either side of it; a labeler without a card says nothing."""
    read = [
        CardsRead(10.0, {0: None, 1: None}),
        CardsRead(20.0, {0: "trusted", 1: None}),
        CardsRead(30.0, {0: "trusted", 1: None}),
    ]
    columns, names = features.card([seen(0, 5), seen(0, 15), seen(0, 25), seen(0, 35), seen(1, 15)], read)
    assert names[2:] == ["card change", "refreshes since change", "refreshes until change"]
    assert columns[:, 2].tolist() == [0, 4, 0, 0, 0]
    assert columns[:, 3].tolist() == [-1, -1, 1, 2, -1]
    assert columns[:, 4].tolist() == [1, 0, -1, -1, -1]
    assert features.card([seen(0, 5)], [])[0].tolist() == [[0, 0, 0, -1, -1]]
