"""What the named SQL never does."""

import re

import pytest

from goldvein.store import queries

STATEMENTS = [
    (aggregate, name, getattr(queries.load(aggregate), name))
    for aggregate in queries.aggregates()
    for name in queries.load(aggregate).names()
]


def test_there_are_statements() -> None:
    """The battery below looks at something."""
    assert len(STATEMENTS) > 50


@pytest.mark.parametrize(("aggregate", "name", "statement"), STATEMENTS, ids=lambda value: str(value)[:30])
def test_the_decision_log_is_only_appended_to(aggregate: str, name: str, statement: str) -> None:
    """No statement changes, deletes or empties a row of the log: it is what everything else is proved from."""
    assert not re.search(
        r"\b(UPDATE|DELETE\s+FROM|TRUNCATE(\s+TABLE)?)\s+(ONLY\s+)?log\b", statement, re.IGNORECASE
    )


@pytest.mark.parametrize(("aggregate", "name", "statement"), STATEMENTS, ids=lambda value: str(value)[:30])
def test_no_answer_notifies(aggregate: str, name: str, statement: str) -> None:
    """NOTIFY makes commits wait for one another; the outbox is polled instead."""
    assert not re.search(r"\b(NOTIFY|pg_notify)\b", statement, re.IGNORECASE)
