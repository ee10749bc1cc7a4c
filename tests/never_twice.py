"""What every live run ends with: nobody was handed equal content twice."""

from goldvein.store import facts
from goldvein.store.database import Database


def nobody_saw_twice(db: Database) -> None:
    """Compare the contents themselves, options in any order, not the hashes that dispatch goes by."""
    with db.snapshot() as tx:
        assert facts.seen_twice(tx) == []
