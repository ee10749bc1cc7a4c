"""What the named SQL never does."""

import re

import pytest

from goldvein.store import queries

ERASES = ("contents.blank_log", "erasures.blank_asides", "erasures.blank_judged")


@pytest.mark.parametrize(
    "forbidden",
    [
        pytest.param(
            r"\b(UPDATE|DELETE\s+FROM|TRUNCATE(\s+TABLE)?)\s+(ONLY\s+)?log\b", id="changes the decision log"
        ),
        pytest.param(r"\b(NOTIFY|pg_notify)\b", id="notifies, so that commits wait for one another"),
    ],
)
def test_no_statement(forbidden: str) -> None:
    """The log is what everything else is proved from; the outbox is polled."""
    statements = {
        f"{aggregate}.{name}": getattr(queries.load(aggregate), name)
        for aggregate in queries.aggregates()
        for name in queries.load(aggregate).names()
        if f"{aggregate}.{name}" not in ERASES
    }
    assert len(statements) > 50
    assert [name for name, text in statements.items() if re.search(forbidden, text, re.IGNORECASE)] == []


@pytest.mark.parametrize("name", ERASES)
def test_an_erasure_takes_words_alone_from_the_log(name: str) -> None:
    """The statements that change the log take two words from `detail`, and nothing else."""
    aggregate, _, statement = name.partition(".")
    text = getattr(queries.load(aggregate), statement)
    changes = re.findall(r"UPDATE log l SET (.+?)\s(?:FROM|WHERE)", text)
    assert changes == ["detail = nullif(l.detail - ARRAY['reason', 'comment'], '{}')"]
    assert not re.search(r"DELETE", text)
