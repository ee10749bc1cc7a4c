"""The page cuts files where the server would: whatever stands in them, no task is cut in two."""

from __future__ import annotations

import csv
import io
import json
import random

import pytest

from goldvein.services.tables import Rows
from tests.web.browsing import Browsers
from tests.web.conftest import Site

CUT = """async ([texts, kind]) => {
    const { bodyOf, nextPart, openSource } = await import("/static/cutting.js");
    const files = [];
    for (const text of texts) {
        const file = new File([text], "file");
        const source = await openSource(file, kind);
        const parts = [];
        for (let at = source.head, last = false; !last && at < file.size; ) {
            const part = await nextPart(source, at, { rows: 2 });
            parts.push(await bodyOf(source, at, part.end).text());
            ({ next: at, last } = part);
        }
        files.push(parts);
    }
    return files;
}"""


def cut(browsers: Browsers, site: Site, texts: list[str], kind: str) -> list[list[str]]:
    with browsers.visit(site.accounts["customer"]) as visit:
        page = visit.go(f"/projects/{site.project}/push")
        found: list[list[str]] = page.evaluate(CUT, [texts, kind])
    return found


def rows(text: str) -> list[bytes]:
    """The rows of a file as the server puts them together, those without anything left out."""
    joiner = Rows()
    found = [row for line in io.BytesIO(text.encode()) for row in joiner.add(line.removesuffix(b"\n"))]
    return [row.text for row in [*found, *joiner.end()] if row.text.strip()]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_rows_of_csv(browsers: Browsers, site: Site, delimiter: str) -> None:
    """With quotes, line ends, other delimiters and stray quotes in their cells."""
    draw = random.Random(1)
    texts = []
    for _ in range(100):
        file = io.StringIO()
        writer = csv.writer(file, delimiter=delimiter, lineterminator=draw.choice(["\n", "\r\n"]))
        writer.writerow(["a", "b", "c"])
        for _ in range(draw.randrange(8)):
            writer.writerow(["".join(draw.choices('ab",;\t\n ü', k=draw.randrange(7))) for _ in range(3)])
            file.write(draw.choice(["", "\n", f'a"b{delimiter}c " d\n']))
        texts.append(file.getvalue())
    for text, parts in zip(texts, cut(browsers, site, texts, "csv"), strict=True):
        whole = rows(text)
        assert [row for part in parts for row in rows(part)[1:]] == whole[1:]
        assert all(len(rows(part)[1:]) + text.count("\n\n") >= 1 for part in parts)


@pytest.mark.parametrize("kind", ["json", "label-studio"])
def test_elements_of_lists(browsers: Browsers, site: Site, kind: str) -> None:
    """With brackets, quotes and backslashes in their texts."""
    draw = random.Random(2)
    lists = [
        [
            {"".join(draw.choices('a"\\[]{},', k=3)): [["".join(draw.choices('"\\[]{},ü', k=5))], {}]}
            for _ in range(draw.randrange(7))
        ]
        for _ in range(100)
    ]
    texts = [
        draw.choice(["", "\ufeff", " \n"])
        + json.dumps(items, indent=draw.choice([None, 1]), ensure_ascii=False)
        + draw.choice(["", "\n"])
        for items in lists
    ]
    for items, parts in zip(lists, cut(browsers, site, texts, kind), strict=True):
        read = [json.loads(part) for part in parts]
        found = [one["tasks"] for one in read] if kind == "json" else read
        assert [item for part in found for item in part] == items
        assert all(len(part) <= 2 for part in found)


def test_lines(browsers: Browsers, site: Site) -> None:
    """Byte by byte what the file holds."""
    texts = ["", "\n", "a", "a\n", "a\nb\nc", "ü\r\n\r\n" * 5]
    found = cut(browsers, site, texts, "jsonl")
    assert ["".join(parts) for parts in found] == texts
    assert [len(parts) for parts in found] == [0, 1, 1, 1, 2, 5]
