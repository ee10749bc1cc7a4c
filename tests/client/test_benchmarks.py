"""Benchmarks by the client: lists and files in parts, looked at, changed, judged."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from goldvein import wire
from goldvein.bootstrap import running_server
from goldvein.client import GoldveinClient, NotThere
from goldvein.services import keys, lifecycle
from goldvein.store.database import Database


@pytest.fixture(scope="module")
def db(module_database_url: str) -> Iterator[Database]:
    with Database(module_database_url, pool_size=1) as found:
        yield found


@pytest.fixture(scope="module")
def clients(db: Database, module_database_url: str) -> Iterator[dict[str, GoldveinClient]]:
    """A customer's and an auditor's."""
    now = datetime.now(UTC)
    customer = keys.create_customer(db, "c", now)
    auditor = keys.create_labeler(db, "a", "auditor", now)
    tokens = {
        "customer": keys.issue(db, "customer", customer, "k", now),
        "auditor": keys.issue(db, "auditor", auditor, "k", now),
    }
    with running_server(module_database_url, seed=1) as base:
        found = {name: GoldveinClient(base, token) for name, token in tokens.items()}
        yield found
        for client in found.values():
            client.close()


def items(count: int) -> list[wire.BenchmarkNew]:
    return [
        wire.BenchmarkNew(input={"prompt": f"{n}", "options": ["a", "b"]}, key=n % 2) for n in range(count)
    ]


@pytest.mark.parametrize("kind", ["list", "json", "jsonl", "csv", "label-studio"])
def test_lists_and_files_may_be_sent_again(
    clients: dict[str, GoldveinClient], tmp_path: Path, kind: str
) -> None:
    """Indexes count over all parts, whatever they came in."""
    client = clients["customer"]
    project = client.create_project("p", "Pick.").id
    rows: list[dict[str, object]] = [
        {"input": one.input, "key": one.key if n != 4 else 2} for n, one in enumerate(items(7))
    ]
    path = tmp_path / f"gold.{kind}"
    match kind:
        case "json":
            path.write_text(json.dumps({"benchmarks": rows}))
        case "jsonl":
            path.write_text("\n\n".join(map(json.dumps, rows)))
        case "csv":
            lines = [f"{n},a,b,{row['key']}" for n, row in enumerate(rows)]
            path.write_text("\n".join(["prompt,option_0,option_1,key", *lines]))
        case "label-studio":
            path = tmp_path / "gold.export"
            result = [[{"type": "choices", "value": {"choices": ["abc"[int(str(r["key"]))]]}}] for r in rows]
            path.write_text(
                json.dumps(
                    [
                        {"data": row["input"], "annotations": [{"ground_truth": True, "result": one}]}
                        for row, one in zip(rows, result, strict=True)
                    ]
                )
            )
    seen: list[int] = []
    for expected in ((6, 0, 1), (0, 6, 1)):
        pushed = client.add_benchmarks(
            project,
            rows if kind == "list" else path,
            file_format="label-studio" if kind == "label-studio" else None,
            chunk=3,
            progress=seen.append,
        )
        assert (pushed.created, pushed.existing, pushed.refused) == expected
        assert [error.index for error in pushed.errors] == [4]
        assert [task.index for task in pushed.tasks] == [0, 1, 2, 3, 5, 6]
    assert seen[-1] == 7
    assert [one.key for one in client.benchmarks(project)] == [0, 1, 0, 1, 1, 0]
    with pytest.raises(ValueError, match="file_format"):
        client.add_benchmarks(project, tmp_path / "gold.xls")


def test_all_of_them_refused_is_no_error_of_the_rest(clients: dict[str, GoldveinClient]) -> None:
    """A part in which all are bad does not stop the others."""
    client = clients["customer"]
    project = client.create_project("p", "Pick.").id
    bad = [wire.BenchmarkNew(input={"options": ["a"]}, key=0) for _ in range(3)]
    pushed = client.add_benchmarks(project, [*bad, *items(2)], chunk=3)
    assert (pushed.created, pushed.refused) == (2, 3)
    with pytest.raises(NotThere):
        client.add_benchmarks(999_999, items(1))


def test_look_change_retire_and_audit(clients: dict[str, GoldveinClient], db: Database) -> None:
    """The rest of the surface."""
    client, auditor = clients["customer"], clients["auditor"]
    project = client.create_project("p", "Pick.").id
    client.add_benchmarks(project, items(6))
    tasks = [one.task for one in client.benchmarks(project, state="active")]
    assert client.change_benchmark(project, tasks[0], key=1).key == 1
    assert client.change_benchmark(project, tasks[0], action="freeze").state == "frozen"
    with db.transaction() as tx:
        lifecycle.flag(tx, project, tasks[0], "doubt", datetime.now(UTC))
        lifecycle.flag(tx, project, tasks[1], "doubt", datetime.now(UTC))
    assert [one.task for one in client.benchmarks(project, flagged=True)] == tasks[:2]
    (first, second) = auditor.doubts(project)
    claimed = auditor.claim_doubt(project, first.task)
    verdict = auditor.answer_doubt(project, first.task, claimed.input["options"].index("b"), comment="clear")
    assert (verdict.verdict, verdict.state) == ("confirmed", "active")
    assert auditor.answer_doubt(project, second.task, None).verdict == "ambiguous"
    assert list(auditor.doubts(project)) == []
    assert client.benchmark(project, tasks[0]).life[-1].step == "flag"
    assert client.retire_benchmarks(project, tasks[2:4]) == tasks[2:4]
    rest = client.retire_benchmarks(project, meant=wire.BenchmarkFilter(basis="manual"), reason="done")
    assert sorted(rest) == [tasks[0], *tasks[4:]]
    copy = client.create_project("again", copy_of=project)
    assert (copy.copy_of, copy.carried, copy.instruction) == (project, 0, "Pick.")
