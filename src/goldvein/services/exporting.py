"""Files of labels: each format writes labels page by page, and holds no more than a page.

Pure: nothing is read or stored here.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import msgspec

from goldvein.domain.errors import Conflict, InvalidInput
from goldvein.domain.records import Project
from goldvein.services import label_studio
from goldvein.services.delivery import label_json
from goldvein.store.labelled import Labelled

_encode = msgspec.json.Encoder().encode
_FORMULA: Final = re.compile(r"'*[=+\-@\t\r]")
"""What a spreadsheet would take for a formula, or what was written here so that it does not."""


class Writer(Protocol):
    """Writes one file, from its first byte to its last."""

    def begin(self) -> bytes:
        """What comes before all labels."""

    def page(self, labels: Sequence[Labelled]) -> bytes:
        """Write some labels; what cannot be written yet comes with a later page, or in the end."""

    def end(self) -> bytes:
        """What comes after all labels."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How a file is written.

    Parameters
    ----------
    classes : sequence of str, optional
        The project's.
    continued : bool
        The file goes on where another one ended, so a header of columns is left out.
    content : bool
        The labels have their tasks' content.
    every_pair : bool
        What was chosen is set against each other option, not against one of them.
    """

    classes: Sequence[str] | None = None
    continued: bool = False
    content: bool = True
    every_pair: bool = True


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of file: ``about`` says in a line whom it is for.

    ``needs_texts``: it says nothing where the texts of the options are gone.
    """

    name: str
    title: str
    about: str
    suffix: str
    media_type: str
    make: Callable[[Layout], Writer]
    needs_options: bool = False
    needs_texts: bool = False
    needs_content: bool = True


Rows = Callable[[Labelled], Iterator[dict[str, Any]]]
"""What a file says of one label."""


class Lines:
    """One JSON object a line."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def begin(self) -> bytes:
        """Nothing."""
        return b""

    def page(self, labels: Sequence[Labelled]) -> bytes:
        """Write their lines."""
        return b"".join(_encode(row) + b"\n" for one in labels for row in self._rows(one))

    def end(self) -> bytes:
        """Nothing."""
        return b""


class Listing:
    """One JSON list, an element a line, so that the lists of several files can be joined."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._before = b"\n"

    def begin(self) -> bytes:
        """Open it."""
        return b"["

    def page(self, labels: Sequence[Labelled]) -> bytes:
        """Write their elements."""
        parts = []
        for one in labels:
            for row in self._rows(one):
                parts += [self._before, _encode(row)]
                self._before = b",\n"
        return b"".join(parts)

    def end(self) -> bytes:
        """Close it."""
        return b"\n]\n"


COLUMNS: Final = (
    "id", "task", "unique_id", "batch", "choice", "value", "basis", "labeler", "confidence", "p_benchmarks",
    "p_all", "benchmarks", "state", "policy", "answered_at", "delivered_at", "replaces", "prompt", "input",
    "metadata",
)  # fmt: skip
"""Columns of a table of labels."""


def table_row(one: Labelled) -> list[Any]:
    """The cells of a label, in the order of ``COLUMNS``; content that has a shape of its own is JSON."""
    label, content = one.label, one.input or {}
    answer, prompt = label.answer, content.get("prompt")
    return [
        label.id, label.task, label.unique_id, one.batch, answer.get("choice"), answer.get("value"),
        label.basis, label.labeler, label.confidence, label.p_benchmarks, label.p_all, label.benchmarks,
        label.standing_state, label.policy_version, label.answered_at, label.delivered_at, label.replaces,
        prompt if isinstance(prompt, str) else None, _json(content),
        None if one.metadata is None else _json(one.metadata),
    ]  # fmt: skip


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


class Csv:
    """A table for spreadsheets: a text that one would take for a formula has an apostrophe before it."""

    def __init__(self, layout: Layout) -> None:
        self._continued = layout.continued

    def begin(self) -> bytes:
        """Name the columns, unless the file goes on."""
        return b"" if self._continued else (",".join(COLUMNS) + "\r\n").encode()

    def page(self, labels: Sequence[Labelled]) -> bytes:
        """Write their rows."""
        text = io.StringIO()
        csv.writer(text).writerows([_cell(value) for value in table_row(one)] for one in labels)
        return text.getvalue().encode()

    def end(self) -> bytes:
        """Nothing."""
        return b""


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        return f"'{value}" if _FORMULA.match(value) else value
    return value.isoformat() if hasattr(value, "isoformat") else value


# --- one label in each format -----------------------------------------------------------------------


def _label(one: Labelled) -> Iterator[dict[str, Any]]:
    yield label_json(one.label)


def _label_with_content(one: Labelled) -> Iterator[dict[str, Any]]:
    yield {
        **label_json(one.label),
        "batch": one.batch,
        "input": one.input,
        "metadata": one.metadata,
    }


def preferences(one: Labelled, *, every_pair: bool) -> Iterator[dict[str, Any]]:
    """Set what was chosen against what was not, as TRL's preference data sets have it.

    A prompt of messages makes a conversation, a prompt of text a text. With ``every_pair`` false the option
    that it is set against is drawn by the label's id, the same each time.
    """
    content = one.input or {}
    prompt, choice = prompt_of(content), one.label.answer["choice"]
    others = [option for place, option in enumerate(content["options"]) if place != choice]
    if not every_pair:
        others = [others[one.label.id % len(others)]]
    turn = _message if isinstance(prompt, list) else str
    for other in others:
        yield {"prompt": prompt, "chosen": turn(content["options"][choice]), "rejected": turn(other)}


def _message(text: str) -> Any:
    return [{"role": "assistant", "content": text}]


def prompt_of(content: Mapping[str, Any]) -> Any:
    """The prompt: a text or a list of messages under this name, or else all other texts of the content."""
    prompt = content.get("prompt")
    if isinstance(prompt, str):
        return prompt
    if isinstance(prompt, list) and prompt and all(_is_message(turn) for turn in prompt):
        return prompt
    texts = [value for name, value in content.items() if name != "options" and isinstance(value, str)]
    return "\n\n".join(texts)


def _is_message(turn: Any) -> bool:
    return (
        isinstance(turn, dict) and isinstance(turn.get("role"), str) and isinstance(turn.get("content"), str)
    )


def best_of(one: Labelled) -> Iterator[dict[str, Any]]:
    """Query, samples and the number of the best, as OpenAI's lm-human-preferences has them, but as texts."""
    content = one.input or {}
    prompt = prompt_of(content)
    query = prompt if isinstance(prompt, str) else "\n\n".join(turn["content"] for turn in prompt)
    samples = {f"sample{place}": option for place, option in enumerate(content["options"])}
    yield {"query": query, **samples, "best": one.label.answer["choice"]}


# --- the formats ------------------------------------------------------------------------------------


def _make_lines(layout: Layout) -> Writer:
    return Lines(_label_with_content if layout.content else _label)


def _make_trl(layout: Layout) -> Writer:
    return Lines(_of_texts(lambda one: preferences(one, every_pair=layout.every_pair)))


def _make_openai(_: Layout) -> Writer:
    return Listing(_of_texts(best_of))


def _make_label_studio(layout: Layout) -> Writer:
    return Listing(_of_texts(lambda one: iter((label_studio.write_task(one, layout.classes),))))


def _of_texts(rows: Rows) -> Rows:
    """Rows that an erasure under way breaks off: what was written before is right, and blanks are not."""

    def kept(one: Labelled) -> Iterator[dict[str, Any]]:
        if "" in (one.input or {}).get("options", ()):
            raise Conflict(
                f"the texts of label {one.label.id} were erased while its file was written: use jsonl, csv "
                "or parquet",
                code="contents_erased",
            )
        return rows(one)

    return kept


def _make_parquet(layout: Layout) -> Writer:
    from goldvein.services.parquet import Parquet

    return Parquet(layout)


FORMATS: Final[Mapping[str, Format]] = {
    one.name: one
    for one in (
        Format(
            "jsonl", "JSON Lines", "One label a line, as the API gives it.",
            ".jsonl", "application/x-ndjson", _make_lines, needs_content=False,
        ),
        Format(
            "csv", "CSV", "A table for spreadsheets, a label a row.", ".csv", "text/csv; charset=utf-8", Csv
        ),
        Format(
            "parquet", "Parquet", "The same table with types, for pandas, Polars, DuckDB and datasets.",
            ".parquet", "application/vnd.apache.parquet", _make_parquet,
        ),
        Format(
            "trl", "TRL preferences", "prompt, chosen and rejected, for DPOTrainer and RewardTrainer.",
            ".trl.jsonl", "application/x-ndjson", _make_trl, needs_options=True, needs_texts=True,
        ),
        Format(
            "openai", "OpenAI best-of-K", "query, sample0 ... and best, as lm-human-preferences reads them.",
            ".openai.json", "application/json", _make_openai, needs_options=True, needs_texts=True,
        ),
        Format(
            "label-studio", "Label Studio", "Tasks with annotations, to be imported there.",
            ".label-studio.json", "application/json", _make_label_studio, needs_texts=True,
        ),
    )
}  # fmt: skip
"""Kinds of files, by their names."""


def format_for(name: str, project: Project) -> Format:
    """Find a format that can hold the labels of a project.

    Raises
    ------
    InvalidInput
        ``format_unsupported``, ``format_needs_options``.
    Conflict
        ``contents_erased``.
    """
    kind = FORMATS.get(name)
    if kind is None:
        raise InvalidInput(
            f"format {name!r} is not written here: use {' or '.join(FORMATS)}",
            code="format_unsupported",
            parameter="format",
            supported=list(FORMATS),
        )
    if kind.needs_options and project.classes is not None:
        raise InvalidInput(
            f"{name} compares the options of each task, but project {project.id} has classes: "
            "use jsonl, csv, parquet or label-studio",
            code="format_needs_options",
            parameter="format",
        )
    if kind.needs_texts and project.classes is None and project.contents != "kept":
        raise Conflict(
            f"{name} needs texts of options, and those of project {project.id} were erased: use jsonl, "
            "csv or parquet",
            code="contents_erased",
            parameter="format",
        )
    return kind
