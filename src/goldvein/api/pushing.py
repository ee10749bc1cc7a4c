"""A push, item by item: the good ones are kept, the bad ones are named."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

import msgspec
from litestar import Response

from goldvein import wire
from goldvein.api import bodies, replies
from goldvein.domain.errors import GoldveinError
from goldvein.domain.records import ItemError, PushResult, TaskDraft
from goldvein.services import importing, label_studio, tables
from goldvein.services.benchmarks import ManualBenchmark
from goldvein.services.importing import Item

T = TypeVar("T")
FileKind = Literal["json", "jsonl", "csv", "label-studio"]
"""What a file of benchmarks can be."""

_task = msgspec.json.Decoder(wire.TaskNew)
_benchmark = msgspec.json.Decoder(wire.BenchmarkNew)
_push = msgspec.json.Decoder(wire.RawBenchmarks)


class PushRefused(GoldveinError):
    """None of the items could be taken: `errors` says why, one by one."""

    status = 422
    code = "all_refused"


class PushConflict(PushRefused):
    """The one task of the push fights one that is there."""

    status = 409


def read_task(raw: bytes | msgspec.Raw, index: int, place: str) -> TaskDraft | ItemError:
    """Read one task, or say what is wrong with it."""
    task = _read(_task, raw, index, place)
    if isinstance(task, ItemError):
        return task
    return TaskDraft(index, task.input, task.unique_id, task.metadata, task.priority, task.deadline)


def read_benchmark(raw: bytes | msgspec.Raw, index: int, place: str) -> ManualBenchmark | ItemError:
    """Read one benchmark, or say what is wrong with it."""
    item = _read(_benchmark, raw, index, place)
    if isinstance(item, ItemError):
        return item
    return ManualBenchmark(
        index,
        item.input,
        item.key,
        item.key_right,
        item.unique_id,
        item.expected_response,
        item.initial_response,
        item.explanation,
    )


def read_push(content: bytes) -> Iterator[ManualBenchmark | ItemError]:
    """Read a JSON push of benchmarks, one by one."""
    push = bodies.decode(content, _push)
    return (read_benchmark(raw, index, f"/benchmarks/{index}") for index, raw in enumerate(push.benchmarks))


def read_item(item: Item, index: int) -> ManualBenchmark | ItemError:
    """Read one benchmark of a file, as one of a push is read."""
    return _reread(item, index, read_benchmark)


def read_task_item(item: Item, index: int) -> TaskDraft | ItemError:
    """Read one task of a file, as one of a push is read."""
    return _reread(item, index, read_task)


def _reread(item: Item, index: int, read: Callable[[bytes, int, str], T | ItemError]) -> T | ItemError:
    if isinstance(item, ItemError):
        return item
    try:
        raw = json.dumps(item).encode()
    except (RecursionError, ValueError) as error:
        return ItemError(index, "invalid_input", f"the item cannot be written as JSON: {error}", "")
    return read(raw, index, "")


def read_file(
    kind: FileKind, content: bytes, classes: Sequence[str] | None
) -> Iterator[ManualBenchmark | ItemError]:
    """Read the benchmarks of a whole file, one by one.

    Raises
    ------
    InvalidInput
        What is wrong with the file as a whole; some of it while the items are read.
    """
    if kind == "json":
        return read_push(content)
    if kind == "jsonl":
        return _read_lines(content)
    read = tables.read_csv if kind == "csv" else label_studio.read_label_studio
    return (read_item(item, index) for index, item in enumerate(read(content, classes)))


def _read_lines(content: bytes) -> Iterator[ManualBenchmark | ItemError]:
    for index, line in enumerate(line for line in content.split(b"\n") if line.strip()):
        if index == importing.MAX_ROWS:
            raise importing.too_long(importing.MAX_ROWS)
        yield read_benchmark(line, index, "")


def _read(
    decoder: msgspec.json.Decoder[T], raw: bytes | msgspec.Raw, index: int, place: str
) -> T | ItemError:
    try:
        return bodies.decode(bytes(raw), decoder, place=place)
    except GoldveinError as error:
        return bodies.item_error(error, index, place)


Where = Callable[[ItemError], Mapping[str, Any]]
"""Says more of the place of an error than its index and pointer do."""


def nowhere(_: ItemError) -> Mapping[str, Any]:
    """Nothing more."""
    return {}


@dataclass(slots=True)
class Tally:
    """What has become of the items so far."""

    batch: str | None = None
    where: Where = nowhere
    tasks: list[wire.PushedTask] = field(default_factory=list)
    errors: list[wire.ItemProblem] = field(default_factory=list)

    def refuse(self, errors: Sequence[ItemError]) -> None:
        """Count items that were refused."""
        for error in errors:
            problem = replies.item_problem(error)
            problem.facts |= self.where(error)
            self.errors.append(problem)

    def add(self, result: PushResult) -> None:
        """Count what a service did."""
        self.tasks.extend(
            wire.PushedTask(index=task.index, id=task.id, unique_id=task.unique_id, created=task.created)
            for task in result.tasks
        )
        self.refuse(result.errors)

    def reply(self) -> Response[bytes]:
        """201 where all were taken, 207 where some were; an error where none was."""
        return replies.reply(self.pushed(), 207 if self.errors else 201)

    def pushed(self) -> wire.Pushed:
        """Say what was taken and what was refused.

        Raises
        ------
        PushRefused
            If nothing was taken.
        """
        self.tasks.sort(key=lambda task: task.index)
        self.errors.sort(key=lambda error: error.index or 0)
        if not self.tasks:
            raise self._refusal()
        created = sum(task.created for task in self.tasks)
        return wire.Pushed(
            batch=self.batch,
            created=created,
            existing=len(self.tasks) - created,
            refused=len(self.errors),
            tasks=self.tasks,
            errors=self.errors,
        )

    def _refusal(self) -> GoldveinError:
        """One item speaks for itself; several are listed."""
        if len(self.errors) == 1:
            only = self.errors[0]
            kind = PushConflict if only.code == "duplicate_unique_id" else PushRefused
            return kind(only.detail, code=only.code, errors=self.errors, **only.facts)
        return PushRefused(
            f"none of the {len(self.errors)} items could be taken: `errors` says why, one by one",
            errors=self.errors,
        )
