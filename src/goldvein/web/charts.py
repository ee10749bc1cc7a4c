"""Charts: what a script draws, and shows as tables to whoever opens them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

Unit = Literal["number", "percent", "seconds", "ratio"]
"""Names of the filters that write a value down."""
Kind = Literal["line", "dashed", "dotted", "bound", "bar", "points"]
Colour = Literal["accent", "gold", "good", "warn", "bad", "ink-soft"]
"""Names of tokens of app.css: a chart follows the colour scheme."""


Over = Literal["time", "steps", "words"]
_OVER: Final[dict[type, Over]] = {datetime: "time", int: "steps", str: "words"}


@dataclass(frozen=True, slots=True)
class Series:
    """One line, end of a range (a thin line), row of bars or set of points; a null is a gap."""

    name: str
    values: Sequence[float | None]
    colour: Colour
    kind: Kind = "line"
    notes: Sequence[str] | None = None
    """What is told of each value beside itself."""


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart with its table; ``x`` are moments, numbers of steps, or words."""

    id: str
    title: str
    note: str
    x: Sequence[datetime] | Sequence[str] | Sequence[int]
    series: Sequence[Series]
    unit: Unit = "number"
    x_name: str = "From"
    least: float = 0
    """Where the vertical axis of per cents begins."""

    @property
    def _over(self) -> Over:
        return _OVER[type(self.x[0])] if self.x else "words"

    def to_dict(self) -> dict[str, Any]:
        """Give plain values for the script that draws it."""
        return {
            "unit": self.unit,
            "over": self._over,
            "x": [x.isoformat() if isinstance(x, datetime) else x for x in self.x],
            "x_name": self.x_name,
            "least": self.least,
            "series": [
                {
                    "name": one.name, "values": one.values, "colour": one.colour, "kind": one.kind,
                    "notes": one.notes,
                }
                for one in self.series
            ],
        }  # fmt: skip
