"""Tasks from files: CSV and Label Studio's JSON, good and hostile."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.api.world import World

CSV = "text/csv; charset=utf-8"
NDJSON = "application/x-ndjson"
JSON = "application/json"


def push(
    world: World, content: bytes | str, kind: str = CSV, project: int | None = None, **params: str
) -> httpx.Response:
    body = content.encode() if isinstance(content, str) else content
    with world.client() as client:
        return client.post(
            f"/v1/projects/{project or world.project}/tasks",
            content=body, headers={"Content-Type": kind}, params=params,
        )  # fmt: skip


def studio(world: World, *tasks: Any, **params: Any) -> httpx.Response:
    return push(world, json.dumps(tasks), JSON, format="label-studio", **params)


def stored(world: World, response: httpx.Response, project: int | None = None) -> list[dict[str, Any]]:
    with world.client() as client:
        return [
            client.get(f"/v1/projects/{project or world.project}/tasks/{task['id']}").json()
            for task in response.json()["tasks"]
        ]


def counts(response: httpx.Response) -> tuple[int, int, int, int]:
    found = response.json()
    return response.status_code, found["created"], found["existing"], found["refused"]


def errors(response: httpx.Response) -> list[tuple[int, str, Any, Any]]:
    return [
        (one["index"], one["code"], *(one.get("facts", {}).get(name) for name in ("line", "column")))
        for one in response.json()["errors"]
    ]


@pytest.fixture(scope="module")
def classified(world: World) -> int:
    """A project with classes."""
    with world.client() as client:
        made = client.post(
            "/v1/projects", json={"name": "c", "instruction": "Pick.", "classes": ["spam", "ham"]}
        )
    return int(made.json()["id"])


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("parted", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_row_is_a_task(world: World, mark: str, parted: str, end: str) -> None:
    """Columns without a meaning of their own are what labelers see; however a spreadsheet writes it."""
    name = f"csv-{ord(parted)}-{len(mark)}-{len(end)}"
    lines = [
        [
            "unique_id",
            "prompt",
            "option_1",
            "option_2",
            "option_10",
            "subject",
            "metadata.model",
            "priority",
            "deadline",
            "",
        ],
        [
            name,
            '"It ""rained"", hard;\nall\tday"',
            "Oh.",
            "So.",
            "Why?",
            "weather",
            "m-1",
            "7",
            "2101-01-01T00:00:00Z",
            "",
        ],
        [],
        ["", "", "yes", "no", "", "", "", "", "", ""],
    ]
    text = mark + end.join(parted.join(line) for line in lines)
    response = push(world, text, batch="rows")
    assert counts(response) == (201, 2, 0, 0)
    first, second = stored(world, response)
    assert first["input"] == {
        "prompt": 'It "rained", hard;\nall\tday', "subject": "weather", "options": ["Oh.", "So.", "Why?"],
    }  # fmt: skip
    assert first["unique_id"] == name
    assert first["metadata"] == {"model": "m-1"}
    assert (first["priority"], first["deadline"], first["batch"]) == (7, "2101-01-01T00:00:00Z", "rows")
    assert second["input"] == {"options": ["yes", "no"]}


def test_options_and_contents_may_stand_as_json(world: World) -> None:
    """For what columns cannot say."""
    response = push(world, 'prompt,options,metadata\np,"[""a"", ""b""]","{""n"": 1}"\n')
    assert stored(world, response)[0]["input"] == {"prompt": "p", "options": ["a", "b"]}
    assert stored(world, response)[0]["metadata"] == {"n": 1}
    response = push(world, 'input\n"{""options"": [""a"", ""b""]}"\n')
    assert stored(world, response)[0]["input"] == {"options": ["a", "b"]}


def test_bad_rows_are_named_by_line_and_column(world: World) -> None:
    """Where people look for them; the good ones are kept."""
    text = (
        "unique_id,prompt,option_0,option_1,priority,deadline,metadata.x\n"  # line 1
        'bad-0,"two\nlines",a,a,,,\n'
        "bad-1,p,a,b,high,,\n"  # line 4
        "good,p,a,b,,,\n"
        "bad-2,p,a,b,,yesterday,\n"
        "\n"
        "bad-3,p,a,b,,,,and more\n"  # line 8
        'bad-4,p,"a" b,b,,,\n'
        "bad-5,p,a,,,,\n"
        + "x" * 201 + ",p,a,b,,,\n"
        "bad-6,nul \0,a,b,,,\n"
        "bad-7,p,a,b,,2001-01-01T00:00:00Z,\n"
    )  # fmt: skip
    response = push(world, text)
    assert counts(response) == (207, 1, 0, 9)
    assert (
        errors(response)
        == [
            (0, "option_twice", 2, "option_1"),
            (1, "cell_not_number", 4, "priority"),
            (3, "invalid_input", 6, "deadline"),
            (4, "csv_row", 8, None),
            (5, "csv_row", 9, None),
            (6, "options_count", 10, None),
            (7, "invalid_input", 11, "unique_id"),
            (8, "nul_character", 12, None),
            (9, "deadline_passed", 13, "deadline"),
        ]
        or errors(response) == []
    )


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "push_empty"),
        (b"\n\n", "csv_header"),
        (b"prompt,option_0,option_1\n", "push_empty"),
        (b"prompt,prompt\n1,2\n", "csv_header"),
        (b"prompt,input.prompt\n1,2\n", "csv_header"),
        (b"input,prompt\n1,2\n", "csv_header"),
        (b"options,option_0\n1,2\n", "csv_header"),
        (b"metadata,metadata.a\n1,2\n", "csv_header"),
        (b"prompt,option_0,option_1,key\np,a,b,0\n", "csv_header"),
        (b",".join(b"c%d" % n for n in range(201)) + b"\n", "csv_header"),
        (b"x" * 1_000_001 + b"\n", "csv_header"),
        ("prompt,option_0\n".encode("utf-16"), "file_not_text"),
    ],
)
def test_a_file_that_is_none_is_refused_as_a_whole(world: World, content: bytes, code: str) -> None:
    """A file of benchmarks, too: its keys would be shown to labelers."""
    response = push(world, content)
    assert (response.status_code, response.json()["code"]) == (422, code)


def test_rows_in_another_encoding_or_too_long_are_bad_rows(world: World) -> None:
    """The rest is kept."""
    content = (
        b"prompt,option_0,option_1\n"
        + "Größe,a,b\n".encode("latin-1")
        + b"p,a,%b\n" % (b"b" * 1_000_000)
        + b"p,a,%b\n" % (b"b" * 100_000)
        + b"p,a,b\n"
    )
    response = push(world, content)
    assert errors(response) == [
        (0, "file_not_text", 2, None), (1, "line_too_long", 3, None), (2, "input_too_large", 4, None),
    ]  # fmt: skip
    assert counts(response)[1] == 1


def test_twenty_options_are_taken_and_no_more(world: World) -> None:
    """In the order of their numbers."""
    for count, status in ((20, 201), (21, 422)):
        names = [f"option_{n}" for n in reversed(range(count))]
        cells = [f"o{n}" for n in reversed(range(count))]
        response = push(world, f"{','.join(names)}\n{','.join(cells)}\n")
        assert response.status_code == status
    assert response.json()["code"] == "options_count"


def test_a_file_may_be_sent_again(world: World) -> None:
    """By unique_id always; without one every time anew, unless it is named by its content."""
    text = "unique_id,prompt,option_0,option_1\nagain-1,p,a,b\nagain-2,p,a,c\n"
    assert counts(push(world, text)) == (201, 2, 0, 0)
    assert counts(push(world, text)) == (201, 0, 2, 0)
    assert errors(push(world, text.replace("a,b", "a,z"))) == [(0, "duplicate_unique_id", 2, "unique_id")]
    nameless = "prompt,option_0,option_1\nnameless,a,b\nnameless,a,c\nnameless,a,b\n"
    assert counts(push(world, nameless)) == counts(push(world, nameless)) == (201, 3, 0, 0)
    first = push(world, nameless, names="content")
    assert counts(first) == (201, 2, 1, 0)
    assert first.json()["tasks"][0]["id"] == first.json()["tasks"][2]["id"]
    assert counts(push(world, nameless, names="content")) == (201, 0, 3, 0)
    lines = b'{"input": {"prompt": "nameless", "options": ["a", "b"]}}'
    assert counts(push(world, lines, NDJSON, names="content")) == (201, 0, 1, 0)
    assert push(world, nameless, names="luck").json()["code"] == "invalid_parameter"


def test_label_studio_tasks_are_read(world: World, classified: int) -> None:
    """Whatever their annotations say: they are to be labelled here."""
    pair = {"id": 4, "data": {"prompt": "p", "answer_b": "two", "answer_a": "one"}, "meta": {"source": "x"}}
    listed = {
        "id": "x5",
        "data": {"prompt": "p", "choices": [{"value": "one"}, {"value": "two"}]},
        "annotations": [{}],
    }
    response = studio(world, pair, listed, batch="studio")
    assert counts(response) == (201, 2, 0, 0)
    first, second = stored(world, response)
    assert first["input"] == second["input"] == {"prompt": "p", "options": ["one", "two"]}
    assert [first["unique_id"], second["unique_id"]] == ["label-studio-4", "label-studio-x5"]
    assert (first["metadata"], second["metadata"], first["batch"]) == ({"source": "x"}, None, "studio")
    assert counts(studio(world, pair, listed)) == (201, 0, 2, 0)
    mail = studio(world, {"data": {"text1": "buy", "text2": "now"}}, project=classified)
    assert stored(world, mail, classified)[0]["input"] == {"text1": "buy", "text2": "now"}


def test_label_studio_files_keep_what_could_be_read(world: World) -> None:
    """A bad task, or a file that was cut off, does not take the others with it."""
    good = json.dumps({"data": {"prompt": "cut", "options": ["a", "b"]}})
    response = push(
        world,
        f'[{good}, {{"text": 1}}, nonsense, {{"data": {{}}}}, {good}, {{"da',
        JSON,
        format="label-studio",
    )
    assert counts(response) == (207, 2, 0, 4)
    assert [error[:2] for error in errors(response)] == [
        (1, "label_studio_task"), (2, "label_studio_task"), (3, "options_missing"), (5, "json_list"),
    ]  # fmt: skip
    assert push(world, good, JSON, format="label-studio").json()["code"] == "json_list"
    assert push(world, "[]", JSON, format="label-studio").json()["code"] == "push_empty"
    assert push(world, good, "text/plain").json()["code"] == "unsupported_media_type"
