"""Label Studio's JSON, read as benchmarks or as tasks, and written so that it reads it.

Pure: nothing is stored here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from goldvein.domain.errors import InvalidInput
from goldvein.domain.records import ItemError
from goldvein.services import importing
from goldvein.services.importing import Item, option_of
from goldvein.store.labelled import Labelled

_ONE_OF: Final = re.compile(
    r"((?:option|choice|answer|response|completion|candidate|summary|sample|text)_?)(\d{1,3}|[a-z])"
)
"""Fields of which several together are the options of a task."""
_OURS: Final = frozenset({"unique_id", "goldvein"})
"""Fields of ``meta`` that we write ourselves."""


def read_label_studio(content: bytes, classes: Sequence[str] | None) -> Iterator[Item]:
    """Read Label Studio's JSON export: one benchmark a task.

    Raises
    ------
    InvalidInput
        ``label_studio_file``, ``file_too_long``.
    """
    try:
        tasks = msgspec.json.decode(content, type=list[msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInput(
            f"the file is no list of tasks, as Label Studio exports them as JSON: {error}",
            code="label_studio_file",
        ) from error
    for index, raw in enumerate(tasks):
        if index == importing.MAX_ROWS:
            raise importing.too_long(importing.MAX_ROWS)
        try:
            task = msgspec.json.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            yield ItemError(index, "label_studio_task", f"the task cannot be read: {error}", "")
            continue
        yield read_label_studio_task(task, index, classes)


def read_label_studio_task(task: Any, index: int, classes: Sequence[str] | None) -> Item:
    """Read one task of Label Studio's JSON export whose annotation is marked as ground truth.

    ``data`` becomes the content; in projects without classes its ``options`` (or ``choices``) are what can be
    picked. Its ``id`` makes the ``unique_id``, so that an export may be sent again.
    """
    try:
        return _label_studio(task, classes)
    except InvalidInput as error:
        return ItemError(index, error.code, error.detail, str(error.facts.get("pointer", "")))


def _label_studio(task: Any, classes: Sequence[str] | None) -> dict[str, Any]:
    content = _content(task, classes)
    values = {_picked(annotation) for annotation in _ground_truths(task)}
    if len(values) > 1:
        raise InvalidInput(
            f"annotations marked as ground truth differ: {', '.join(sorted(map(repr, values)))}; keep one",
            code="ground_truth_twice", pointer="/annotations",
        )  # fmt: skip
    return {"input": content, "key": option_of(values.pop(), content, classes), **_name(task)}


def read_task(task: Any, index: int, classes: Sequence[str] | None) -> Item:
    """Read one task of Label Studio's JSON, whatever its annotations say, as a task to be labelled here.

    ``data`` becomes the content as it does for a benchmark, and ``meta`` the metadata.
    """
    try:
        content = _content(task, classes)
    except InvalidInput as error:
        return ItemError(index, error.code, error.detail, str(error.facts.get("pointer", "")))
    item = {"input": content, **_name(task)}
    meta = task.get("meta")
    if isinstance(meta, dict) and (kept := {name: meta[name] for name in meta if name not in _OURS}):
        item["metadata"] = kept
    return item


def _content(task: Any, classes: Sequence[str] | None) -> dict[str, Any]:
    if not isinstance(task, dict) or not isinstance(task.get("data"), dict):
        raise InvalidInput(
            "a task of Label Studio's is an object with `data`: export as JSON, not as JSON_MIN",
            code="label_studio_task", pointer="/data",
        )  # fmt: skip
    content = dict(task["data"])
    return content if classes is not None else _with_options(content)


def _name(task: Mapping[str, Any]) -> dict[str, str]:
    """The ``unique_id``: the one that it had here, or one made of its id there; so it may be sent again."""
    meta, number = task.get("meta"), task.get("id")
    if isinstance(meta, dict) and isinstance(meta.get("unique_id"), str):
        return {"unique_id": meta["unique_id"]}
    if isinstance(number, int | str) and not isinstance(number, bool):
        return {"unique_id": f"label-studio-{number}"}
    return {}


def _with_options(content: dict[str, Any]) -> dict[str, Any]:
    """The content with its options as texts under the name that they have here.

    They stand in one list, or each in a field of its own: ``text1`` and ``text2`` of a pairwise comparison,
    ``answer_a``, ``answer_b``, ``answer_c`` ...
    """
    if "options" in content or "choices" in content:
        options = content["options"] if "options" in content else content.pop("choices")
        if isinstance(options, list):
            content["options"] = [o["value"] if isinstance(o, dict) and "value" in o else o for o in options]
        return content
    families: dict[str, list[tuple[str, str]]] = {}
    for name in content:
        if found := _ONE_OF.fullmatch(name):
            families.setdefault(found[1], []).append((found[2].zfill(3), name))
    several = [sorted(family) for family in families.values() if len(family) > 1]
    if len(several) == 1:
        content["options"] = [content.pop(name) for _, name in several[0]]
    return content


def _ground_truths(task: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    given = task.get("annotations")
    if given is None:
        given = task.get("completions")  # what they were called before version 1.0
    found = [
        one
        for one in (given if isinstance(given, list) else [])
        if isinstance(one, dict)
        and one.get("ground_truth") is True
        and not (one.get("was_cancelled") or one.get("skipped"))
    ]
    if not found:
        raise InvalidInput(
            "no annotation is marked as ground truth: mark one (the star) and export again",
            code="ground_truth_missing", pointer="/annotations",
        )  # fmt: skip
    return found


def _picked(annotation: Mapping[str, Any]) -> str:
    result = annotation.get("result")
    picks = [one for one in (result if isinstance(result, list) else []) if isinstance(one, dict)]
    other = [one.get("type") for one in picks if one.get("type") != "choices"]
    if other or len(picks) != 1:
        why = f"a result of type {other[0]!r}" if other else f"{len(picks)} results"
        raise InvalidInput(
            f"the ground truth has {why}: one result of type 'choices' is taken",
            code="result_not_choices", pointer="/annotations/result",
        )  # fmt: skip
    value = picks[0].get("value")
    chosen = value.get("choices") if isinstance(value, dict) else None
    if not isinstance(chosen, list) or len(chosen) != 1 or not isinstance(chosen[0], str):
        raise InvalidInput(
            "the ground truth picks none or several: a benchmark has one key",
            code="choices_not_one", pointer="/annotations/result/value/choices",
        )  # fmt: skip
    return chosen[0]


def write_task(one: Labelled, classes: Sequence[str] | None) -> dict[str, Any]:
    """Write a label as a task with an annotation, as Label Studio imports it and `read_task` reads it.

    Its options stand as its dynamic choices want them. What several people or a key stand behind is marked as
    ground truth; who gave the label, and what is known of it, stands in ``meta``.
    """
    content = dict(one.input or {})
    if classes is None:
        content["options"] = [{"value": option} for option in content.get("options", ())]
    label = one.label
    meta: dict[str, Any] = {**(one.metadata or {})}
    if label.unique_id is not None:
        meta["unique_id"] = label.unique_id
    meta["goldvein"] = {
        "label": label.id,
        "task": label.task,
        "batch": one.batch,
        "basis": label.basis,
        "labeler": label.labeler,
        "confidence": label.confidence,
    }
    choice = {"choices": [label.answer["value"]]}
    return {
        "data": content,
        "meta": meta,
        "annotations": [
            {
                "result": [{"from_name": "choice", "to_name": "prompt", "type": "choices", "value": choice}],
                "ground_truth": label.basis != "labeler",
                "was_cancelled": False,
                "created_at": label.answered_at,
            }
        ],
        "predictions": [],
    }
