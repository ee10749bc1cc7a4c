"""What one group changes, gathered while it is decided and written in one go."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from goldvein.store import answers, attempts, benchmarks, labelers, labels, log, outbox, standings, tasks
from goldvein.store.answers import NewAnswer
from goldvein.store.attempts import Key, Lease, Wanted
from goldvein.store.database import Transaction
from goldvein.store.labelers import LeaseInHand
from goldvein.store.labels import NewLabel
from goldvein.store.log import Entry
from goldvein.store.standings import Hold, Standing


@dataclass(slots=True)
class Writes:
    """The changes of one group, one list a table; ``flush`` writes each list in one statement.

    ``standings`` begins as a copy of ``loaded``; only those that were replaced since are written.
    """

    answers: list[NewAnswer] = field(default_factory=list)
    ended: dict[tuple[int, int], str] = field(default_factory=dict)
    wanted: list[Wanted] = field(default_factory=list)
    leased: list[Lease] = field(default_factory=list)
    labels: list[NewLabel] = field(default_factory=list)
    held: list[Hold] = field(default_factory=list)
    still_held: list[Hold] = field(default_factory=list)
    unheld: list[tuple[int, int]] = field(default_factory=list)
    loaded: dict[tuple[int, int], Standing] = field(default_factory=dict)
    standings: dict[tuple[int, int], Standing] = field(default_factory=dict)
    exposures: Counter[tuple[int, int]] = field(default_factory=Counter)
    hands: dict[int, LeaseInHand | None] = field(default_factory=dict)
    deferred: dict[int, Key] = field(default_factory=dict)
    begun: list[Key] = field(default_factory=list)
    log: list[Entry] = field(default_factory=list)

    def flush(self, tx: Transaction, now: datetime) -> None:
        """Write everything, tables in the order in which every group locks them."""
        attempts.end(tx, self.ended)
        attempts.lease(tx, self.leased, now)
        attempts.defer(tx, self.deferred.values(), now)
        attempts.begin(tx, self.begun, now)
        answers.insert_many(tx, self.answers, now)
        changed = [moved for key, moved in self.standings.items() if moved is not self.loaded.get(key)]
        standings.save(tx, changed, now)
        standings.insert_holds(tx, self.held)
        standings.save_holds(tx, self.still_held)
        standings.delete_holds(tx, self.unheld)
        self._deliver(tx, now)
        attempts.insert_open(tx, self.wanted)
        benchmarks.count_exposures(tx, self.exposures)
        log.append(tx, self.log, now)
        labelers.set_leases(tx, self.hands, now)
        labelers.defer(tx, self.deferred)

    def _deliver(self, tx: Transaction, now: datetime) -> None:
        """Labels, the ends of their tasks, and the events that tell of them."""
        tasks.finish(tx, {(label.project, label.task): "labelled" for label in self.labels}, now)
        ids = labels.insert_many(tx, self.labels)
        outbox.insert_many(
            tx,
            [label.project for label in self.labels],
            ["label.created"] * len(ids),
            [label.task for label in self.labels],
            ids,
            [None] * len(ids),
            now,
        )
