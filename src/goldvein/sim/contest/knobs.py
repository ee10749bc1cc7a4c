"""Reading values of a scenario: each has a rule, and an error names key, value, rule and way out."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from goldvein.domain.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

POSITION_RULES = ("first", "last")
LENGTH_RULES = ("longest", "shortest")
_WORD = re.compile(r"[a-z][a-z0-9_-]*")


class ScenarioError(InvalidInput):
    """The scenario cannot be played."""

    code = "scenario_invalid"


class Knob(Protocol):
    """How one value is read."""

    def read(self, key: str, value: Any) -> Any:
        """Give the checked value of ``key``, or raise ``ScenarioError``."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number within bounds, both allowed."""

    low: float
    high: float
    example: float
    whole: bool = False

    def read(self, key: str, value: Any) -> float:
        """Give the number, as ``int`` where it must be whole."""
        fits = _is_number(value) and self.low <= value <= self.high
        if not fits or (self.whole and value != int(value)):
            wanted = "a whole number" if self.whole else "a number"
            raise refused(key, value, f"{wanted} from {self.low:g} to {self.high:g}", self.example)
        return int(value) if self.whole else float(value)


@dataclass(frozen=True, slots=True)
class Span:
    """Two numbers, the lower first, between which each labeler draws; one number stands for both."""

    low: float
    high: float
    example: tuple[float, float]

    def read(self, key: str, value: Any) -> tuple[float, float]:
        """Give both ends."""
        ends = list(value) if isinstance(value, list | tuple) else [value, value]
        two = len(ends) == 2 and all(map(_is_number, ends))
        if not two or not self.low <= ends[0] <= ends[1] <= self.high:
            rule = f"a number, or two in rising order, from {self.low:g} to {self.high:g}"
            raise refused(key, value, rule, list(self.example))
        return float(ends[0]), float(ends[1])


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of a few words."""

    words: tuple[str, ...]

    def read(self, key: str, value: Any) -> str:
        """Give the word."""
        if value not in self.words:
            raise refused(key, value, f"one of {', '.join(self.words)}", self.words[0])
        return str(value)


@dataclass(frozen=True, slots=True)
class Text:
    """Any text that can stand in a table."""

    example: str

    def read(self, key: str, value: Any) -> str:
        """Give the text."""
        if not isinstance(value, str) or not value.strip() or len(value) > 60:
            raise refused(key, value, "a text of 1 to 60 characters", self.example)
        return value.strip()


@dataclass(frozen=True, slots=True)
class Rule:
    """What a shortcut goes by: a position, or the most or least of a feature."""

    at_random: bool = False

    def read(self, key: str, value: Any) -> str:
        """Give the rule's name."""
        words = POSITION_RULES + LENGTH_RULES + (("random",) if self.at_random else ())
        if isinstance(value, str) and (value in words or _is_feature_rule(value)):
            return value
        rule = f"one of {', '.join(words)}, most FEATURE or least FEATURE"
        raise refused(key, value, rule, "most overlap")


def feature_of(rule: str) -> str | None:
    """Name the feature that a content rule compares; None for positions and chance."""
    if rule in LENGTH_RULES:
        return "length"
    return rule.split(" ", 1)[1] if " " in rule else None


def rules_of(feature: str) -> tuple[str, str]:
    """Name the two rules of a feature: its most and its least."""
    return LENGTH_RULES if feature == "length" else (f"most {feature}", f"least {feature}")


def is_word(value: object) -> bool:
    """Whether a feature may be called so."""
    return isinstance(value, str) and _WORD.fullmatch(value) is not None


def refused(key: str, value: object, rule: str, example: object) -> ScenarioError:
    """Make the error: the key, the value, the rule, the way out."""
    last = re.sub(r"^.*[.\]]", "", key) or key
    return ScenarioError(
        f"{key} is {value!r}, but must be {rule}; write for instance {last} = {_toml(example)}"
    )


def check_names(where: str, given: Iterable[str], known: Iterable[str]) -> None:
    """Refuse keys that nobody reads: a mistyped knob must not pass unnoticed."""
    names = sorted(known)
    for name in given:
        if name not in names:
            raise ScenarioError(
                f"{where}{name} is not a key of a scenario; take it out, or write one of {', '.join(names)}"
            )


def table(where: str, value: Any) -> Mapping[str, Any]:
    """Give a table of the file."""
    if not isinstance(value, dict):
        raise ScenarioError(
            f"{where} is {value!r}, but must be a table; write [{where}] and its keys under it"
        )
    return value


def _is_feature_rule(value: str) -> bool:
    which, _, feature = value.partition(" ")
    return which in {"most", "least"} and is_word(feature) and feature != "length"


def _is_number(value: object) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, int) and not isinstance(value, bool)


def _toml(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)
