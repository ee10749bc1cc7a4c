"""Files of tasks, read while they come: CSV, and Label Studio's JSON."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from goldvein.api.lines import Items, by_line, line_too_long
from goldvein.api.pieces import Chunks, elements, rows
from goldvein.api.pushing import Where, nowhere, read_task, read_task_item
from goldvein.domain.errors import InvalidInput
from goldvein.domain.records import ItemError, TaskDraft
from goldvein.services import label_studio, tables
from goldvein.services.tables import Table

Read = TaskDraft | ItemError
JSON: Final = "application/json"
NDJSON: Final = "application/x-ndjson"
CSV: Final = "text/csv"


@dataclass(slots=True)
class CsvTasks:
    """Reads one task a row, and remembers on which line each stands: people look for errors there."""

    _table: Table | None = None
    _lines: list[int] = field(default_factory=list)

    async def items(self, chunks: Chunks) -> AsyncIterator[Read]:
        """Read the tasks of a body.

        Raises
        ------
        InvalidInput
            ``csv_header``, ``file_not_text``.
        """
        line = 1
        async for row in rows(chunks):
            line = line + 1 if row is None else row.line
            if self._table is None:
                self._table = _header(row)
                continue
            index = len(self._lines)
            item = line_too_long(index, "row") if row is None else tables.task_item(self._table, row, index)
            if item is not None:
                self._lines.append(line)
                yield read_task_item(item, index)

    def where(self, error: ItemError) -> Mapping[str, Any]:
        """Name the line and, where it is one column's, the column of an error."""
        assert self._table is not None
        pointer = error.pointer.removeprefix(f"/tasks/{error.index}")
        column = tables.column_of(self._table, pointer)
        return {"line": self._lines[error.index], **({"column": column} if column else {})}


def _header(row: tables.Row | None) -> Table:
    if row is None:
        raise InvalidInput("the first row is too long to be one of names of columns", code="csv_header")
    return tables.task_table(row)


def reader(
    kind: str, file_format: str | None, classes: Sequence[str] | None
) -> tuple[Items[TaskDraft], Where] | None:
    """Find what reads a file, by its media type, and what says more of the places of its errors."""
    if kind == NDJSON:
        return by_line(read_task, "task"), nowhere
    if kind == CSV:
        table = CsvTasks()
        return table.items, table.where
    if kind == JSON and file_format == "label-studio":
        return label_studio_tasks(classes), nowhere
    return None


def label_studio_tasks(classes: Sequence[str] | None) -> Items[TaskDraft]:
    """Read Label Studio's JSON: one task an element of the list."""

    async def items(chunks: Chunks) -> AsyncIterator[Read]:
        index = 0
        async for element, too_long in elements(chunks):
            yield line_too_long(index, "task") if too_long else _studio_task(element, index, classes)
            index += 1

    return items


def _studio_task(element: bytes, index: int, classes: Sequence[str] | None) -> Read:
    try:
        task = msgspec.json.decode(element)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return ItemError(index, "label_studio_task", f"the task cannot be read: {error}", "")
    return read_task_item(label_studio.read_task(task, index, classes), index)
