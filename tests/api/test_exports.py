"""Files of labels: every format has the shape that its readers take, and can be gone on with."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pyarrow.parquet as pq
import pytest

from goldvein.client import ApiError, GoldveinClient, Refused, files
from goldvein.client.http import Ask, Transport
from goldvein.domain.errors import Conflict
from goldvein.domain.records import TaskDraft
from goldvein.services import contents, intake, label_studio, labelled, projects
from goldvein.services.exporting import COLUMNS, Layout, format_for
from goldvein.store import labels, tasks
from goldvein.store.labelled import Wanted
from tests.api.world import World

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
LISTS = ("openai", "label-studio")
FORMATS = ("jsonl", "csv", "parquet", "trl", *LISTS)


@pytest.fixture(scope="module")
def project(world: World) -> int:
    """A project that no test changes."""
    return make_project(world)


def make_project(world: World) -> int:
    """Seven tasks in two batches: six labels, one of them withdrawn and replaced, and one by the panel."""
    project = int(_post(world, "/v1/projects", name="Mein Projekt: #1", instruction="Pick.")["id"])
    drafts = [
        TaskDraft(n, {"prompt": f"=p{n}", "options": [f"{n}-a", f"{n}-b", f"{n}-c"]}, f"u{n}", {"n": n})
        for n in range(7)
    ]
    now = datetime.now(UTC)
    ids = [
        task.id
        for batch, part in (("one", drafts[:4]), ("two", drafts[4:]))
        for task in intake.push(world.db, project, part, batch, now).tasks
    ]
    with world.db.transaction() as tx:
        made = labels.insert_many(tx, [label(project, task, n) for n, task in enumerate(ids[:6])])
        labels.withdraw(tx, [(project, made[1])], AT)
        anew = {"choice": 0, "value": "1-a"}
        labels.insert_many(
            tx, [label(project, ids[1], 0, answer=anew, basis="panel", labeler=None, p_benchmarks=None)]
        )
        tasks.finish(tx, {(project, task): "labelled" for task in ids[:6]}, now)
    return project


def label(project: int, task: int, n: int, **changes: Any) -> labels.NewLabel:
    values: dict[str, Any] = {
        "answer": {"choice": n % 3, "value": f"{n}-{'abc'[n % 3]}"}, "basis": "labeler", "policy_version": 1,
        "answered_at": AT, "delivered_at": AT + timedelta(hours=n), "labeler": 7, "standing_state": "deliver",
        "p_benchmarks": 0.9 + n / 100, "p_all": 0.99, "benchmarks": 9, "confidence": n / 10 if n else None,
    }  # fmt: skip
    return labels.NewLabel(project=project, task=task, **(values | changes))


def _post(world: World, path: str, **body: Any) -> Any:
    with world.client() as client:
        return client.post(path, json=body).json()


def get(world: World, project: int, file_format: str, **params: Any) -> httpx.Response:
    with world.client() as client:
        return client.get(f"/v1/projects/{project}/labels/export", params={"format": file_format, **params})


def rows(content: bytes, file_format: str) -> list[dict[str, Any]]:
    """What a program reads."""
    if file_format == "csv":
        return list(csv.DictReader(io.StringIO(content.decode(), newline="")))
    if file_format == "parquet":
        found: list[dict[str, Any]] = pq.read_table(io.BytesIO(content)).to_pylist()
        return found
    if file_format in LISTS:
        listed: list[dict[str, Any]] = json.loads(content)
        return listed
    return [json.loads(line) for line in content.splitlines()]


def read(world: World, project: int, file_format: str, **params: Any) -> list[dict[str, Any]]:
    response = get(world, project, file_format, **params)
    assert response.status_code == 200, response.text
    return rows(response.content, file_format)


@pytest.mark.parametrize("file_format", FORMATS)
def test_a_file_has_a_name_and_a_type(world: World, project: int, file_format: str) -> None:
    """A browser keeps it under the project's name, and the day."""
    response = get(world, project, file_format)
    named = response.headers["content-disposition"]
    assert named.startswith('attachment; filename="mein-projekt-1-labels-20')
    assert response.headers["content-type"].partition(";")[0] in {
        "application/x-ndjson", "text/csv", "application/json", "application/vnd.apache.parquet",
    }  # fmt: skip


def test_json_lines_are_labels(world: World, project: int) -> None:
    """As everywhere in the API; with the content where it is asked for; the withdrawn one is not there."""
    found = read(world, project, "jsonl")
    assert [one["unique_id"] for one in found] == ["u0", "u2", "u3", "u4", "u5", "u1"]
    assert all(one["withdrawn_at"] is None and "input" not in one for one in found)
    whole = read(world, project, "jsonl", content="true")[1]
    assert (whole["batch"], whole["metadata"]) == ("one", {"n": 2})
    assert whole["input"] == {"prompt": "=p2", "options": ["2-a", "2-b", "2-c"]}


def test_csv_is_harmless_in_a_spreadsheet_and_loses_nothing(world: World, project: int) -> None:
    """What would be a formula has an apostrophe before it; who reads it takes that away again."""
    found = read(world, project, "csv")
    assert tuple(found[0]) == COLUMNS
    first = found[0]
    assert (first["prompt"], first["choice"], first["value"], first["batch"]) == ("'=p0", "0", "0-a", "one")
    assert json.loads(first["input"]) == {"prompt": "=p0", "options": ["0-a", "0-b", "0-c"]}
    assert datetime.fromisoformat(first["delivered_at"]) == AT
    assert not any(cell.startswith(tuple("=+-@\t\r")) for one in found for cell in one.values())


def test_parquet_has_types(world: World, project: int) -> None:
    """The same whatever the file holds, also in an empty one."""
    content = get(world, project, "parquet").content
    table = pq.read_table(io.BytesIO(content))
    one = table.to_pylist()[1]
    assert (one["choice"], one["options"], one["delivered_at"]) == (
        2, ["2-a", "2-b", "2-c"], AT + timedelta(hours=2),
    )  # fmt: skip
    assert json.loads(one["metadata"]) == {"n": 2}
    empty = pq.read_table(io.BytesIO(get(world, project, "parquet", since="2100-01-01T00:00:00Z").content))
    assert (empty.num_rows, empty.schema) == (0, table.schema)


def test_trl_rows_are_preferences(world: World, project: int) -> None:
    """What was chosen against each other option, or against one of them that is always the same."""
    found = read(world, project, "trl")
    assert found[2:4] == [
        {"prompt": "=p2", "chosen": "2-c", "rejected": "2-a"},
        {"prompt": "=p2", "chosen": "2-c", "rejected": "2-b"},
    ]
    assert len(found) == 12
    one = read(world, project, "trl", pairs="one")
    assert len(one) == 6
    assert one == read(world, project, "trl", pairs="one")
    assert all(pair in found for pair in one)


def test_openai_rows_are_questions_with_the_best(world: World, project: int) -> None:
    """A list of query, sample0 ... and best, the number of a sample."""
    assert read(world, project, "openai")[1] == {
        "query": "=p2", "sample0": "2-a", "sample1": "2-b", "sample2": "2-c", "best": 2,
    }  # fmt: skip


def test_label_studio_tasks_can_be_read_back(world: World, project: int) -> None:
    """By our own reader of tasks as they were pushed; what the panel said, as benchmarks."""
    found = read(world, project, "label-studio")
    (result,) = found[1]["annotations"][0]["result"]
    assert result == {
        "from_name": "choice", "to_name": "prompt", "type": "choices", "value": {"choices": ["2-c"]},
    }  # fmt: skip
    assert found[1]["data"]["options"] == [{"value": "2-a"}, {"value": "2-b"}, {"value": "2-c"}]
    tasks_again = [label_studio.read_task(one, n, None) for n, one in enumerate(found)]
    assert tasks_again[1] == {
        "input": {"prompt": "=p2", "options": ["2-a", "2-b", "2-c"]}, "unique_id": "u2", "metadata": {"n": 2},
    }  # fmt: skip
    benchmarks = list(label_studio.read_label_studio(json.dumps(found).encode(), None))
    assert [one for one in benchmarks if isinstance(one, dict)] == [
        {"input": {"prompt": "=p1", "options": ["1-a", "1-b", "1-c"]}, "unique_id": "u1", "key": 0}
    ]


def test_a_prompt_may_be_a_conversation_or_none(world: World) -> None:
    """TRL gets messages for messages; other texts of the content stand in for a prompt."""
    project = int(_post(world, "/v1/projects", name="talk", instruction="Pick.")["id"])
    turns = [{"role": "user", "content": "Hi."}, {"role": "assistant", "content": "Yes?"}]
    inputs: list[dict[str, Any]] = [
        {"prompt": turns, "options": ["a", "b"]}, {"title": "Long.", "text": "T", "options": ["a", "b"]},
    ]  # fmt: skip
    drafts = [TaskDraft(n, content) for n, content in enumerate(inputs)]
    pushed = intake.push(world.db, project, drafts, None, datetime.now(UTC))
    with world.db.transaction() as tx:
        labels.insert_many(tx, [label(project, one.id, 1) for one in pushed.tasks])
    talk, text = read(world, project, "trl")
    assert talk == {
        "prompt": turns,
        "chosen": [{"role": "assistant", "content": "b"}],
        "rejected": [{"role": "assistant", "content": "a"}],
    }
    assert text["prompt"] == "T\n\nLong."
    assert [one["query"] for one in read(world, project, "openai")] == ["Hi.\n\nYes?", "T\n\nLong."]


@pytest.mark.parametrize(
    ("params", "names"),
    [
        ({"batch": "one"}, ["u0", "u1", "u2", "u3"]),
        ({"batch": "two"}, ["u4", "u5"]),
        ({"since": "2026-03-01T15:00:00Z"}, ["u3", "u4", "u5"]),
        ({"until": "2026-03-01T13:00:00+01:00"}, []),
        ({"since": "2026-03-01T14:00:00Z", "until": "2026-03-01T16:00:00Z"}, ["u2", "u3"]),
        ({"basis": "panel"}, ["u1"]),
        ({"basis": "manual"}, []),
        ({"confidence_at_least": 0.3}, ["u3", "u4", "u5"]),
        ({"p_at_least": 0.94}, ["u4", "u5", "u1"]),
        ({"p_at_least": 0.94, "basis": "labeler", "batch": "two"}, ["u4", "u5"]),
    ],
)
def test_filters(world: World, project: int, params: dict[str, Any], names: list[str]) -> None:
    """In every format alike; a label of several people has no p to be asked for."""
    assert [one["unique_id"] for one in read(world, project, "jsonl", **params)] == names
    assert [one["unique_id"] for one in read(world, project, "parquet", **params)] == names


@pytest.mark.parametrize(
    ("params", "status", "code"),
    [
        ({"format": "excel"}, 422, "format_unsupported"),
        ({"batch": "three"}, 404, "batch_unknown"),
        ({"batch": "one", "after": 10**12}, 422, "after_unknown"),
        ({"since": "2026-03-01T15:00:00"}, 422, "moment_without_zone"),
        ({"since": "yesterday"}, 422, "invalid_parameter"),
        ({"basis": "luck"}, 422, "invalid_parameter"),
        ({"limit": 0}, 422, "invalid_parameter"),
        ({"after": -1}, 422, "invalid_parameter"),
        ({"p_at_least": 2}, 422, "invalid_parameter"),
        ({"format": "trl", "pairs": "some"}, 422, "invalid_parameter"),
    ],
)
def test_what_cannot_be_asked(
    world: World, project: int, params: dict[str, Any], status: int, code: str
) -> None:
    """Said before the first byte of a file."""
    with world.client() as client:
        response = client.get(f"/v1/projects/{project}/labels/export", params=params)
    assert (response.status_code, response.json()["code"]) == (status, code)


def test_formats_of_options_are_not_for_classes(world: World) -> None:
    """The others are: a class is what Label Studio calls a choice."""
    project = int(
        _post(world, "/v1/projects", name="c", instruction="Pick.", classes=["spam", "ham", "eggs"])["id"]
    )
    pushed = intake.push(world.db, project, [TaskDraft(0, {"text": "buy"})], None, datetime.now(UTC))
    answer = {"choice": 1, "value": "ham"}
    with world.db.transaction() as tx:
        labels.insert_many(tx, [label(project, pushed.tasks[0].id, 1, answer=answer)])
    for file_format in ("trl", "openai"):
        assert get(world, project, file_format).json()["code"] == "format_needs_options"
    assert read(world, project, "parquet")[0]["options"] == ["spam", "ham", "eggs"]
    assert read(world, project, "csv")[0]["value"] == "ham"
    assert read(world, project, "label-studio")[0]["data"] == {"text": "buy"}


def test_without_the_extra_parquet_names_it(
    world: World, project: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the other formats are written."""
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    response = get(world, project, "parquet")
    assert (response.status_code, response.json()["code"]) == (501, "extra_missing")
    assert "goldvein[parquet]" in response.json()["detail"]
    assert get(world, project, "csv").status_code == 200


def parts(world: World, project: int, file_format: str, **params: Any) -> Iterator[httpx.Response]:
    response = get(world, project, file_format, limit=2, **params)
    while True:
        yield response
        if "next" not in response.links:
            return
        with world.client() as client:
            response = client.get(response.links["next"]["url"])


@pytest.mark.parametrize("params", [{}, {"batch": "one"}, {"basis": "labeler"}])
@pytest.mark.parametrize("file_format", ["jsonl", "csv", "trl"])
def test_parts_make_the_whole(world: World, project: int, file_format: str, params: dict[str, str]) -> None:
    """Byte by byte; a part without a link is the last."""
    whole = get(world, project, file_format, **params).content
    assert b"".join(part.content for part in parts(world, project, file_format, **params)) == whole


class Broken(Transport):
    """Loses its connection after some requests."""

    left = 2

    def send(self, ask: Ask, *, stream: bool = False) -> httpx.Response:
        if self.left == 0:
            raise httpx.ConnectError("cable pulled")
        self.left -= 1
        return super().send(ask, stream=stream)


@pytest.mark.parametrize("file_format", FORMATS)
def test_the_client_goes_on_with_a_file(
    world: World, project: int, file_format: files.Format, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it broke off, without asking again for what it has; the file is there once it is whole."""
    monkeypatch.setattr(files, "PART", 2)
    path = tmp_path / "labels"
    path.write_text("an older one")
    with GoldveinClient(world.base, world.keys["customer"]) as client:
        whole = client._transport
        client._transport = broken = Broken(world.base, world.keys["customer"], http=whole.http)
        if file_format != "parquet":
            with pytest.raises(httpx.ConnectError):
                client.export_file(project, path, file_format=file_format)
            assert path.read_text() == "an older one"
        broken.left = 10
        seen: list[int] = []
        assert client.export_file(project, path, file_format=file_format, progress=seen.append) == path
        assert file_format == "parquet" or broken.left == 10 - len(seen)
        client._transport = whole
        with pytest.raises(ApiError):
            client.export_file(project, path, file_format=file_format, batch="three")
    assert rows(path.read_bytes(), file_format) == read(world, project, file_format)
    if file_format in LISTS:
        assert path.read_bytes() == get(world, project, file_format).content
    assert not path.with_name("labels.progress").exists()


def test_another_question_begins_anew(
    world: World, project: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is there of a file with other filters is not put before the answer."""
    monkeypatch.setattr(files, "PART", 2)
    with GoldveinClient(world.base, world.keys["customer"]) as client:
        transport = client._transport
        client._transport = Broken(world.base, world.keys["customer"], http=transport.http)
        with pytest.raises(httpx.ConnectError):
            client.export_file(project, tmp_path / "x")
        client._transport = transport
        path = client.export_file(project, tmp_path / "x", batch="two")
    assert [json.loads(line)["unique_id"] for line in path.read_bytes().splitlines()] == ["u4", "u5"]


def test_a_label_that_is_withdrawn_between_pages_is_left_out(world: World, project: int) -> None:
    """Each page says what holds when it is read; the label that one breaks off at may go as well."""
    pages = labelled.export(world.db, project, Wanted(), page=2)
    first = [one.label.id for one in next(pages)]
    assert len(first) == 1  # of the two labels that were looked at, one was taken back
    assert sum(len(page) for page in pages) == 5


def test_a_file_of_texts_breaks_off_where_they_are_erased_meanwhile(world: World) -> None:
    """What was written until then is whole; blanks, which a model would be trained on, are never written."""
    project = make_project(world)
    (page,) = labelled.export(world.db, project, Wanted())
    erased = [replace(one, input={"options": [""] * len((one.input or {})["options"])}) for one in page[1:]]
    for name in FORMATS:
        kind = format_for(name, projects.get(world.db, project, None))
        writer = kind.make(Layout())
        assert writer.begin() + writer.page(page[:1])
        if not kind.needs_texts:
            assert writer.page(erased) + writer.end()
            continue
        with pytest.raises(Conflict, match="erased while its file was written"):
            writer.page(erased)


def test_contents_are_erased_and_labels_stay(world: World) -> None:
    """Once the project is closed: tables say what was picked by its place, which others cannot."""
    project = make_project(world)
    before = read(world, project, "jsonl")
    with GoldveinClient(world.base, world.keys["customer"]) as client:
        with pytest.raises(Refused) as early:
            client.erase_contents(project, "Mein Projekt: #1")
        assert early.value.code == "project_not_closed"
        assert client.change_project(project, state="closed").closed_at is not None
        assert client.erase_contents(project, "Mein Projekt: #1").contents == "erasing"
        with pytest.raises(Refused) as copied:
            client.create_project("again", copy_of=project, carry_benchmarks=True)
        assert copied.value.code == "contents_erased"
    contents.finish(world.db, project, datetime.now(UTC) + contents.LINGERS)
    assert projects.get(world.db, project, None).contents == "erased"
    after = read(world, project, "jsonl", content="true")
    assert [(one["unique_id"], one["answer"]["choice"]) for one in after] == [
        (one["unique_id"], one["answer"]["choice"]) for one in before
    ]
    assert {(one["answer"]["value"], str(one["input"]), one["metadata"]) for one in after} == {
        ("", "{'options': ['', '', '']}", None)
    }
    for table in ("csv", "parquet"):
        assert len(read(world, project, table)) == len(before)
    for texts in ("trl", "openai", "label-studio"):
        refused = get(world, project, texts)
        assert (refused.status_code, refused.json()["code"]) == (409, "contents_erased")
