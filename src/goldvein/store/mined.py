"""Tasks that went to the panel, whatever became of them: what they say about ordinary tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from goldvein.store.queries import load

if TYPE_CHECKING:
    from goldvein.store.database import Transaction

_queries = load("mined")


def latest(tx: Transaction, project: int, limit: int = 2_000) -> dict[int, int | None]:
    """Map the tasks mined last to the number of their options; null for tasks of a project with classes."""
    return dict(tx.execute(_queries.latest, {"project": project, "limit": limit}).fetchall())
