"""Charts as pages draw them and as tables show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from goldvein.web import format as shown

Unit = Literal["number", "percent", "seconds"]
"""Names of the filters that write a value down."""
Colour = Literal["accent", "gold", "good", "warn", "bad", "ink-soft"]
"""Names of tokens of app.css: a chart follows the colour scheme."""


@dataclass(frozen=True, slots=True)
class Series:
    """One line, row of bars or set of points; a null is a gap."""

    name: str
    values: Sequence[float | None]
    colour: Colour
    kind: Literal["line", "bar", "points"] = "line"
    notes: Sequence[str] | None = None
    """What is told of each value beside itself."""
    x: Sequence[int] | None = None
    """Where its values stand, if not where all others do."""


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart with its table; ``x`` are moments, or words."""

    id: str
    title: str
    note: str
    x: Sequence[datetime] | Sequence[str] | Sequence[int]
    series: Sequence[Series]
    unit: Unit = "number"
    x_name: str = "From"

    def rows(self) -> list[tuple[datetime | str, list[str]]]:
        """Write its figures down as a table, the newest first where they are over time."""
        write = {"number": shown.number, "percent": shown.percent, "seconds": shown.seconds}[self.unit]
        rows = [
            (x if isinstance(x, datetime) else str(x), [write(one.values[n]) for one in self.series])
            for n, x in enumerate(self.x)
        ]
        return rows[::-1] if isinstance(self.x[0], datetime) else rows

    def to_dict(self) -> dict[str, Any]:
        """Give plain values for the script that draws it."""
        return {
            "unit": self.unit,
            "over": "time" if self.x and isinstance(self.x[0], datetime) else "words",
            "x": [x.isoformat() if isinstance(x, datetime) else x for x in self.x],
            "x_name": self.x_name,
            "series": [
                {
                    "name": one.name, "values": one.values, "colour": one.colour, "kind": one.kind,
                    "notes": one.notes, "x": one.x,
                }
                for one in self.series
            ],
        }  # fmt: skip
