"""Recorded crowds: answers that real people once gave, a row each (`recorded_rows`).

Task content comes from a JSONL file of ``{"task", "input", "truth"?}``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from goldvein.domain.records import UNANSWERABLE
from goldvein.sim.recorded_rows import NO_ANSWER, CrowdError, Row, error_at, json_lines, read_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

MAX_CLASSES = 20


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


def read_contents(path: Path) -> dict[str, Mapping[str, Any]]:
    """Read task contents: a map from the task's name to its row.

    Raises
    ------
    CrowdError
        Where a row has no ``task`` or ``input``, or a task stands there twice.
    """
    contents: dict[str, Mapping[str, Any]] = {}
    for line, fields in json_lines(path):
        task, content = fields.get("task"), fields.get("input")
        if not isinstance(task, str | int) or not isinstance(content, dict):
            raise error_at(
                path, line, 'a task row needs `task` and `input`, as {"task": "t1", "input": {...}}'
            )
        if str(task) in contents:
            raise error_at(path, line, f"task {task!r} stood there before: give every task one row")
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
            raise error_at(
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
        raise error_at(
            path,
            row.line,
            f"task {row.task!r} has no content: add its row to the tasks file, or leave --tasks out",
        )
    fields = contents.get(row.task, {"input": {"task": row.task}})
    content = {key: value for key, value in fields["input"].items() if classes is None or key != "options"}
    if classes is None and not isinstance(content.get("options"), list):
        raise error_at(
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
        raise error_at(
            path,
            row.line,
            f"truth {row.truth!r} is none of the {len(options)} options: name one by its index or text",
        )
    return choice


def _named(choice: int) -> int | None:
    return None if choice == UNANSWERABLE else choice
