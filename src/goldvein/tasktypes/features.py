"""Features of options: numbers by which somebody could choose without doing the job, and their rules.

Every feature gives two rules, the option with the most of it and the one with the least. They are computed
once, when a task is pushed, so that a later change here moves no decision of the past.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from goldvein.domain.errors import InvalidInput
from goldvein.stats.shortcuts import extremes

LENGTH: Final = "length"
MAX_FEATURES: Final = 10
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _.-]{0,38}[A-Za-z0-9]|[A-Za-z0-9]")
_WORD: Final = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")
_NUMBER: Final = re.compile(r"\d+(?:[.,:/]\d+)*")
_MARK: Final = re.compile(r"[!-/:-@\[-`{-~\u2010-\u2027\u00ab\u00bb\u00bf\u00a1]")


def _lexicon(words: str) -> frozenset[str]:
    return frozenset(words.split())


_POLITE: Final = _lexicon("""
    apologies apologise apologize appreciate appreciated dear excuse glad gladly grateful happy humbly
    kindly madam pardon please pleasure regards respectfully sincerely sir sorry thank thankful thanks
    welcome
""")
_POSITIVE: Final = _lexicon("""
    amazing beautiful benefit best better bright brilliant calm clear delight easy enjoy enjoyed
    excellent fantastic favorite favourite fine fresh friendly fun funny generous glad good great happy
    healthy helpful hope hopeful impressive joy joyful kind love loved lovely nice peace peaceful
    perfect pleasant positive proud safe smile strong success successful superb sweet thrilled true
    trust useful warm win wise won wonderful
""")
_NEGATIVE: Final = _lexicon("""
    afraid anger angry awful bad bored boring broken cold cruel cry danger dangerous dark dead death die
    dirty disappointed disappointing dull evil fail failed failure fear grim hard harm hate hated
    horrible hurt ill kill lie lonely lose loss lost mean mistake nasty negative pain painful poor
    problem rude sad scared sick sorry stupid terrible trouble ugly unfair unhappy useless violent weak
    worried worry worse worst wrong
""")


@dataclass(frozen=True, slots=True)
class _Option:
    """An option as its features see it."""

    text: str
    words: Sequence[str]

    def count(self, of: frozenset[str]) -> int:
        """How many of the words are among these."""
        return sum(map(of.__contains__, self.words))


def _length(option: _Option, _prompt: frozenset[str]) -> float:
    return len(option.text)


def _overlap(option: _Option, prompt: frozenset[str]) -> float:
    return option.count(prompt) / len(option.words) if option.words else 0.0


def _punctuation(option: _Option, _prompt: frozenset[str]) -> float:
    return len(_MARK.findall(option.text)) / len(option.text) if option.text else 0.0


def _numbers(option: _Option, _prompt: frozenset[str]) -> float:
    return len(_NUMBER.findall(option.text))


def _politeness(option: _Option, _prompt: frozenset[str]) -> float:
    return option.count(_POLITE)


def _sentiment(option: _Option, _prompt: frozenset[str]) -> float:
    return option.count(_POSITIVE) - option.count(_NEGATIVE)


_FEATURES: Final[Mapping[str, Callable[[_Option, frozenset[str]], float]]] = {
    LENGTH: _length,
    "overlap": _overlap,
    "punctuation": _punctuation,
    "numbers": _numbers,
    "politeness": _politeness,
    "sentiment": _sentiment,
}
_WORDLESS: Final = frozenset((LENGTH, "punctuation", "numbers"))
FEATURES: Final = tuple(_FEATURES)
"""Number of characters; share of the words that stand in the prompt; punctuation marks per character;
how many numbers; how many polite words; words of praise less words of blame. The word lists are English."""


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def prompt_words(content: Mapping[str, Any]) -> frozenset[str]:
    """List the words of everything that a task shows beside its options."""
    texts: list[str] = []
    level: list[Any] = [value for name, value in content.items() if name != "options"]
    while level:
        below: list[Any] = []
        for part in level:
            if isinstance(part, str):
                texts.append(part)
            elif isinstance(part, Mapping):
                below += part.values()
            elif isinstance(part, list):
                below += part
        level = below
    return frozenset(word for text in texts for word in _words(text))


def text_features(
    content: Mapping[str, Any], names: Collection[str] = FEATURES
) -> dict[str, Sequence[float]]:
    """Compute features of a task's options, in content order: each K numbers; unknown names are left out."""
    prompt = prompt_words(content) if "overlap" in names else frozenset[str]()
    worded = not _WORDLESS.issuperset(names)
    options = [_Option(text, _words(text) if worded else ()) for text in content["options"]]
    return {
        name: [feature(option, prompt) for option in options]
        for name, feature in _FEATURES.items()
        if name in names
    }


def rules_of(feature: str) -> tuple[str, str]:
    """Name the two rules of a feature: the option with the most of it, and the one with the least."""
    return ("longest", "shortest") if feature == LENGTH else (f"most {feature}", f"least {feature}")


def feature_of(rule: str) -> str | None:
    """Name the feature that a rule goes by; None for a rule that goes by none."""
    if rule in rules_of(LENGTH):
        return LENGTH
    kind, _, feature = rule.partition(" ")
    return feature if kind in {"most", "least"} and feature else None


def picks(features: Mapping[str, Sequence[float]]) -> dict[str, tuple[int, ...]]:
    """What each rule of these features picks: all options that tie, none where all are alike."""
    picked: dict[str, tuple[int, ...]] = {}
    for name, values in features.items():
        picked.update(zip(rules_of(name), extremes(values), strict=True))
    return picked


def own_features(metadata: Mapping[str, Any] | None, n_options: int) -> dict[str, Sequence[float]]:
    """Read a customer's own features: ``{"features": {name: [one number for each option]}}`` in metadata.

    Metadata is never shown to a labeler, so a feature may well be a model's score.

    Raises
    ------
    InvalidInput
        ``metadata_features_invalid``, with a pointer to the place below the metadata.
    """
    given = (metadata or {}).get("features")
    if given is None:
        return {}
    if not isinstance(given, Mapping) or len(given) > MAX_FEATURES:
        size = f"{len(given)} names" if isinstance(given, Mapping) else type(given).__name__
        raise _invalid(
            f"`features` takes at most {MAX_FEATURES} names, each with one number for each option, not {size}"
        )
    for name, values in given.items():
        _check_feature(name, values, n_options)
    return {name: list(values) for name, values in given.items()}


def _check_feature(name: str, values: Any, n_options: int) -> None:
    if not _NAME.fullmatch(name):
        raise _invalid(
            f"feature {name[:60]!r} is no name: use 1 to 40 letters, digits, spaces, dots, hyphens or "
            "underscores, with a letter or digit at both ends"
        )
    place = f"/{name}"
    if name in _FEATURES:
        raise _invalid(f"feature {name!r} is computed from the text already: choose another name", place)
    if not isinstance(values, list) or len(values) != n_options:
        count = f"{len(values)} values" if isinstance(values, list) else type(values).__name__
        raise _invalid(f"feature {name!r} needs {n_options} numbers, one for each option, not {count}", place)
    for index, value in enumerate(values):
        if not _is_finite(value):
            raise _invalid(
                f"feature {name!r} has {str(value)[:40]!r} for option {index}: send a finite number",
                f"{place}/{index}",
            )


def _is_finite(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def _invalid(message: str, place: str = "") -> InvalidInput:
    return InvalidInput(message, code="metadata_features_invalid", pointer=f"/features{place}")
