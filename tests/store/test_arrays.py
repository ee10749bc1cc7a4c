"""Lists as parameters: what is read back is what was sent."""

from datetime import UTC
from typing import Any

import msgspec
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from goldvein.store.database import Database

_NO_NUL = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
_ELEMENTS = {
    "bigint": st.integers(-(2**63), 2**63 - 1),
    "float8": st.floats(allow_nan=False),
    "text": _NO_NUL,
    "boolean": st.booleans(),
    "bytea": st.binary(),
    "timestamptz": st.datetimes(timezones=st.just(UTC)).filter(lambda moment: 1 < moment.year < 9999),
}


def read_back(db: Database, kind: str, column: list[Any]) -> list[Any]:
    with db.connection() as connection:
        row = connection.execute(f"SELECT %s::{kind}[]".encode(), [column]).fetchone()
        assert row is not None
        return list(row[0])


@pytest.mark.parametrize("kind", _ELEMENTS)
def test_a_column_is_read_back_as_it_was_sent(db: Database, kind: str) -> None:
    """Whatever a text holds, quotes, braces and the word NULL included, and with nulls among the elements."""

    @settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.lists(st.none() | _ELEMENTS[kind], max_size=8))
    def read_back_as_sent(column: list[Any]) -> None:
        assert read_back(db, kind, column) == column

    read_back_as_sent()


def test_documents_are_read_back_as_they_were_sent(db: Database) -> None:
    """Quotes and backslashes inside of JSON survive two layers of quoting, whichever way it is encoded."""
    documents = [{"choice": 1, "why": 'the "right\\one" {a,b}\n'}, None, {"unanswerable": True}]
    for encode in (None, msgspec.json.encode):
        column = [None if document is None else Jsonb(document, encode) for document in documents]
        assert read_back(db, "jsonb", column) == documents


def test_numbers_of_two_kinds_are_one_column(db: Database) -> None:
    """A share that happens to be 0 or 1 may be a whole number."""
    assert read_back(db, "float8", [0, 0.25, None, 1]) == [0.0, 0.25, None, 1.0]


def test_what_is_no_column_is_refused(db: Database) -> None:
    """A mixture, or a NUL that PostgreSQL could not store, fails before anything is sent."""
    with pytest.raises(psycopg.DataError, match="int, str is no column"):
        read_back(db, "text", [1, "one"])
    with pytest.raises(psycopg.DataError, match="NUL"):
        read_back(db, "text", ["a\0b"])
