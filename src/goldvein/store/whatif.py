"""When things happened to answers and how they were drawn: what the steps of a standing leave out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from goldvein.store.database import Transaction
from goldvein.store.queries import load

_queries = load("whatif")


@dataclass(frozen=True, slots=True)
class Moment:
    """When an answer came and its task was due; when and why a hold of it ended unreleased, if it did.

    ``rate`` is the share of benchmarks at which its task was drawn; None where nothing else was left to give.
    """

    at: datetime
    due_at: datetime
    ended_at: datetime | None
    why: str | None
    rate: float | None


def moments(tx: Transaction, project: int, labelers: Sequence[int]) -> dict[int, Moment]:
    """Map the attempts that some labelers answered to when it all happened."""
    rows = tx.execute(_queries.moments, {"project": project, "labelers": list(labelers)})
    return {row[0]: Moment(*row[1:]) for row in rows}
