"""Pairs of answers to one task by two people, counted by spans: what agreement is told from."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Literal

from goldvein.stats.pairs import Pair
from goldvein.store.database import Transaction
from goldvein.store.figures import SPANS
from goldvein.store.queries import load

_queries = load("pairs")
Source = Literal["decoys", "panels"]


def roll(tx: Transaction, after: int, upto: int) -> None:
    """Count the pairs that the rows of the log with ids in (after, upto] complete."""
    tx.execute(_queries.roll, {"after": after, "upto": upto, "spans": list(SPANS)})


def series(
    tx: Transaction, project: int, span: int, since: datetime, until: datetime
) -> dict[datetime, dict[Source, dict[Pair, int]]]:
    """Map spans and sources to how often each pair was given."""
    values = {"project": project, "span": span, "since": since, "until": until}
    found: dict[datetime, dict[Source, dict[Pair, int]]] = defaultdict(lambda: defaultdict(dict))
    for at, source, options, one, other, count in tx.execute(_queries.series, values):
        found[at][source][Pair(options, one, other)] = count
    return found


def forget(tx: Transaction, span: int, before: datetime) -> None:
    """Drop pairs of one length of span that are older."""
    tx.execute(_queries.forget, {"span": span, "before": before})
