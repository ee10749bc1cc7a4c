"""CSV files of benchmarks and of tasks: a row becomes what a push in JSON says of one item.

Pure: nothing is stored here. Each row comes out as the fields of one item, to be checked as those of a push
are, or as an error that names it; what concerns the file as a whole is raised.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from goldvein.domain.errors import InvalidInput
from goldvein.domain.records import ItemError
from goldvein.services import importing
from goldvein.services.importing import Item, option_of

MAX_ROW: Final = 1_000_000
"""Bytes of one row; a quote that is never closed takes no more with it than its line."""
_MAX_COLUMNS: Final = 200
_OPTION: Final = re.compile(r"option_?(\d{1,3})")
_MARK: Final = b"\xef\xbb\xbf"
_KEYS: Final = frozenset(
    {"key", "key_value", "key_right", "explanation", "expected_response", "initial_response"}
)
_OF_BENCHMARKS: Final = frozenset({"unique_id", "input", "prompt", "options", *_KEYS})
_OF_TASKS: Final = frozenset({"unique_id", "input", "metadata", "priority", "deadline"})
_BESIDE: Final = _OF_TASKS | _KEYS | {""}
"""Columns that are no part of what labelers see."""
_CONTENT: Final = (
    "the content as `prompt`, `option_0`, `option_1` ..., `input.NAME` or `input` (JSON), and `unique_id`"
)
_BENCHMARKS: Final = (
    f"give it `key` (from 0) or `key_value` (a text), {_CONTENT}, `key_right`, `explanation`, "
    "`expected_response` or `initial_response`"
)
_TASKS: Final = f"give it {_CONTENT}, `metadata.NAME`, `priority` or `deadline`"


@dataclass(frozen=True, slots=True)
class Row:
    """One row as it stands in the file; ``line`` is its first line's number, from 1."""

    line: int
    text: bytes


@dataclass(slots=True)
class Rows:
    """Rows put together from the lines of a file as they come: a text in quotes may hold the end of a line.

    The first row says by what cells are parted: comma, semicolon or tab, whichever it has most of.
    """

    lines: int = 0
    _kept: deque[bytes] = field(default_factory=deque)
    _size: int = 0
    _whole: tuple[re.Pattern[bytes], re.Pattern[bytes]] | None = None

    def add(self, line: bytes) -> list[Row]:
        """Take the next line; give the rows that end with it."""
        if self._whole is None:
            line = line.removeprefix(_MARK)
            self._whole = _patterns(_delimiter(line))
        self.lines += 1
        self._kept.append(line)
        self._size += len(line)
        if self._whole[len(self._kept) > 1].fullmatch(line):
            return [self._cut(len(self._kept))]
        rows: list[Row] = []
        while self._kept and self._size > MAX_ROW:
            rows += self._give_up()
        return rows

    def end(self) -> list[Row]:
        """Give what is left when there are no more lines."""
        rows: list[Row] = []
        while self._kept:
            rows += self._give_up()
        return rows

    def _cut(self, count: int) -> Row:
        first = self.lines - len(self._kept) + 1
        cut = [self._kept.popleft() for _ in range(count)]
        self._size -= sum(map(len, cut))
        return Row(first, b"\n".join(cut))

    def _give_up(self) -> list[Row]:
        """A quote was not closed: its line is a row, which is none, and those below it begin anew.

        None of them closes a quote that is open before it, or it would have ended the row: so each is a row
        of its own, up to one that opens a quote. A line is looked at twice at most, however many are kept.
        """
        assert self._whole is not None
        rows = [self._cut(1)]
        while self._kept and self._whole[0].fullmatch(self._kept[0]):
            rows.append(self._cut(1))
        return rows


def _delimiter(first: bytes) -> bytes:
    return max((b",", b";", b"\t"), key=first.count)


def _patterns(delimiter: bytes) -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
    """What a line looks like after which no quote is open: where none was open before, and where one was."""
    d = re.escape(delimiter)
    cell = rb'(?:"(?:[^"]++|"")*+"[^%b]*+|[^"%b][^%b]*+|)' % (d, d, d)
    rest = rb"(?:%b%b)*+" % (d, cell)
    return re.compile(cell + rest), re.compile(rb'(?:[^"]++|"")*+"[^%b]*+%b' % (d, rest))


@dataclass(frozen=True, slots=True)
class Table:
    """The columns of a file, and how its rows are read."""

    columns: Sequence[str]
    delimiter: str

    @classmethod
    def of(cls, row: Row) -> Table:
        """Read the first row.

        Raises
        ------
        InvalidInput
            ``csv_header``, ``file_not_text``.
        """
        delimiter = _delimiter(row.text).decode()
        try:
            columns = [cell.strip() for cell in _cells(row, delimiter)]
        except InvalidInput as error:
            code = "csv_header" if error.code == "csv_row" else error.code
            raise InvalidInput(f"the first row names no columns: {error.detail}", code=code) from error
        return cls(columns, delimiter)

    def read(self, row: Row) -> dict[str, str]:
        """Map columns to the cells of a row that hold anything; empty for a row without any.

        Raises
        ------
        InvalidInput
            ``csv_row``, ``file_not_text``.
        """
        cells = _cells(row, self.delimiter)
        if len(cells) > len(self.columns) and any(cell.strip() for cell in cells):
            raise InvalidInput(
                f"the row has {len(cells)} cells under {len(self.columns)} columns: "
                "put quotes around texts that hold what parts cells",
                code="csv_row",
            )
        given = {name: cell for name, cell in zip(self.columns, cells, strict=False) if cell.strip()}
        if "" in given:
            raise InvalidInput("a cell stands under a column without a name: name it", code="csv_row")
        return given


def _cells(row: Row, delimiter: str) -> list[str]:
    csv.field_size_limit(2 * MAX_ROW)
    try:
        text = row.text.decode()
        return next(csv.reader([text], delimiter=delimiter, strict=True), [])
    except UnicodeDecodeError as error:
        raise InvalidInput(
            f"line {row.line} is no UTF-8: save the file as UTF-8", code="file_not_text"
        ) from error
    except csv.Error as error:
        raise InvalidInput(f"line {row.line} is no CSV: {error}", code="csv_row") from error


# --- benchmarks -------------------------------------------------------------------------------------


def read_csv(content: bytes, classes: Sequence[str] | None) -> Iterator[Item]:
    """Read one benchmark a row; the first row names the columns.

    Rows count from 0 without the header; an empty one is passed over.

    Raises
    ------
    InvalidInput
        ``csv_header`` or ``csv_empty``, ``file_not_text``, ``file_too_long``.
    """
    table, index = None, 0
    for row in _rows(content):
        if table is None:
            table = benchmark_table(row)
            continue
        item = benchmark_item(table, row, index, classes)
        if item is None:
            continue
        if index == importing.MAX_ROWS:
            raise importing.too_long(importing.MAX_ROWS)
        yield item
        index += 1
    if table is None:
        raise InvalidInput(f"the file is empty: {_BENCHMARKS}", code="csv_header")
    if not index:
        raise InvalidInput("the file has no row below its header: give one benchmark a row", code="csv_empty")


def _rows(content: bytes) -> Iterator[Row]:
    rows = Rows()
    for line in io.BytesIO(content):
        yield from rows.add(line.removesuffix(b"\n"))
    yield from rows.end()


def benchmark_table(row: Row) -> Table:
    """Read the header of a file of benchmarks.

    Raises
    ------
    InvalidInput
        ``csv_header`` where a column is unknown: labelers would see it, so it is rather a typing error.
    """
    table = Table.of(row)
    strange = [
        name
        for name in table.columns
        if name not in _OF_BENCHMARKS and not _OPTION.fullmatch(name) and not name.startswith("input.")
    ]
    if strange:
        raise InvalidInput(
            f"the column {strange[0]!r} is none that is known: {_BENCHMARKS}", code="csv_header"
        )
    if not {"key", "key_value", "expected_response"} & set(table.columns):
        raise InvalidInput(f"no column says what the key is: {_BENCHMARKS}", code="csv_header")
    _check_columns(table.columns, _BENCHMARKS)
    return table


def benchmark_item(table: Table, row: Row, index: int, classes: Sequence[str] | None) -> Item | None:
    """Read one benchmark; None where the row is empty."""
    try:
        given = table.read(row)
        return _benchmark(given, classes) if given else None
    except InvalidInput as error:
        return ItemError(index, error.code, error.detail, str(error.facts.get("pointer", "")))


def _benchmark(given: Mapping[str, str], classes: Sequence[str] | None) -> dict[str, Any]:
    item: dict[str, Any] = {"input": _content(given)}
    for name in ("expected_response", "initial_response"):
        if name in given:
            item[name] = _json(name, given[name])
    item |= {name: given[name] for name in ("unique_id", "explanation") if name in given}
    if "key_right" in given:
        item["key_right"] = _number("key_right", given["key_right"], float)
    key = _key(given, item["input"], classes)
    if key is not None:
        item["key"] = key
    return item


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


# --- tasks ------------------------------------------------------------------------------------------


def task_table(row: Row) -> Table:
    """Read the header of a file of tasks: a column of any other name is a field of the content.

    Raises
    ------
    InvalidInput
        ``csv_header``, also where a column is one of a key: labelers would read it.
    """
    table = Table.of(row)
    if told := [name for name in table.columns if name in _KEYS]:
        raise InvalidInput(
            f"the column {told[0]!r} would tell labelers the answer: push benchmarks to .../benchmarks, "
            "or take it out",
            code="csv_header",
        )
    _check_columns(table.columns, _TASKS)
    return table


def task_item(table: Table, row: Row, index: int) -> Item | None:
    """Read one task; None where the row is empty."""
    try:
        given = table.read(row)
        return _task(given) if given else None
    except InvalidInput as error:
        return ItemError(index, error.code, error.detail, str(error.facts.get("pointer", "")))


def _task(given: Mapping[str, str]) -> dict[str, Any]:
    item: dict[str, Any] = {"input": _content(given)}
    for name in ("unique_id", "deadline"):
        if name in given:
            item[name] = given[name].strip()
    if "priority" in given:
        item["priority"] = _number("priority", given["priority"], int)
    beside = {
        name.removeprefix("metadata."): cell for name, cell in given.items() if name.startswith("metadata.")
    }
    if "metadata" in given:
        item["metadata"] = _json("metadata", given["metadata"])
    elif beside:
        item["metadata"] = beside
    return item


def column_of(table: Table, pointer: str) -> str | None:
    """Name the column in which a task's error lies, by its JSON pointer below the task."""
    steps = pointer.split("/")[1:]
    for name in (".".join(steps[:2]), *steps[1:2], *steps[:1]):
        if name in table.columns:
            return name
    if steps[:2] == ["input", "options"] and len(steps) > 2 and steps[2].isdigit():
        options = _options(table.columns)
        return options[int(steps[2])] if int(steps[2]) < len(options) else None
    return None


# --- columns ----------------------------------------------------------------------------------------


def _check_columns(columns: Sequence[str], way_out: str) -> None:
    named = [name for name in columns if name]
    fields = [_field(name) for name in named]
    trouble = None
    if not named:
        trouble = "the first row names no column"
    elif len(columns) > _MAX_COLUMNS:
        trouble = f"the file has {len(columns)} columns, more than {_MAX_COLUMNS}"
    elif twice := [name for place, name in enumerate(named) if fields[place] in fields[:place]]:
        trouble = f"the column {twice[0]!r} stands there twice"
    elif "input" in named and any(map(_is_content, named)):
        trouble = "the content stands in `input` and in columns of its own"
    elif "metadata" in named and any(name.startswith("metadata.") for name in named):
        trouble = "the metadata stand in `metadata` and in columns of their own"
    elif "options" in fields and _options(named):
        trouble = "the options stand in `options` and in columns of their own"
    if trouble:
        raise InvalidInput(f"{trouble}: {way_out}", code="csv_header")


def _field(name: str) -> str:
    """What a column fills: `input.prompt` and `prompt` are one."""
    return name.removeprefix("input.")


def _is_content(name: str) -> bool:
    return name not in _BESIDE and not name.startswith("metadata.")


def _options(columns: Sequence[str]) -> list[str]:
    """Columns of options, in the order of their numbers."""
    numbered = [(int(found[1]), name) for name in columns if (found := _OPTION.fullmatch(name))]
    return [name for _, name in sorted(numbered)]


def _content(given: Mapping[str, str]) -> Any:
    if "input" in given:
        return _json("input", given["input"])
    options = _options(list(given))
    content: dict[str, Any] = {
        _field(name): cell for name, cell in given.items() if _is_content(name) and name not in options
    }
    if "options" in given:
        content["options"] = _json("options", given["options"])
    elif options:
        content["options"] = [given[name] for name in options]
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
