"""The loop end to end in virtual time, through the real services."""

from collections import Counter

from goldvein.services import delivery, projects
from goldvein.services.verification import verify
from goldvein.store.database import Database
from tests.services.town import Town, guesses, knows


def test_benchmarks_are_mined_the_crowd_is_let_in_and_guessers_deliver_nothing(db: Database) -> None:
    """A project opens by itself, and labels come from those who can answer."""
    town = Town(db)
    town.push(600)
    for n in range(4):
        town.hire(f"trusted {n}", knows(0.97), "trusted")
    good = {town.hire(f"good {n}", knows(0.9)) for n in range(8)}
    bad = {town.hire(f"bad {n}", guesses) for n in range(4)}

    town.run(200)

    project = projects.get(db, town.project.id, None)
    assert project.state == "open"
    events, _ = delivery.events(db, project.id, 0, 10_000)
    labels = [event.label for event in events if event.label]
    right = [label.answer["value"].startswith("right") for label in labels]
    with db.connection() as tx:
        who = Counter(r[0] for r in tx.execute("select labeler from labels where labeler is not null"))
    assert sum(right) / len(right) > 0.87
    assert good
    assert not any(who[labeler] for labeler in bad)
    proof = verify(db)
    assert proof.ok, proof.broken
    assert proof.bit_for_bit
    assert proof.rows["labels"] == len(labels)
