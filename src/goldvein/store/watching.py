"""What watching remembers: how far it looked, what is expected of metrics, and a project's own rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from goldvein.store.database import Transaction
from goldvein.store.queries import load

_queries = load("watching")


@dataclass(frozen=True, slots=True)
class Looked:
    """Up to when a project was looked at, and when it was learned of last."""

    upto: datetime
    learned_at: datetime | None


@dataclass(frozen=True, slots=True)
class Remembered:
    """What is remembered of one rule; ``range`` as it was written."""

    metric: str
    upto: datetime
    sums: Mapping[str, Any]
    range: Mapping[str, Any] | None
    lent_by: int | None


@dataclass(frozen=True, slots=True)
class RuleVersion:
    """A project's rules where they are not the default."""

    version: int
    rules: Mapping[str, Mapping[str, Any]]
    made_at: datetime
    made_by: str


@dataclass(frozen=True, slots=True)
class FailingWebhook:
    """A webhook that was given up, or whose present message failed ``tries`` times since a moment."""

    id: int
    project: int
    url: str
    tries: int
    is_disabled: bool
    since: datetime | None


def begin(tx: Transaction, upto: datetime) -> None:
    """Let projects that were never looked at take part from now on."""
    tx.execute(_queries.begin, {"upto": upto})


def due(tx: Transaction, upto: datetime, stale: datetime) -> list[tuple[int, bool]]:
    """List projects to look at, or to learn of anew: which is told beside the project."""
    return list(tx.execute(_queries.due, {"upto": upto, "stale": stale}))


def take(tx: Transaction, project: int) -> Looked | None:
    """Keep others from a project until the transaction ends; None while another process has it."""
    row = tx.execute(_queries.take, {"project": project}).fetchone()
    return None if row is None else Looked(*row)


def wait(tx: Transaction, project: int) -> None:
    """Keep others from a project, once whoever looks at it is done."""
    tx.execute(_queries.wait, {"project": project})


def move(tx: Transaction, project: int, upto: datetime) -> None:
    """Note up to when a project was looked at."""
    tx.execute(_queries.move, {"project": project, "upto": upto})


def note_learned(tx: Transaction, project: int, habit: Mapping[str, Any] | None, now: datetime) -> None:
    """Note that a project was learned of, and its customer's habit."""
    written = None if habit is None else Jsonb(dict(habit))
    tx.execute(_queries.note_learned, {"project": project, "habit": written, "now": now})


def note_pushes(tx: Transaction, at: datetime) -> None:
    """Note which customers pushed since this was asked last."""
    tx.execute(_queries.note_pushes, {"at": at})


def pushes(tx: Transaction, project: int, since: datetime) -> list[datetime]:
    """List when a project's customer pushed since a moment, the oldest first."""
    return [at for (at,) in tx.execute(_queries.pushes, {"project": project, "since": since})]


def forget_pushes(tx: Transaction, before: datetime) -> None:
    """Drop pushes that are older."""
    tx.execute(_queries.forget_pushes, {"before": before})


def habits(tx: Transaction) -> list[tuple[int, Mapping[str, Any], datetime | None]]:
    """List the habits of projects' customers, and when each pushed last."""
    return list(tx.execute(_queries.habits))


def watches(tx: Transaction, project: int) -> dict[str, Remembered]:
    """Map metrics to what is remembered of them."""
    return {row[0]: Remembered(*row) for row in tx.execute(_queries.watches, {"project": project})}


def remember(tx: Transaction, project: int, sums: Mapping[str, tuple[datetime, Mapping[str, Any]]]) -> None:
    """Remember up to when rules were looked at, and what their sums are."""
    values = {
        "project": project, "metrics": list(sums), "upto": [upto for upto, _ in sums.values()],
        "sums": [Jsonb(dict(one)) for _, one in sums.values()],
    }  # fmt: skip
    tx.execute(_queries.remember, values)


def expect(
    tx: Transaction, project: int, ranges: Mapping[str, tuple[Mapping[str, Any] | None, int | None]],
    upto: datetime,
) -> None:  # fmt: skip
    """Write what is expected of metrics, and who lent it; those without a watch begin ``upto`` there."""
    values = {
        "project": project, "upto": upto, "metrics": list(ranges),
        "ranges": [None if known is None else Jsonb(dict(known)) for known, _ in ranges.values()],
        "lenders": [lender for _, lender in ranges.values()],
    }  # fmt: skip
    tx.execute(_queries.expect, values)


def forget_sums(tx: Transaction, project: int, metrics: Sequence[str]) -> None:
    """Let rules begin anew."""
    tx.execute(_queries.forget_sums, {"project": project, "metrics": list(metrics)})


def alike(tx: Transaction, project: int) -> int | None:
    """Find the project most like another that knows its own ranges."""
    row = tx.execute(_queries.alike, {"project": project}).fetchone()
    return None if row is None else int(row[0])


def rules(tx: Transaction, project: int) -> RuleVersion | None:
    """Read a project's own rules; None where all are the default."""
    row = tx.execute(_queries.rules, {"project": project}).fetchone()
    return None if row is None else RuleVersion(*row)


def rule_versions(tx: Transaction, project: int, *, limit: int) -> list[RuleVersion]:
    """List the versions of a project's rules, the latest first."""
    values = {"project": project, "limit": limit}
    return [RuleVersion(*row) for row in tx.execute(_queries.rule_versions, values)]


def add_rules(
    tx: Transaction, project: int, version: int, rules_: Mapping[str, Any], by: str, now: datetime
) -> bool:
    """Write a version of a project's rules; false if there is one of that number."""
    values = {"project": project, "version": version, "rules": Jsonb(dict(rules_)), "by": by, "now": now}
    return tx.execute(_queries.add_rules, values).fetchone() is not None


def failing_webhooks(tx: Transaction, tries: int) -> list[FailingWebhook]:
    """List webhooks that did not take their message so often, over all projects."""
    return [FailingWebhook(*row) for row in tx.execute(_queries.failing_webhooks, {"tries": tries})]
