"""Pick one of K: ``options`` that stand in the task, or ``classes`` that stand in the project."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from goldvein.domain.errors import InvalidInput
from goldvein.domain.records import UNANSWERABLE
from goldvein.stats.shortcuts import class_rules
from goldvein.tasktypes import features

MAX_OPTIONS = 20
MAX_INPUT_BYTES = 100_000
MAX_DEPTH = 100
LENGTH_RULES = ("longest", "shortest")


def check_classes(classes: Sequence[str]) -> None:
    """Refuse a project's classes that could not be told apart.

    Raises
    ------
    InvalidInput
        ``classes_count``, ``class_empty`` or ``class_twice``.
    """
    _check_choices(classes, "class", "classes")


def check_input(content: Mapping[str, Any], classes: Sequence[str] | None) -> None:
    """Refuse a task whose content could not be answered.

    Raises
    ------
    InvalidInput
        With a code that names the rule broken, and ``pointer`` to the place below the input.
    """
    check_size(content, "input")
    options = content.get("options")
    if classes is not None:
        if options is not None:
            raise InvalidInput(
                "the project has classes, so a task takes no options of its own: leave them out",
                code="options_not_taken", pointer="/options",
            )  # fmt: skip
        return
    if not isinstance(options, list) or not all(isinstance(option, str) for option in options):
        raise InvalidInput(
            "a choice task needs `options`: a list of texts, one of which is picked",
            code="options_missing",
            pointer="/options",
        )
    _check_choices(options, "option", "options")


def check_size(content: Mapping[str, Any], name: str) -> None:
    """Refuse content that is too large or too deep, or that the database could not hold.

    Raises
    ------
    InvalidInput
        ``<name>_too_deep``, ``<name>_too_large`` or ``<name>_not_text``.
    """
    levels = list(itertools.islice(_levels(content), MAX_DEPTH + 1))
    if len(levels) > MAX_DEPTH:
        raise InvalidInput(
            f"the {name} is nested in more than {MAX_DEPTH} levels: flatten it",
            code=f"{name}_too_deep", pointer="",
        )  # fmt: skip
    text = json.dumps(content, ensure_ascii=False)
    try:
        size = len(text.encode()) + sum(_zeros(part) for level in levels for part in level)
    except UnicodeEncodeError:
        raise InvalidInput(
            f"the {name} holds half a surrogate pair: send valid Unicode", code=f"{name}_not_text", pointer=""
        ) from None
    if size > MAX_INPUT_BYTES:
        raise InvalidInput(
            f"the {name} has {size:,} bytes; at most {MAX_INPUT_BYTES:,} are taken: shorten it or link to it",
            code=f"{name}_too_large", pointer="",
        )  # fmt: skip
    if "\\u0000" in text.replace("\\\\", ""):
        raise InvalidInput(
            f"the {name} holds a NUL character: remove it", code=f"{name}_not_text", pointer=""
        )


def _levels(content: Mapping[str, Any]) -> Iterator[list[Any]]:
    """Walk level by level: whatever recurses has its limit somewhere, and not everywhere the same."""
    level: list[Any] = [content]
    while level:
        yield level
        below: list[Any] = []
        for part in level:
            if isinstance(part, Mapping):
                below += part.values()
            elif isinstance(part, list):
                below += part
        level = below


def _zeros(part: Any) -> int:
    """Digits that the database writes where JSON has an exponent: 1e308 comes back with all its zeros."""
    exponent = repr(part).partition("e")[2] if isinstance(part, float) else ""
    return abs(int(exponent)) if exponent else 0


def _check_choices(choices: Sequence[str], one: str, many: str) -> None:
    if not 2 <= len(choices) <= MAX_OPTIONS:
        raise InvalidInput(
            f"{len(choices)} {many} given; from 2 to {MAX_OPTIONS} are taken",
            code=f"{many}_count",
            pointer=f"/{many}",
        )
    seen: dict[str, int] = {}
    for index, choice in enumerate(choices):
        if not choice.strip():
            raise InvalidInput(
                f"{one} {index} is empty: give it a text", code=f"{one}_empty", pointer=f"/{many}/{index}"
            )
        if choice in seen:
            raise InvalidInput(
                f"{one} {index} repeats {one} {seen[choice]}: nobody could tell them apart",
                code=f"{one}_twice", pointer=f"/{many}/{index}",
            )  # fmt: skip
        seen[choice] = index


def choices_of(content: Mapping[str, Any], classes: Sequence[str] | None) -> Sequence[str]:
    """List the K texts that can be picked, in content order."""
    return content["options"] if classes is None else classes


def content_identity(content: Mapping[str, Any]) -> int:
    """Hash the content to 64 signed bits: two tasks with equal content are one thing to a labeler.

    Options stand in no order, since each labeler is shown them in an order of its own.
    """
    if isinstance(content.get("options"), list):
        content = {**content, "options": sorted(content["options"])}
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return int.from_bytes(hashlib.sha256(canonical.encode()).digest()[:8], "big", signed=True)


def content_rules(classes: Sequence[str] | None) -> list[str]:
    """Name the shortcuts that follow from content: lengths of options, or always the same inner class.

    Always the first or the last class is what the position rules say already.
    """
    return list(LENGTH_RULES) if classes is None else list(_class_picks(len(classes)))


def rule_choices(
    content: Mapping[str, Any],
    classes: Sequence[str] | None,
    rules: Collection[str] | None = None,
    stored: Mapping[str, Sequence[int]] | None = None,
) -> dict[str, Sequence[int]]:
    """What content shortcuts would choose: every option that ties for a rule, none where all are alike.

    Parameters
    ----------
    content : mapping
        A task's input.
    classes : sequence of str, optional
        The project's.
    rules : collection of str, optional
        The rules wanted, and no others computed; all when not given. A rule that is unknown here is left out.
    stored : mapping of str to options, optional
        What was computed when the task was pushed: it stands, whatever the features have become since.
    """
    known: dict[str, Sequence[int]] = dict(stored or {})
    if classes is not None:
        known.update(_class_picks(len(classes)))
    if rules is None:
        missing = set[str]() if classes is not None else set(features.FEATURES)
    else:
        known = {rule: known[rule] for rule in rules if rule in known}
        unknown = [rule for rule in rules if rule not in known] if classes is None else []
        missing = set(features.FEATURES) & {features.feature_of(rule) for rule in unknown}
    if not missing:
        return known
    computed = features.picks(features.text_features(content, missing))
    return {**{r: p for r, p in computed.items() if rules is None or r in rules}, **known}


def all_rules(
    content: Mapping[str, Any], classes: Sequence[str] | None, metadata: Mapping[str, Any] | None
) -> dict[str, Sequence[int]]:
    """What is stored with a task: the picks of every feature of its options, the customer's own included.

    Rules of classes are the same for each task and are not stored.

    Raises
    ------
    InvalidInput
        If the customer's features break a rule.
    """
    own = features.picks(features.own_features(metadata, len(choices_of(content, classes))))
    return {**({} if classes is not None else rule_choices(content, None)), **own}


@lru_cache(maxsize=32)
def _class_picks(n_classes: int) -> dict[str, Sequence[int]]:
    every = class_rules(n_classes)
    return {rule: every[rule] for rule in list(every)[1:-1]}


def as_shown(
    content: Mapping[str, Any], classes: Sequence[str] | None, shown: Sequence[int]
) -> dict[str, Any]:
    """The content as one labeler sees it: its choices in the order of the lease."""
    choices = choices_of(content, classes)
    return {**content, "options": [choices[option] for option in shown]}


def read_answer(answer: Mapping[str, Any], shown: Sequence[int]) -> int:
    """Map an answer back to the content option.

    Raises
    ------
    InvalidInput
        ``answer_invalid`` or ``choice_out_of_range``.
    """
    if answer.get("unanswerable") is True and set(answer) == {"unanswerable"}:
        return UNANSWERABLE
    choice = answer.get("choice")
    if not isinstance(choice, int) or isinstance(choice, bool) or set(answer) != {"choice"}:
        raise InvalidInput(
            'answer with {"choice": POSITION} or {"unanswerable": true}',
            code="answer_invalid",
            pointer="/answer",
        )
    if not 0 <= choice < len(shown):
        raise InvalidInput(
            f"choice {choice} is none of the {len(shown)} positions shown: send 0 to {len(shown) - 1}",
            code="choice_out_of_range", pointer="/answer/choice",
        )  # fmt: skip
    return shown[choice]


def label_answer(choice: int, content: Mapping[str, Any], classes: Sequence[str] | None) -> dict[str, Any]:
    """The answer as the customer receives it: the content option and its text."""
    return {"choice": choice, "value": choices_of(content, classes)[choice]}


def read_response(
    response: Mapping[str, Any], content: Mapping[str, Any], classes: Sequence[str] | None, name: str
) -> int:
    """Read an answer in content order, as it stands in a benchmark or a label: with or without its ``value``.

    Raises
    ------
    InvalidInput
        ``answer_invalid`` or ``choice_out_of_range``, or ``value_contradicts`` where the text is another one.
    """
    choices = choices_of(content, classes)
    told = {key: value for key, value in response.items() if key != "value"}
    try:
        picked = read_answer(told, range(len(choices)))
    except InvalidInput as error:
        place = str(error.facts.get("pointer", "")).removeprefix("/answer")
        raise InvalidInput(f"{name}: {error.detail}", code=error.code, pointer=f"/{name}{place}") from error
    if "value" in response and (picked == UNANSWERABLE or response["value"] != choices[picked]):
        raise InvalidInput(
            f"{name} picks option {picked}, but its value is the text of another: leave `value` out",
            code="value_contradicts", pointer=f"/{name}/value",
        )  # fmt: skip
    return picked
