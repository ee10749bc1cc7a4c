"""Labels with their tasks, as customers look at them and take them away."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final, Literal

from goldvein.domain.records import Label
from goldvein.store.database import Transaction
from goldvein.store.labels import from_row
from goldvein.store.queries import load

_queries = load("labelled")
Place = tuple[int, int]
"""A task and a label: where reading goes on. Only the label counts where labels are read by their ids."""
FIRST: Final[Place] = (0, 0)
LAST: Final[Place] = (2**63 - 1, 2**63 - 1)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which labels a reader wants; what is None is no matter.

    ``batch`` is a batch's id, ``confidence`` and ``p`` are the least that a label must have: without a known
    confidence it is not wanted, but one that rests on no single labeler's standing has no p to be asked for.
    """

    batch: int | None = None
    state: Literal["current", "withdrawn", "all"] = "current"
    basis: str | None = None
    choice: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    confidence: float | None = None
    p: float | None = None


@dataclass(frozen=True, slots=True)
class Labelled:
    """A label with its task; ``input`` is None where nobody asked for the content."""

    label: Label
    pushed_at: datetime
    batch: str | None
    input: Mapping[str, Any] | None
    metadata: Mapping[str, Any] | None


def places(
    tx: Transaction, project: int, wanted: Wanted, place: Place, count: int, *, backwards: bool = False
) -> list[tuple[int, int | None]]:
    """List the next labels in the order in which they are read, as (task, label), wanted or not.

    At most ``count`` labels, or all labels of ``count`` tasks where a batch is read: then a task without a
    label is listed as well. Fewer only at the end.
    """
    values = {"project": project, "task": place[0], "label": place[1], "count": count}
    if wanted.batch is not None:
        statement = _queries.of_batch_before if backwards else _queries.of_batch_after
        values["batch"] = wanted.batch
    elif wanted.state == "withdrawn":
        statement = _queries.withdrawn_before if backwards else _queries.withdrawn_after
    else:
        statement = _queries.before if backwards else _queries.after
    return tx.execute(statement, values).fetchall()


def read(
    tx: Transaction, project: int, labels: Sequence[int], wanted: Wanted, *, content: bool = True
) -> list[Labelled]:
    """Read those of some labels that are wanted, in the order given."""
    if not labels:
        return []
    asked = {name: value for name, value in asdict(wanted).items() if name != "batch"}
    values = {"project": project, "labels": list(labels), "content": content, **asked}
    found = {row[0]: row for row in tx.execute(_queries.wanted, values)}
    return [_labelled(project, found[label]) for label in labels if label in found]


def _labelled(project: int, row: Sequence[Any]) -> Labelled:
    *label, pushed_at, batch, content, metadata = row
    return Labelled(from_row(project, label), pushed_at, batch, content, metadata)


def task_of(tx: Transaction, project: int, label: int) -> int | None:
    """Find the task of a label."""
    row = tx.execute(_queries.task_of, {"project": project, "label": label}).fetchone()
    return row[0] if row else None


def of_task(tx: Transaction, project: int, task: int) -> list[Labelled]:
    """List all labels that a task ever had, oldest first."""
    rows: Iterable[tuple[int]] = tx.execute(_queries.of_task, {"project": project, "task": task})
    return read(tx, project, [row[0] for row in rows], Wanted(state="all"))
