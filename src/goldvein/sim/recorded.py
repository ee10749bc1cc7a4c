"""Recorded crowds: answers that real people once gave, read from CSV or JSONL.

One answer a row: ``task,labeler,answer`` and, where known, ``truth,seconds,started_at,benchmark``. Task
content comes from a JSONL file of ``{"task", "input", "truth"?}``. Columns of other names are left alone.
"""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from goldvein.domain.errors import InvalidInput
from goldvein.domain.records import UNANSWERABLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

NO_ANSWER = frozenset({"", "na", "n/a", "nan", "null"})
"""Answers that say "none": too slow, not answerable. They are no class of their own."""

REQUIRED = ("task", "labeler", "answer")
MAX_CLASSES = 20


class CrowdError(InvalidInput):
    """The recorded crowd cannot be read."""

    code = "crowd_invalid"


@dataclass(frozen=True, slots=True)
class Row:
    """One recorded answer as it stands in the file."""

    line: int
    task: str
    labeler: str
    answer: str
    truth: str | None = None
    seconds: float | None = None
    started_at: datetime | None = None
    benchmark: bool = False


@dataclass(frozen=True, slots=True)
class RecordedTask:
    """A task that the crowd answered: its content and, for the report, its truth as an option."""

    name: str
    input: Mapping[str, Any]
    options: tuple[str, ...]
    truth: int | None
    benchmark: bool


@dataclass(frozen=True, slots=True)
class RecordedAnswer:
    """One answer: the places of its task and labeler in the crowd, and the option (or `UNANSWERABLE`)."""

    task: int
    labeler: int
    choice: int
    seconds: float | None
    started_at: datetime | None


@dataclass(frozen=True, slots=True)
class Crowd:
    """A recorded crowd, ready to be replayed."""

    name: str
    tasks: tuple[RecordedTask, ...]
    labelers: tuple[str, ...]
    answers: tuple[RecordedAnswer, ...]
    classes: tuple[str, ...] | None
    repeats: int

    @property
    def is_full_matrix(self) -> bool:
        """Whether everybody answered everything, so that anybody can be asked for anything."""
        return len(self.answers) == len(self.tasks) * len(self.labelers)

    @property
    def has_clock(self) -> bool:
        """Whether the record says when each answer began."""
        return all(answer.started_at is not None for answer in self.answers)

    @property
    def unanswerable(self) -> int:
        """Answers outside the options."""
        return sum(answer.choice == UNANSWERABLE for answer in self.answers)


def read_rows(path: Path) -> Iterator[Row]:
    """Stream the answers of a crowd file: JSON lines if it ends in jsonl, ndjson or json, else CSV.

    Raises
    ------
    CrowdError
        At the first row that breaks a rule, with its line, the value, the rule and the way out.
    """
    lines = _json_lines(path) if path.suffix.lower() in {".jsonl", ".ndjson", ".json"} else _csv_lines(path)
    for line, fields in lines:
        yield _row(path, line, fields)


def read_contents(path: Path) -> dict[str, Mapping[str, Any]]:
    """Read task contents: a map from the task's name to its row.

    Raises
    ------
    CrowdError
        Where a row has no ``task`` or ``input``, or a task stands there twice.
    """
    contents: dict[str, Mapping[str, Any]] = {}
    for line, fields in _json_lines(path):
        task, content = fields.get("task"), fields.get("input")
        if not isinstance(task, str | int) or not isinstance(content, dict):
            raise _error(path, line, 'a task row needs `task` and `input`, as {"task": "t1", "input": {...}}')
        if str(task) in contents:
            raise _error(path, line, f"task {task!r} stood there before: give every task one row")
        contents[str(task)] = fields
    return contents


def load_crowd(path: Path, tasks_path: Path | None = None, *, classes: Sequence[str] | None = None) -> Crowd:
    """Read a recorded crowd and decide what its tasks can be answered with.

    With contents that hold ``options``, an answer is the option's index, or its text. Without, the answers
    that occur are the classes, sorted, unless they are given. An answer outside them counts as "cannot be
    answered".

    Parameters
    ----------
    path : Path
        The answers.
    tasks_path : Path, optional
        The contents.
    classes : sequence of str, optional
        The classes in their order, for a crowd that does not show all of them.

    Raises
    ------
    CrowdError
        If a file cannot be read or its rows contradict each other.
    """
    rows, repeats = _without_repeats(read_rows(path))
    if not rows:
        raise CrowdError(f"{path} holds no answers: give it rows of task,labeler,answer")
    contents = read_contents(tasks_path) if tasks_path is not None else {}
    has_options = any("options" in content["input"] for content in contents.values())
    chosen = None if has_options else _classes(path, rows, classes)
    tasks = _tasks(path, rows, contents, chosen)
    task_places = {task.name: place for place, task in enumerate(tasks)}
    labelers = tuple(dict.fromkeys(row.labeler for row in rows))
    labeler_places = {labeler: place for place, labeler in enumerate(labelers)}
    return Crowd(
        name=path.stem if path.stem != "answers" else path.parent.name,
        tasks=tasks,
        labelers=labelers,
        answers=tuple(
            RecordedAnswer(
                task=task_places[row.task],
                labeler=labeler_places[row.labeler],
                choice=choice_of(row.answer, tasks[task_places[row.task]].options, by_index=chosen is None),
                seconds=row.seconds,
                started_at=row.started_at,
            )
            for row in rows
        ),
        classes=chosen,
        repeats=repeats,
    )


def choice_of(answer: str, options: Sequence[str], *, by_index: bool) -> int:
    """Find the option that an answer names; `UNANSWERABLE` where it names none.

    Classes are named by their text. Options are named by their index (``by_index``), or by a text that is
    no number.

    >>> choice_of("cat", ("ant", "cat"), by_index=False), choice_of("na", ("ant", "cat"), by_index=False)
    (1, -1)
    >>> choice_of("1", ("3", "1", "2"), by_index=True), choice_of("1", ("3", "1", "2"), by_index=False)
    (1, 1)
    >>> choice_of("2", ("3", "1", "2"), by_index=True), choice_of("3", ("3", "1", "2"), by_index=True)
    (2, -1)
    """
    if by_index and answer.isascii() and answer.isdigit():
        return int(answer) if int(answer) < len(options) else UNANSWERABLE
    return options.index(answer) if answer in options else UNANSWERABLE


def answers_of(crowd: Crowd) -> dict[tuple[int, int], RecordedAnswer]:
    """Index the answers by (labeler, task)."""
    return {(answer.labeler, answer.task): answer for answer in crowd.answers}


def _without_repeats(rows: Iterable[Row]) -> tuple[list[Row], int]:
    """Keep the first answer of each labeler to each task; nobody answers a task twice."""
    seen: dict[tuple[str, str], Row] = {}
    count = 0
    for row in rows:
        count += 1
        seen.setdefault((row.task, row.labeler), row)
    return list(seen.values()), count - len(seen)


def _classes(path: Path, rows: Iterable[Row], given: Sequence[str] | None) -> tuple[str, ...]:
    found = set(given) if given else {row.answer for row in rows if row.answer.lower() not in NO_ANSWER}
    if not 2 <= len(found) <= MAX_CLASSES:
        raise CrowdError(
            f"{path} holds {len(found)} different answers; from 2 to {MAX_CLASSES} can be classes: "
            "give the tasks' options with --tasks, or the classes with --classes"
        )
    return tuple(given) if given else tuple(sorted(found, key=_class_order))


def _class_order(name: str) -> tuple[bool, int, str]:
    """Sort whole numbers as numbers, before texts."""
    is_number = name.isascii() and name.isdigit()
    return (not is_number, int(name) if is_number else 0, name)


def _tasks(
    path: Path,
    rows: Sequence[Row],
    contents: Mapping[str, Mapping[str, Any]],
    classes: tuple[str, ...] | None,
) -> tuple[RecordedTask, ...]:
    tasks: dict[str, RecordedTask] = {}
    for row in rows:
        if row.task not in tasks:
            tasks[row.task] = _task(path, row, contents, classes)
        options = tasks[row.task].options
        truth = None if row.truth is None else _truth(path, row, options, by_index=classes is None)
        known = tasks[row.task]
        if truth is not None and known.truth not in {None, truth}:
            raise _error(
                path,
                row.line,
                f"task {row.task!r} had another truth in an earlier row: one task has one truth",
            )
        if truth is not None or row.benchmark:
            tasks[row.task] = replace(
                known,
                truth=known.truth if truth is None else truth,
                benchmark=known.benchmark or row.benchmark,
            )
    for task in tasks.values():
        if task.benchmark and task.truth is None:
            raise CrowdError(
                f"{path}: task {task.name!r} is marked as a benchmark but has no truth: add its key"
            )
    return tuple(tasks.values())


def _task(
    path: Path, row: Row, contents: Mapping[str, Mapping[str, Any]], classes: tuple[str, ...] | None
) -> RecordedTask:
    if contents and row.task not in contents:
        raise _error(
            path,
            row.line,
            f"task {row.task!r} has no content: add its row to the tasks file, or leave --tasks out",
        )
    fields = contents.get(row.task, {"input": {"task": row.task}})
    content = {key: value for key, value in fields["input"].items() if classes is None or key != "options"}
    if classes is None and not isinstance(content.get("options"), list):
        raise _error(
            path,
            row.line,
            f"task {row.task!r} has no `options` where others have: give every task a list of them",
        )
    options = tuple(str(option) for option in content["options"]) if classes is None else classes
    truth = fields.get("truth")
    return RecordedTask(
        name=row.task,
        input=content,
        options=options,
        truth=None if truth is None else _named(choice_of(str(truth), options, by_index=classes is None)),
        benchmark=False,
    )


def _truth(path: Path, row: Row, options: Sequence[str], *, by_index: bool) -> int | None:
    assert row.truth is not None
    if row.truth.lower() in NO_ANSWER:
        return None
    choice = choice_of(row.truth, options, by_index=by_index)
    if choice == UNANSWERABLE:
        raise _error(
            path,
            row.line,
            f"truth {row.truth!r} is none of the {len(options)} options: name one by its index or text",
        )
    return choice


def _named(choice: int) -> int | None:
    return None if choice == UNANSWERABLE else choice


def _csv_lines(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    with _opened(path) as file:
        reader = csv.DictReader(file)
        try:
            header = reader.fieldnames or ()
            missing = [name for name in REQUIRED if name not in header]
            if missing:
                raise _error(
                    path, 1, f"column {missing[0]!r} is missing: the first line names {','.join(REQUIRED)}"
                )
            for fields in reader:
                if None in fields or None in fields.values():
                    raise _error(
                        path, reader.line_num, f"the row has not {len(header)} fields as the first line has"
                    )
                yield reader.line_num, fields
        except csv.Error as error:
            raise _error(
                path, reader.line_num, f"not CSV ({error}): quote fields that hold commas or quotes"
            ) from error
        except UnicodeDecodeError as error:
            raise _error(
                path, reader.line_num + 1, f"not UTF-8 ({error.reason}): save the file as UTF-8"
            ) from error


def _json_lines(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    with _opened(path) as file:
        number = 0
        try:
            for number, line in enumerate(file, start=1):
                if not line.strip():
                    continue
                fields = json.loads(line)
                if not isinstance(fields, dict):
                    raise _error(path, number, "one JSON object a line is wanted")
                yield number, fields
        except json.JSONDecodeError as error:
            raise _error(path, number, f"not JSON ({error}): write one object a line") from error
        except UnicodeDecodeError as error:
            raise _error(path, number + 1, f"not UTF-8 ({error.reason}): save the file as UTF-8") from error


def _opened(path: Path) -> Any:
    try:
        return path.open(encoding="utf-8-sig", newline="")
    except OSError as error:
        raise CrowdError(f"{path} cannot be opened: {error.strerror}", code="crowd_unreadable") from error


def _row(path: Path, line: int, fields: Mapping[str, Any]) -> Row:
    for name in REQUIRED:
        if fields.get(name) is None or (name != "answer" and not str(fields[name]).strip()):
            raise _error(path, line, f"`{name}` is missing: every row has task, labeler and answer")
    truth = fields.get("truth")
    return Row(
        line=line,
        task=str(fields["task"]),
        labeler=str(fields["labeler"]),
        answer=str(fields["answer"]).strip(),
        truth=None if truth is None or not str(truth).strip() else str(truth).strip(),
        seconds=_seconds(path, line, fields.get("seconds")),
        started_at=_started_at(path, line, fields.get("started_at")),
        benchmark=_benchmark(path, line, fields.get("benchmark")),
    )


def _seconds(path: Path, line: int, value: Any) -> float | None:
    if value is None or str(value).strip().lower() in NO_ANSWER:
        return None
    try:
        seconds = float(value)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < 1e9:
        raise _error(
            path, line, f"seconds {value!r} is no time spent: write a number from 0, or leave it empty"
        )
    return seconds


def _started_at(path: Path, line: int, value: Any) -> datetime | None:
    if value is None or not str(value).strip():
        return None
    try:
        return datetime.fromtimestamp(0, UTC) + timedelta(seconds=float(value))
    except (ValueError, OverflowError):
        pass
    try:
        moment = datetime.fromisoformat(str(value).strip())
    except ValueError as error:
        raise _error(
            path, line, f"started_at {value!r} is no time: write ISO 8601 (2026-03-01T10:00:00Z) or seconds"
        ) from error
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _benchmark(path: Path, line: int, value: Any) -> bool:
    text = str(value if value is not None else "").strip().lower()
    if text not in {"", "0", "1", "true", "false"}:
        raise _error(
            path, line, f"benchmark {value!r} is neither 1 (truth is a key) nor 0: write one of them"
        )
    return text in {"1", "true"}


def _error(path: Path, line: int, what: str) -> CrowdError:
    return CrowdError(f"{path}, line {line}: {what}", line=line)
