"""Benchmarks from files: CSV and Label Studio's JSON become what a push in JSON says, item by item.

Pure: nothing is stored here. Each item comes out as the fields of one benchmark, to be checked as those of a
push are, or as an error that names its place; what concerns the file as a whole is raised.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from goldvein.domain.errors import InvalidInput
from goldvein.domain.records import ItemError

Item = dict[str, Any] | ItemError

MAX_ROWS: Final = 100_000
"""Rows or tasks of one file; more go in several."""
_MAX_CELL: Final = 1_000_000
_MAX_COLUMNS: Final = 200
_PLAIN: Final = ("unique_id", "key", "key_value", "key_right", "explanation")
_JSON: Final = ("input", "expected_response", "initial_response")
_OPTION = re.compile(r"option_?(\d{1,3})")
_WAY_OUT: Final = (
    "give it `key` (from 0) or `key_value` (a text), the content as `prompt`, `option_0`, `option_1` ..., "
    "`input.NAME` or `input` (JSON), and `unique_id`, `key_right`, `explanation`, `expected_response` or "
    "`initial_response`"
)


def text_of(content: bytes) -> str:
    """Read a file's text, with or without a byte order mark.

    Raises
    ------
    InvalidInput
        ``file_not_text``.
    """
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInput(
            f"byte {error.start} of the file is no UTF-8: save it as UTF-8", code="file_not_text"
        ) from error


def read_csv(content: bytes, classes: Sequence[str] | None) -> Iterator[Item]:
    """Read one benchmark a row; the first row names the columns.

    Commas, semicolons or tabs part the cells: whichever parts the first row most. Rows count from 0 without
    the header; an empty one is passed over.

    Raises
    ------
    InvalidInput
        ``csv_header`` or ``csv_empty``, ``file_not_text``, ``file_too_long``.
    """
    text = text_of(content)
    csv.field_size_limit(_MAX_CELL)
    lines = io.StringIO(text, newline="")  # a line separator inside a text ends no row
    first = next(lines, "")
    reader = csv.reader(_chained(first, lines), delimiter=max(",;\t", key=first.count), strict=True)
    header = _header(reader)
    index = 0
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            yield ItemError(index, "csv_row", f"line {reader.line_num} is no CSV: {error}", "")
            index += 1
            continue
        if cells is None:
            break
        if not any(cell.strip() for cell in cells):
            continue
        if index == MAX_ROWS:
            raise too_long(MAX_ROWS)
        yield _row(index, header, cells, classes)
        index += 1
    if not index:
        raise InvalidInput("the file has no row below its header: give one benchmark a row", code="csv_empty")


def too_long(limit: int) -> InvalidInput:
    """Say that a file goes on: what was read before is stored."""
    return InvalidInput(
        f"a file has {limit:,} benchmarks at most: those are stored, send the rest in another one",
        code="file_too_long",
    )


def _chained(first: str, rest: Iterable[str]) -> Iterator[str]:
    yield first
    yield from rest


def _header(reader: Iterator[list[str]]) -> list[str]:
    try:
        header = [cell.strip() for cell in next(reader, [])]
    except csv.Error as error:
        raise InvalidInput(f"the first row is no CSV: {error}", code="csv_header") from error
    known = {*_PLAIN, *_JSON, "prompt"}
    strange = [
        n for n in header if n not in known and not _OPTION.fullmatch(n) and not n.startswith("input.")
    ]
    trouble = None
    if len(header) > _MAX_COLUMNS:
        trouble = f"the file has {len(header)} columns, more than {_MAX_COLUMNS}"
    elif strange:
        trouble = f"the column {strange[0]!r} is none that is known"
    elif twice := [name for place, name in enumerate(header) if name in header[:place]]:
        trouble = f"the column {twice[0]!r} stands there twice"
    elif not {"key", "key_value", "expected_response"} & set(header):
        trouble = "no column says what the key is"
    elif "input" in header and any(name == "prompt" or _is_content(name) for name in header):
        trouble = "the content stands in `input` and in columns of its own"
    if trouble:
        raise InvalidInput(f"{trouble}: {_WAY_OUT}", code="csv_header")
    return header


def _is_content(name: str) -> bool:
    return name.startswith("input.") or _OPTION.fullmatch(name) is not None


def _row(index: int, header: Sequence[str], cells: Sequence[str], classes: Sequence[str] | None) -> Item:
    if len(cells) > len(header):
        why = (
            f"the row has {len(cells)} cells under {len(header)} columns: put quotes around texts with commas"
        )
        return ItemError(index, "csv_row", why, "")
    given = {name: cell for name, cell in zip(header, cells, strict=False) if cell.strip()}
    item: dict[str, Any] = {}
    try:
        item["input"] = _content(given)
        for name in _JSON[1:]:
            if name in given:
                item[name] = _json(name, given[name])
        item |= {name: given[name] for name in ("unique_id", "explanation") if name in given}
        if "key_right" in given:
            item["key_right"] = _number("key_right", given["key_right"], float)
        key = _key(given, item["input"], classes)
        if key is not None:
            item["key"] = key
    except InvalidInput as error:
        return ItemError(index, error.code, error.detail, str(error.facts.get("pointer", "")))
    return item


def _content(given: Mapping[str, str]) -> Any:
    if "input" in given:
        return _json("input", given["input"])
    content: dict[str, Any] = {
        n.removeprefix("input."): c for n, c in given.items() if n.startswith("input.")
    }
    if "prompt" in given:
        content["prompt"] = given["prompt"]
    options = sorted((int(found[1]), c) for n, c in given.items() if (found := _OPTION.fullmatch(n)))
    if options:
        content["options"] = [text for _, text in options]
    return content


def _json(name: str, cell: str) -> Any:
    try:
        return json.loads(cell)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"{name} is no JSON: {error}", code="cell_not_json", pointer=f"/{name}") from error


def _number(name: str, cell: str, kind: type[int | float]) -> int | float:
    try:
        return kind(cell.strip())
    except ValueError as error:
        raise InvalidInput(
            f"{name} is {cell[:50]!r}, but must be a number", code="cell_not_number", pointer=f"/{name}"
        ) from error


def _key(given: Mapping[str, str], content: Any, classes: Sequence[str] | None) -> int | None:
    if "key" in given and "key_value" in given:
        raise InvalidInput(
            "the row has a key and a key_value: give one of them", code="key_twice", pointer="/key_value"
        )
    if "key" in given:
        return int(_number("key", given["key"], int))
    if "key_value" in given:
        return option_of(given["key_value"], content, classes)
    return None


def option_of(value: Any, content: Any, classes: Sequence[str] | None) -> int:
    """Find the option or class that has this text.

    Raises
    ------
    InvalidInput
        ``key_value_unknown``.
    """
    options = (
        classes if classes is not None else content.get("options") if isinstance(content, dict) else None
    )
    if not isinstance(options, Sequence) or isinstance(options, str):
        raise InvalidInput(
            "the item has no options, so that none can be the key: give it `options`",
            code="options_missing", pointer="/input/options",
        )  # fmt: skip
    if value not in options:
        shown = ", ".join(repr(str(option)[:40]) for option in options[:10])
        raise InvalidInput(
            f"{str(value)[:60]!r} is none of the options {shown}: give one of them, letter by letter",
            code="key_value_unknown", pointer="/key",
        )  # fmt: skip
    return list(options).index(value)


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
        if index == MAX_ROWS:
            raise too_long(MAX_ROWS)
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
    if not isinstance(task, dict) or not isinstance(task.get("data"), dict):
        raise InvalidInput(
            "a task of Label Studio's is an object with `data`: export as JSON, not as JSON_MIN",
            code="label_studio_task", pointer="/data",
        )  # fmt: skip
    content = dict(task["data"])
    if classes is None:
        content = _with_options(content)
    values = {_picked(annotation) for annotation in _ground_truths(task)}
    if len(values) > 1:
        raise InvalidInput(
            f"annotations marked as ground truth differ: {', '.join(sorted(map(repr, values)))}; keep one",
            code="ground_truth_twice", pointer="/annotations",
        )  # fmt: skip
    item: dict[str, Any] = {"input": content, "key": option_of(values.pop(), content, classes)}
    number = task.get("id")
    if isinstance(number, int | str) and not isinstance(number, bool):
        item["unique_id"] = f"label-studio-{number}"
    return item


def _with_options(content: dict[str, Any]) -> dict[str, Any]:
    """The content with its options as texts under the name that they have here."""
    options = content["options"] if "options" in content else content.pop("choices", None)
    if isinstance(options, list):
        content["options"] = [o["value"] if isinstance(o, dict) and "value" in o else o for o in options]
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
