"""Numbers, times and shares as people read them; the templates' filters."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from goldvein.decisions.advice import advice
from goldvein.domain.records import AlertKind, Money, Price
from goldvein.services import boundary

NOTHING: Final = "\N{EN DASH}"
"""Stands where there is no value."""


def number(value: float | None) -> str:
    """A count with thousands apart."""
    return NOTHING if value is None else f"{value:,.0f}"


def percent(value: float | None, digits: int = 1) -> str:
    """A share."""
    return NOTHING if value is None else f"{100 * value:.{digits}f}%"


def ratio(value: float | None) -> str:
    """A coefficient, or a quotient."""
    return NOTHING if value is None else f"{value:.2f}"


def seconds(value: float | None) -> str:
    """A duration in the unit that fits it."""
    if value is None:
        return NOTHING
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if abs(value) >= 2 * size:
            return f"{_short(value / size)} {unit}"
    return f"{_short(value)} s" if abs(value) < 10 else f"{value:.0f} s"


def _short(value: float) -> str:
    """A number with one digit after the point, if that says something."""
    return f"{value:.1f}".removesuffix(".0")


def measure(value: float, unit: str) -> str:
    """A value of a metric in words, by the metric's unit."""
    match unit:
        case "share":
            return f"{_digits(100 * value)}%"
        case "s":
            return seconds(value)
        case "h":
            return f"{_digits(value)} h"
        case "1/h":
            return f"{_digits(value)} an hour"
        case "labelers":
            return f"{_digits(value)} labelers"
        case _:
            return _digits(value)


def bare(value: float | None) -> str:
    """A number to be changed in a field."""
    return "" if value is None else f"{value:.10g}"


def _digits(value: float) -> str:
    return f"{value:,.4f}".rstrip("0").rstrip(".")


def time(value: datetime | None) -> str:
    """A moment, in UTC, to the second; a script shows it in the reader's own time."""
    return NOTHING if value is None else value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def iso(value: datetime | None) -> str:
    """A moment for programs."""
    return "" if value is None else value.astimezone(UTC).isoformat()


_BROWSERS: Final = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrom", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS: Final = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("Linux", "Linux"),
)


def device(user_agent: str) -> str:
    """A browser and its system in words, from what the browser calls itself."""
    browser, system = (
        next((words for mark, words in known if mark in user_agent), "") for known in (_BROWSERS, _SYSTEMS)
    )
    return " on ".join(filter(None, (browser, system))) or user_agent[:40] or "unknown"


def money(value: Money | None) -> str:
    """An amount with its currency, to the cent; less than a cent to the last digit that counts."""
    if value is None:
        return NOTHING
    amount = value.amount.normalize()
    exact = -int(amount.as_tuple().exponent)
    digits = 2 if abs(amount) >= 1 else max(2, exact)
    return f"{amount:,.{digits}f} {value.currency}"


def price(value: Price) -> str:
    """A price in full, at least to the cent."""
    digits = max(2, -int(value.per_label.normalize().as_tuple().exponent))
    return f"{value.per_label:,.{digits}f} {value.currency}"


def sentence(text: str) -> str:
    """What a program says, as a sentence."""
    said = text[:1].upper() + text[1:]
    return said if said.endswith((".", "?", "!")) else f"{said}."


def alert_title(kind: AlertKind, subject: str) -> str:
    """What an alert is called."""
    return advice(kind, subject).title


FILTERS: Final[dict[str, Callable[..., Any]]] = {
    "number": number,
    "percent": percent,
    "ratio": ratio,
    "seconds": seconds,
    "measure": measure,
    "bare": bare,
    "time": time,
    "iso": iso,
    "money": money,
    "price": price,
    "sentence": sentence,
    "device": device,
    "alert_title": alert_title,
    "shortcut": boundary.in_words,
}
