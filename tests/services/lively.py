"""A town in which all that is counted happens, and its log row by row: the slow twin of all sums."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import psycopg

from goldvein.domain.records import Work
from goldvein.services.sweeps import Sweeper
from goldvein.store.database import Database
from tests.services.sleepers import SLEEPY, Sleeper
from tests.services.town import Town, guesses, knows


def lively(db: Database) -> Town:
    """A town in which all that is counted happens: mining, decoys, skips, ends of holds, withdrawals."""
    town = Town(db, SLEEPY | {"reserve": 350, "decoy_share": 0.1, "hold_seconds": 60})
    town.open_by_hand(300)
    town.push(3000)
    town.push(200, start=3000, deadline=town.now + timedelta(minutes=2))
    sleeper = Sleeper()
    who = town.hire("sleeper", sleeper)
    town.hire("guesser", guesses)
    for n in range(6):
        town.hire(f"good {n}", knows(0.97), "trusted" if n < 3 else "labeler")
    sweeper = Sweeper(db)
    for n in range(260):
        sleeper.turned = n > 60
        town.round(7)
        if n % 9 == 0 and (name := f"good {3 + n % 3}") and town.names[name] in town.leases:
            work = town.skip(town.names[name], town.leases.pop(town.names[name]))
            if isinstance(work, Work):
                town.leases[town.names[name]] = work
        if n % 5 == 0:
            sweeper.sweep(town.now)
    assert town.rows(f"SELECT count(*) FROM log WHERE kind = 'withdraw' AND labeler = {who}") != [(0,)]
    return town


def log_of(town: Town) -> list[dict[str, Any]]:
    """The whole log, with what stands elsewhere and never changes."""
    with psycopg.connect(town.db.url) as connection:
        cursor = connection.execute("""
            SELECT g.*, i.key, t.created_at AS pushed_at, t.deadline,
                   EXISTS (SELECT FROM labels l WHERE l.project = g.project AND l.task = g.task
                           AND l.basis = 'panel' AND l.delivered_at = g.at) AS is_panels
            FROM log g
            LEFT JOIN item_versions i
                   ON i.project = g.project AND i.task = g.task AND i.version = g.item_version
            LEFT JOIN tasks t ON t.project = g.project AND t.id = g.task ORDER BY g.id""")
        assert cursor.description is not None
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]


def told(row: Mapping[str, Any]) -> set[str]:
    """What a row of the log counts as."""
    names = {"entries"}
    if row["kind"] == "answer":
        stage = {"label": "answers"}.get(row["stage"], f"{row['stage']}_answers")
        decision = {"deliver": "delivered", "hold": "held", "discard": "discarded"}.get(row["decision"])
        names |= {stage} | ({decision} if decision else set())
        if row["stage"] == "benchmark" and row["choice"] == row["key"]:
            names.add("benchmarks_right")
    names |= {
        "skip": {"skips"}, "release": {"released", "delivered"}, "discard": {"discarded"},
        "withdraw": {"withdrawn"}, "promote": {"promotions"}, "admit": {"admissions"},
        "dismiss": {"dismissals"},
    }.get(row["kind"], set())  # fmt: skip
    return names
