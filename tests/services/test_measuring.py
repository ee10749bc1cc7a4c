"""Measuring: accuracy worked out beside the way."""

from datetime import timedelta

from goldvein.services import measuring
from goldvein.store.database import Database
from tests.services.town import Town, knows


def test_few_people_are_measured_when_somebody_looks(db: Database) -> None:
    """Once a minute at most; what a job measured is shown as it is while many people work."""
    town = Town(db)
    assert measuring.latest(db, town.project.id, town.now) is None
    town.open_by_hand()
    town.hire("ann", knows(0.97))
    town.push(40)
    town.run(40)
    first = measuring.latest(db, town.project.id, town.now)
    assert first is not None
    assert first.accuracy["accuracy_on_benchmarks"] > 0.8
    assert measuring.latest(db, town.project.id, town.now + timedelta(seconds=30)) == first
    again = measuring.latest(db, town.project.id, town.now + timedelta(seconds=90))
    assert again is not None
    assert again.measured_at > first.measured_at
    with db.transaction() as tx:
        tx.execute("UPDATE projects SET admitted = 1000")
    assert measuring.latest(db, town.project.id, town.now + timedelta(days=1)) == again
