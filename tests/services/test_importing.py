"""Files of benchmarks: what a good one says, and that a hostile one does no harm."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldvein.domain.errors import InvalidInput
from goldvein.domain.records import ItemError
from goldvein.services import importing, tables
from goldvein.services.importing import Item
from goldvein.services.label_studio import read_label_studio
from goldvein.services.tables import read_csv

CLASSES = ("spam", "ham", "unsure")


def rows(text: str | bytes, classes: Sequence[str] | None = None) -> list[Item]:
    return list(read_csv(text.encode() if isinstance(text, str) else text, classes))


def codes(items: Sequence[Item]) -> list[str | None]:
    return [item.code if isinstance(item, ItemError) else None for item in items]


def studio(*tasks: Any, classes: Sequence[str] | None = CLASSES) -> list[Item]:
    return list(read_label_studio(json.dumps(tasks).encode(), classes))


def annotation(*choices: str, **more: Any) -> dict[str, Any]:
    result = [{"from_name": "c", "to_name": "t", "type": "choices", "value": {"choices": list(choices)}}]
    return {"id": 1, "ground_truth": True, "result": result, **more}


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("parted", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_row_is_a_benchmark(mark: bytes, parted: str, end: str) -> None:
    """However a spreadsheet writes it."""
    lines = [
        ["unique_id", "prompt", "option_1", "option_2", "option_10", "key", "key_right"],
        ["a", '"It ""rained"", hard;\nall day"', "Oh.", "So.", "Why?", "2", "0.9"],
        [],
        ["", "", "yes", "no", "", "0", ""],
    ]
    found = rows(mark + end.join(parted.join(line) for line in lines).encode())
    assert found == [
        {
            "unique_id": "a",
            "input": {"prompt": 'It "rained", hard;\nall day', "options": ["Oh.", "So.", "Why?"]},
            "key": 2,
            "key_right": 0.9,
        },
        {"input": {"options": ["yes", "no"]}, "key": 0},
    ]


def test_a_key_may_be_the_text_of_an_option_or_class() -> None:
    """Letter by letter, and only in a column of its own: a text may look like a number."""
    assert rows("option_0,option_1,key_value\n1,0,0\n") == [{"input": {"options": ["1", "0"]}, "key": 1}]
    assert rows("input.text,key_value\nbuy now,spam\n", CLASSES) == [{"input": {"text": "buy now"}, "key": 0}]
    assert codes(rows("input.text,key_value\nbuy now,Spam\n", CLASSES)) == ["key_value_unknown"]
    assert codes(rows("option_0,option_1,key,key_value\na,b,0,b\n")) == ["key_twice"]


def test_whole_contents_and_responses_stand_as_json() -> None:
    """For contents that columns cannot say."""
    content = {"messages": [{"role": "user"}], "options": ["a", "b"]}
    cells = [json.dumps(content), json.dumps({"choice": 1}), json.dumps({"choice": 0})]
    line = ",".join('"' + cell.replace('"', '""') + '"' for cell in cells)
    found = rows(f"input,expected_response,initial_response\n{line}\n")
    assert found == [
        {"input": content, "expected_response": {"choice": 1}, "initial_response": {"choice": 0}}
    ]


def test_bad_rows_are_named_and_the_others_kept() -> None:
    """By their place among the rows that are not empty."""
    text = (
        "unique_id,prompt,option_0,option_1,key,expected_response\n"
        "a,p,x,y,zero,\n"
        "b,p,x,y,1,\n"
        "c,p,x,y,1,,and,more\n"
        'd,p,"x" y,y,1,\n'
        "e,p,x,y,,{not json\n"
        "f,p,x,y,0,\n"
    )
    found = rows(text)
    assert codes(found) == ["cell_not_number", None, "csv_row", "csv_row", "cell_not_json", None]
    assert [one.index for one in found if isinstance(one, ItemError)] == [0, 2, 3, 4]
    assert [one["unique_id"] for one in found if isinstance(one, dict)] == ["b", "f"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"", "csv_header"),
        (b"prompt,option_0,option_1,kee\n", "csv_header"),
        (b"prompt,prompt,key\n", "csv_header"),
        (b"prompt,option_0,option_1\np,a,b\n", "csv_header"),
        (b"input,option_0,key\n", "csv_header"),
        (b'"key\n', "csv_header"),
        (",".join(f"input.{n}" for n in range(201)).encode() + b",key\n", "csv_header"),
        (b"prompt,key\n\n \n", "csv_empty"),
        ("prompt,key\np,1\n".encode("utf-16"), "file_not_text"),
    ],
)
def test_a_file_that_is_none_is_refused_as_a_whole(text: bytes, code: str) -> None:
    """With what it should have been."""
    with pytest.raises(InvalidInput) as refused:
        rows(text)
    assert refused.value.code == code


def test_a_quote_that_never_ends_takes_no_more_than_its_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cell has bounds, and reading goes on behind it."""
    monkeypatch.setattr(tables, "MAX_ROW", 1_000)
    text = "prompt,option_0,option_1,key\n" + '"open,x,y,1\n' + "p,x,y,1\n" * 300
    found = rows(text)
    assert codes(found)[0] == "csv_row"
    assert {"input": {"prompt": "p", "options": ["x", "y"]}, "key": 1} in found


def test_quotes_that_never_end_do_not_cost_each_other() -> None:
    """Two megabytes whose every line opens one would else take hours, in the loop that serves everybody."""
    lines = [b"prompt,option_0,option_1,key", *[b'"a,b"c,"d'] * 200_000]
    found, began = tables.Rows(), time.monotonic()
    cut = [row for line in lines for row in found.add(line)]
    cut += found.end()
    assert [row.line for row in cut] == list(range(1, len(lines) + 1))
    assert time.monotonic() - began < 20


def test_a_row_in_another_encoding_is_one_bad_row() -> None:
    """The file was put together of two, say."""
    found = rows(b"prompt,key\np,0\n" + "Größe,1\n".encode("latin-1") + b"q,2\n", CLASSES)
    assert codes(found) == [None, "file_not_text", None]


def test_a_file_has_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes before is read; the rest goes into another file."""
    monkeypatch.setattr(importing, "MAX_ROWS", 3)
    items = read_csv(b"prompt,key\n" + b"p,0\n" * 4, CLASSES)
    assert [next(items) for _ in range(3)]
    with pytest.raises(InvalidInput) as refused:
        next(items)
    assert refused.value.code == "file_too_long"
    tasks = read_label_studio(b"[" + b",".join([b"{}"] * 4) + b"]", CLASSES)
    assert codes([next(tasks) for _ in range(3)]) == ["label_studio_task"] * 3
    with pytest.raises(InvalidInput):
        next(tasks)


@given(st.binary(max_size=400))
def test_no_csv_breaks_the_reader(content: bytes) -> None:
    """Errors with codes, or items; nothing else, whatever comes."""
    for classes in (None, CLASSES):
        try:
            found = list(read_csv(b"prompt,option_0,option_1,key,initial_response\n" + content, classes))
        except InvalidInput:
            continue
        assert all(isinstance(one, dict | ItemError) for one in found)


def test_label_studio_tasks_with_classes() -> None:
    """The annotation marked as ground truth names the class; others do not count, nor skipped ones."""
    task = {
        "id": 7,
        "data": {"text": "buy now", "meta": {"from": "x"}},
        "annotations": [
            annotation("ham", ground_truth=False),
            annotation("unsure", was_cancelled=True),
            annotation("spam"),
            annotation("spam", id=2),
        ],
        "predictions": [{"result": []}],
    }
    assert studio(task) == [{"input": task["data"], "key": 0, "unique_id": "label-studio-7"}]


@pytest.mark.parametrize(
    "options", [["a", "b"], [{"value": "a", "html": "<b>a</b>"}, {"value": "b"}]], ids=["texts", "objects"]
)
@pytest.mark.parametrize("name", ["options", "choices"])
def test_label_studio_tasks_with_options_of_their_own(name: str, options: list[Any]) -> None:
    """As its dynamic choices have them; in exports from before 1.0, annotations are completions."""
    task = {"data": {"prompt": "p", name: options}, "completions": [annotation("b")]}
    assert studio(task, classes=None) == [{"input": {"prompt": "p", "options": ["a", "b"]}, "key": 1}]


RECTANGLE = {"type": "rectanglelabels", "value": {"x": 1}}


@pytest.mark.parametrize(
    ("task", "code"),
    [
        (1, "label_studio_task"),
        ({"id": 1, "text": "flat"}, "label_studio_task"),
        ({"data": {}, "annotations": []}, "ground_truth_missing"),
        ({"data": {}, "annotations": {"ground_truth": True}}, "ground_truth_missing"),
        ({"data": {}, "annotations": [annotation("spam", ground_truth=1)]}, "ground_truth_missing"),
        ({"data": {}, "annotations": [annotation("spam"), annotation("ham")]}, "ground_truth_twice"),
        ({"data": {}, "annotations": [annotation("spam", "ham")]}, "choices_not_one"),
        ({"data": {}, "annotations": [annotation()]}, "choices_not_one"),
        ({"data": {}, "annotations": [annotation(result=None)]}, "result_not_choices"),
        ({"data": {}, "annotations": [annotation(result=[RECTANGLE])]}, "result_not_choices"),
        ({"data": {}, "annotations": [annotation("eggs")]}, "key_value_unknown"),
    ],
)
def test_label_studio_tasks_that_are_no_benchmarks(task: Any, code: str) -> None:
    """Each says what is missing."""
    assert codes(studio(task)) == [code]


def test_label_studio_options_that_are_none() -> None:
    """In a project without classes each task brings its options."""
    for data in ({}, {"options": "ab"}, {"choices": 3}, {"options": None}):
        assert codes(studio({"data": data, "annotations": [annotation("a")]}, classes=None)) == [
            "options_missing"
        ]


@pytest.mark.parametrize("content", [b"", b"{}", b"[1", b"\xff", b"[" * 100_000])
def test_what_is_no_export_is_refused_as_a_whole(content: bytes) -> None:
    """A push of benchmarks, too, is none."""
    with pytest.raises(InvalidInput) as refused:
        list(read_label_studio(content, CLASSES))
    assert refused.value.code == "label_studio_file"


def test_a_task_nested_without_end_is_one_bad_task() -> None:
    """The next one is read."""
    good = json.dumps({"data": {"text": "x"}, "annotations": [annotation("ham")]}).encode()
    deep = b'{"data": ' + b'{"a":' * 50_000 + b"1" + b"}" * 50_000 + b"}"
    try:
        found = list(read_label_studio(b"[" + deep + b"," + good + b"]", CLASSES))
    except InvalidInput as error:  # the reader of the list may be the one that gives up
        assert error.code == "label_studio_file"  # noqa: PT017
        return
    assert codes(found) == ["label_studio_task", None]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["spam", "choices"]),
    lambda below: (
        st.lists(below, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["id", "data", "annotations", "ground_truth", "result", "type", "value", "choices"]
            ),
            below,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.lists(VALUES, max_size=4))
def test_no_json_breaks_the_reader(tasks: list[Any]) -> None:
    """Whatever a task is."""
    for classes in (None, CLASSES):
        found = list(read_label_studio(json.dumps(tasks).encode(), classes))
        assert len(found) == len(tasks)
