"""Rows of a recorded crowd: one answer each, from CSV or JSONL.

``task,labeler,answer`` and, where known, ``truth,seconds,started_at,benchmark``. Columns of other names are
left alone.
"""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from goldvein.domain.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

NO_ANSWER = frozenset({"", "na", "n/a", "nan", "null"})
"""Answers that say "none": too slow, not answerable. They are no class of their own."""

REQUIRED = ("task", "labeler", "answer")


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


def read_rows(path: Path) -> Iterator[Row]:
    """Stream the answers of a crowd file: JSON lines if it ends in jsonl, ndjson or json, else CSV.

    Raises
    ------
    CrowdError
        At the first row that breaks a rule, with its line, the value, the rule and the way out.
    """
    lines = json_lines(path) if path.suffix.lower() in {".jsonl", ".ndjson", ".json"} else _csv_lines(path)
    for line, fields in lines:
        yield _row(path, line, fields)


def _csv_lines(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    with _opened(path) as file:
        reader = csv.DictReader(file)
        try:
            header = reader.fieldnames or ()
            missing = [name for name in REQUIRED if name not in header]
            if missing:
                raise error_at(
                    path, 1, f"column {missing[0]!r} is missing: the first line names {','.join(REQUIRED)}"
                )
            for fields in reader:
                if None in fields or None in fields.values():
                    raise error_at(
                        path, reader.line_num, f"the row has not {len(header)} fields as the first line has"
                    )
                yield reader.line_num, fields
        except csv.Error as error:
            raise error_at(
                path, reader.line_num, f"not CSV ({error}): quote fields that hold commas or quotes"
            ) from error
        except UnicodeDecodeError as error:
            raise error_at(
                path, reader.line_num + 1, f"not UTF-8 ({error.reason}): save the file as UTF-8"
            ) from error


def json_lines(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Stream JSON objects, one a line, with the numbers of their lines."""
    with _opened(path) as file:
        number = 0
        try:
            for number, line in enumerate(file, start=1):
                if not line.strip():
                    continue
                fields = json.loads(line)
                if not isinstance(fields, dict):
                    raise error_at(path, number, "one JSON object a line is wanted")
                yield number, fields
        except json.JSONDecodeError as error:
            raise error_at(path, number, f"not JSON ({error}): write one object a line") from error
        except UnicodeDecodeError as error:
            raise error_at(path, number + 1, f"not UTF-8 ({error.reason}): save the file as UTF-8") from error


def _opened(path: Path) -> Any:
    try:
        return path.open(encoding="utf-8-sig", newline="")
    except OSError as error:
        raise CrowdError(f"{path} cannot be opened: {error.strerror}", code="crowd_unreadable") from error


def _row(path: Path, line: int, fields: Mapping[str, Any]) -> Row:
    for name in REQUIRED:
        if fields.get(name) is None or (name != "answer" and not str(fields[name]).strip()):
            raise error_at(path, line, f"`{name}` is missing: every row has task, labeler and answer")
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
        raise error_at(
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
        raise error_at(
            path, line, f"started_at {value!r} is no time: write ISO 8601 (2026-03-01T10:00:00Z) or seconds"
        ) from error
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _benchmark(path: Path, line: int, value: Any) -> bool:
    text = str(value if value is not None else "").strip().lower()
    if text not in {"", "0", "1", "true", "false"}:
        raise error_at(
            path, line, f"benchmark {value!r} is neither 1 (truth is a key) nor 0: write one of them"
        )
    return text in {"1", "true"}


def error_at(path: Path, line: int, what: str) -> CrowdError:
    """What is wrong with a line."""
    return CrowdError(f"{path}, line {line}: {what}", line=line)
