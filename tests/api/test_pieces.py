"""Bodies are cut where they must be, however they come in chunks."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import tracemalloc
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldvein.api import pieces
from goldvein.api.bodies import LINE
from goldvein.domain.errors import InvalidInput
from goldvein.services.tables import Row

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.sampled_from(["\\", '"', '\\"', "[,"]),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=3), below, max_size=3),
    max_leaves=10,
)
CELLS = st.text(st.sampled_from('a;\t,"\n ü'), max_size=6)


async def _each(chunks: Iterable[bytes]) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


def cut(how: Callable[[AsyncIterator[bytes]], AsyncIterator[Any]], chunks: Iterable[bytes]) -> list[Any]:
    async def collect() -> list[Any]:
        return [piece async for piece in how(_each(chunks))]

    return asyncio.run(collect())


def chopped(content: bytes, size: int) -> list[bytes]:
    return [content[place : place + size] for place in range(0, len(content), size)]


@given(st.lists(JSON, max_size=5), st.integers(1, 9), st.sampled_from([None, 1]))
def test_the_elements_of_a_list_are_those_that_went_in(
    items: list[Any], size: int, indent: int | None
) -> None:
    """Whatever stands in texts, and wherever a chunk ends."""
    content = json.dumps(items, indent=indent, ensure_ascii=False).encode()
    found = cut(pieces.elements, chopped(content, size))
    assert [json.loads(piece) for piece, too_long in found if not too_long] == items


@given(st.lists(st.lists(CELLS, min_size=2, max_size=2), max_size=5), st.integers(1, 9))
def test_the_rows_of_a_file_are_those_that_went_in(cells: list[list[str]], size: int) -> None:
    """Quotes, line ends and what parts cells may stand in a cell."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerows([["a", "b"], *cells])
    found = cut(pieces.rows, chopped(text.getvalue().encode(), size))
    assert [next(csv.reader([row.text.decode()])) for row in found[1:]] == cells


@pytest.mark.parametrize(
    ("content", "kept"),
    [
        (b'{"a": 1}', 0),
        (b"7", 0),
        (b"", 0),
        (b"[1, 2", 1),
        (b'[1, "2', 1),
        (b"[1, 2] 3", 2),
        (b"[1, 2]]", 2),
        (b"[1][2]", 1),
        (b"[" * 1000, 0),
    ],
)
@pytest.mark.parametrize("size", [1, 100])
def test_what_is_no_list_says_so_after_what_could_be_read(content: bytes, kept: int, size: int) -> None:
    """A file that was cut off gives its elements first."""
    listing, found = pieces.Elements(), []
    with pytest.raises(InvalidInput) as refused:  # noqa: PT012
        for chunk in chopped(content, size):
            found += listing.feed(chunk)
        listing.end()
    assert refused.value.code == "json_list"
    assert len(found) == kept or size == 100


@pytest.mark.parametrize("filling", [b'"%s"', b'"%s\\\\"', b'"%s\\""', b"[%s]", b'[{"a": "%s"}, "x"]'])
def test_an_element_that_is_too_long_takes_nobody_with_it(filling: bytes) -> None:
    """Nor memory."""
    long = filling % (b"9" * 20 * LINE)
    content = b"[1, " + long + b", 2]"
    tracemalloc.start()
    found = cut(
        pieces.elements, (content[place : place + 65_536] for place in range(0, len(content), 65_536))
    )
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found == [(b"1", False), (b"", True), (b"2", False)]
    assert peak < 5 * LINE


def test_a_row_that_is_too_long_takes_nobody_with_it() -> None:
    """Neither a line without end nor a quote that is never closed."""
    long = b"x" * (2 * LINE)
    found = cut(pieces.rows, [b"a,b\n1,2\n" + long + b"\n3,4\n"])
    assert [None if row is None else row.text for row in found] == [b"a,b", b"1,2", None, b"3,4"]
    rows = b"3,4\n" * (LINE // 4)
    found = cut(pieces.rows, [b'a,b\n"1,2\n' + rows])
    assert found[:3] == [Row(1, b"a,b"), Row(2, b'"1,2'), Row(3, b"3,4")]
    assert len(found) == 2 + LINE // 4
