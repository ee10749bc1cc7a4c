"""Why people are on panels, or may not be, beside what their standings say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from goldvein.store.database import Transaction
from goldvein.store.queries import load

_queries = load("trust")


@dataclass(frozen=True, slots=True)
class Evidence:
    """A standing that may show somebody fit for the panels of other projects."""

    labeler: int
    project: int
    model_version: int
    posterior: bytes
    benchmarks: int
    at: datetime


@dataclass(frozen=True, slots=True)
class PanelLine:
    """Somebody on a project's panel, or barred from it."""

    labeler: int
    name: str
    role: str
    basis: str | None
    lower: float | None
    reason: str | None
    since: datetime | None
    has_standing: bool
    panel: str | None
    state: str | None
    benchmarks: int | None
    posterior: bytes | None
    model_version: int | None


def bases(tx: Transaction, project: int) -> dict[int, str]:
    """Map labelers to why they are on a project's panel, or may not be."""
    return dict(tx.execute(_queries.bases, {"project": project}).fetchall())


def basis(tx: Transaction, project: int, labeler: int) -> str | None:
    """Say why a labeler is on a project's panel, or barred from it; None who is neither."""
    row = tx.execute(_queries.basis, {"project": project, "labeler": labeler}).fetchone()
    return row[0] if row else None


def note(
    tx: Transaction, project: int, labeler: int, basis: str, reason: str, now: datetime, lower: float | None
) -> None:
    """Note why somebody is on a project's panel, or may not be, in place of what was noted before."""
    values = {"project": project, "labeler": labeler, "basis": basis, "reason": reason, "lower": lower}
    tx.execute(_queries.note, {**values, "now": now})


def forget(tx: Transaction, project: int, labeler: int) -> str | None:
    """Leave it to the standing whether somebody is on a project's panel; return what was noted."""
    row = tx.execute(_queries.forget, {"project": project, "labeler": labeler}).fetchone()
    return row[0] if row else None


def by_basis(tx: Transaction, project: int, basis: str) -> dict[int, float | None]:
    """Map those who are on a project's panel for a reason to what was certain of them."""
    return dict(tx.execute(_queries.by_basis, {"project": project, "basis": basis}).fetchall())


def shown(tx: Transaction, p: float, benchmarks: int, page: int = 5_000) -> Iterator[Evidence]:
    """List standings with so many benchmarks that deliver, by labeler; a labeler may be cut in two pages."""
    after = 0
    while True:
        values = {"after": after, "p": p, "benchmarks": benchmarks, "limit": page}
        rows = [Evidence(*row) for row in tx.execute(_queries.shown, values)]
        if len(rows) == page and rows[0].labeler != rows[-1].labeler:
            rows = [row for row in rows if row.labeler != rows[-1].labeler]
        yield from rows
        if not rows:
            return
        after = rows[-1].labeler


def dismissed_since(tx: Transaction, since: datetime) -> set[int]:
    """Find who was dismissed anywhere after a moment."""
    return {row[0] for row in tx.execute(_queries.dismissed_since, {"since": since})}


def panel(tx: Transaction, project: int) -> list[PanelLine]:
    """List everybody who may answer a project's candidates or is barred from it."""
    return [PanelLine(*row) for row in tx.execute(_queries.panel, {"project": project})]


def end_panel(tx: Transaction, project: int, labeler: int) -> str | None:
    """Let a standing say nothing of the panel any more; return what it said."""
    row = tx.execute(_queries.end_panel, {"project": project, "labeler": labeler}).fetchone()
    return row[0] if row else None


def follow_role(tx: Transaction, labeler: int, *, trusted: bool) -> None:
    """Let all standings say whether a labeler is appointed everywhere."""
    tx.execute(_queries.appoint_standings if trusted else _queries.end_appointments, {"labeler": labeler})


def projects_of(tx: Transaction, labeler: int) -> list[int]:
    """List the projects on whose panel a labeler is, or is barred from it."""
    return [row[0] for row in tx.execute(_queries.projects_of, {"labeler": labeler})]
