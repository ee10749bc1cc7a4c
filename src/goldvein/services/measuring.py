"""Measuring: how accurate a project's labels are, worked out beside the way for pages to show.

It takes the standings of all who deliver, so a job does it every few minutes. A project of few people is also
measured when somebody looks and the last time was more than a minute ago.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import numpy as np

from goldvein.services import accuracy
from goldvein.services.views import Views
from goldvein.store import measurements, projects, standings
from goldvein.store.database import Database
from goldvein.store.measurements import Measurement

_FEW: Final = 300
"""People who are measured while somebody waits."""
_FRESH: Final = timedelta(minutes=1)


def measure(db: Database, project: int, now: datetime) -> Measurement:
    """Measure now, and keep it.

    Raises
    ------
    NotFound
        If the project is not under way.
    """
    with db.connection() as tx:
        view = Views().one(tx, project)
        lines = list(standings.list_project(tx, project))
        found = accuracy.candidates(tx, view)
    rng = np.random.default_rng([project, view.project.revision])  # the same twice says the same
    measured = Measurement(now, accuracy.report(rng, view, lines, found))
    with db.transaction() as tx:
        measurements.save(tx, project, measured.accuracy, now)
    return measured


def latest(db: Database, project: int, now: datetime) -> Measurement | None:
    """Read what was last measured, or measure where that is quick; None where nobody has yet."""
    with db.connection() as tx:
        known, found = measurements.find(tx, project), projects.find(tx, project)
    is_old = known is None or now - known.measured_at > _FRESH
    if found is not None and is_old and found.state in ("open", "paused") and found.admitted <= _FEW:
        return measure(db, project, now)
    return known
