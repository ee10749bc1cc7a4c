"""``goldvein admin benchmarks``: keys given by hand, looked at, changed, and those in doubt."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from goldvein.cli.common import database, json_option, now, progress, show_rows, show_tree, write_json

if TYPE_CHECKING:
    from goldvein.api.pushing import FileKind
    from goldvein.domain.records import ItemError
    from goldvein.services.benchmarks import ManualBenchmark
    from goldvein.store.database import Database

_FORMATS = ("json", "jsonl", "csv", "label-studio")
_BY_ENDING: dict[str, FileKind] = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "json"}
_STATES = ("candidate", "active", "frozen", "retired")
_BASES = ("panel", "manual", "bootstrap", "reused")
_AT_ONCE = 500
_SHOWN = ("task", "unique_id", "state", "basis", "key", "key_right", "exposures", "flag", "reason")


@click.group()
def benchmarks() -> None:
    """Give keys by hand, look at benchmarks, change and retire them, and see which are in doubt."""


@benchmarks.command("add")
@click.argument("project", type=int)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--format",
    "file_format",
    type=click.Choice(_FORMATS),
    help="What the file is; by its ending (.csv, .jsonl, .json) where not given.",
)
@json_option
def add_benchmarks(project: int, file: Path, file_format: FileKind | None, json_path: str | None) -> None:
    """Add benchmarks from a file: CSV, JSONL, JSON, or an export of Label Studio's with ground truths.

    A file may be added again: what is a benchmark already stays as it is. Bad ones are named, good ones kept.
    """
    kind = file_format or _BY_ENDING.get(file.suffix.lower())
    if kind is None:
        raise click.UsageError(f"{file.name} has no ending that says what it is: give --format")
    with database() as db:
        report = _add(db, project, file, kind)
    if json_path is not None:
        write_json(report, json_path)
    else:
        print(
            f"{report['created']} benchmarks are new, {report['existing']} were there, "
            f"{report['refused']} were refused"
        )
        for error in report["errors"][:20]:
            print(f"  item {error['index']}{error['pointer']}: {error['detail']} ({error['code']})")
        if report["refused"] > 20:
            print(f"  and {report['refused'] - 20} more: see --json")
    if report["refused"] and not report["created"] + report["existing"]:
        raise SystemExit(1)


def _add(db: Database, project: int, file: Path, kind: FileKind) -> dict[str, Any]:
    from goldvein.domain.records import ItemError
    from goldvein.services import projects
    from goldvein.services.benchmarks import add_manual

    target = projects.get(db, project, None)
    created = existing = 0
    errors: list[ItemError] = []
    items = _items(file, kind, target.classes)
    with progress() as bars:
        bar = bars.add_task("benchmarks", total=None)
        while part := list(itertools.islice(items, _AT_ONCE)):
            errors += [one for one in part if isinstance(one, ItemError)]
            good = [one for one in part if not isinstance(one, ItemError)]
            result = add_manual(db, project, good, now())
            made = sum(one.created for one in result.tasks)
            created, existing = created + made, existing + len(result.tasks) - made
            errors += result.errors
            bars.update(bar, advance=len(part))
    errors.sort(key=lambda error: error.index)
    return {
        "created": created,
        "existing": existing,
        "refused": len(errors),
        "errors": [asdict(error) for error in errors],
    }


def _items(
    file: Path, kind: FileKind, classes: tuple[str, ...] | None
) -> Iterator[ManualBenchmark | ItemError]:
    """Read a file as the API reads it."""
    from goldvein.api.pushing import read_benchmark, read_file

    if kind == "jsonl":
        with file.open("rb") as lines:
            yield from (
                read_benchmark(line, index, "")
                for index, line in enumerate(line for line in lines if line.strip())
            )
        return
    yield from read_file(kind, file.read_bytes(), classes)


@benchmarks.command("list")
@click.argument("project", type=int)
@click.option("--state", type=click.Choice(_STATES), help="Only those in this state.")
@click.option("--basis", type=click.Choice(_BASES), help="Only those made so.")
@click.option("--flagged", is_flag=True, help="Only those at which an auditor should look.")
@json_option
def list_benchmarks(
    project: int,
    state: str | None,
    basis: str | None,
    flagged: bool,  # noqa: FBT001
    json_path: str | None,
) -> None:
    """List benchmarks, and candidates on their way to become some."""
    from goldvein.services import curating, projects

    with database() as db:
        projects.get(db, project, None)
        found: list[Any] = []
        while page := curating.page(
            db, project, state=state, basis=basis, flagged=flagged,
            after=found[-1].task if found else 0, limit=1_000,
        ):  # fmt: skip
            found += page
    rows = [asdict(line) for line in found]
    show_rows(rows if json_path else [{name: row[name] for name in _SHOWN} for row in rows], json_path)


@benchmarks.command("show")
@click.argument("project", type=int)
@click.argument("task", type=int)
@json_option
def show_benchmark(project: int, task: int, json_path: str | None) -> None:
    """Show a benchmark: its content and key, what the crowd said, its life and its versions."""
    from goldvein.services import curating

    with database() as db:
        found = curating.look(db, project, task, names=True)
    report = {
        **asdict(found.benchmark),
        **asdict(found.said),
        **{name: value for name, value in asdict(found).items() if name not in ("benchmark", "said")},
        "passed": found.passed,
        "missed": found.missed,
    }
    if json_path is not None:
        write_json(report, json_path)
        return
    show_tree(report)


@benchmarks.command("edit")
@click.argument("project", type=int)
@click.argument("task", type=int)
@click.argument("key", type=int)
@click.option("--key-right", type=float, help="How sure you are of it, from chance to 1; 0.98 by default.")
@click.option("--reason", help="Why, for the log.")
def edit_benchmark(project: int, task: int, key: int, key_right: float | None, reason: str | None) -> None:
    """Give a benchmark another KEY, the option in content order from 0; all that it touched is rescored."""
    from goldvein.services import curating

    with database() as db:
        curating.change_key(db, project, task, key, now(), key_right=key_right, reason=reason)
    print(f"benchmark {task} has the key {key} now; `goldvein work` or `serve` rescores who answered it")


@benchmarks.command("retire")
@click.argument("project", type=int)
@click.argument("tasks", type=int, nargs=-1)
@click.option("--basis", type=click.Choice(_BASES), help="All that were made so.")
@click.option("--flagged", is_flag=True, help="All at which an auditor should look.")
@click.option("--exposures", type=int, help="All that were served at least so often.")
@click.option("--reason", help="Why, for the log.")
def retire_benchmarks(
    project: int,
    tasks: tuple[int, ...],
    basis: str | None,
    flagged: bool,  # noqa: FBT001
    exposures: int | None,
    reason: str | None,
) -> None:
    """Serve benchmarks no more: those named, or those to which all options apply; their answers count."""
    from goldvein.services import curating

    is_filter = basis is not None or flagged or exposures is not None
    if bool(tasks) == is_filter:
        raise click.UsageError("name tasks, or say which are meant by --basis, --flagged or --exposures")
    meant = curating.Meant(None, basis, True if flagged else None, exposures or 0)
    total, more = 0, True
    with database() as db:
        while more:
            gone, more = curating.retire_some(db, project, list(tasks) or meant, now(), reason=reason)
            total += len(gone)
    print(f"{total} benchmarks are retired")


@benchmarks.command("freeze")
@click.argument("project", type=int)
@click.argument("task", type=int)
@click.option("--reason", help="Why, for the log.")
def freeze_benchmark(project: int, task: int, reason: str | None) -> None:
    """Serve a benchmark no more for now, and strike out what was answered to it."""
    _act(project, task, "freeze", reason, "is frozen")


@benchmarks.command("confirm")
@click.argument("project", type=int)
@click.argument("task", type=int)
@click.option("--reason", help="Why, for the log.")
def confirm_benchmark(project: int, task: int, reason: str | None) -> None:
    """Say that a key is right: a frozen benchmark is used again, and one in doubt is in doubt no more."""
    _act(project, task, "confirm", reason, "is confirmed, and in use")


def _act(project: int, task: int, action: Any, reason: str | None, done: str) -> None:
    from goldvein.services import curating

    with database() as db:
        curating.act(db, project, task, action, now(), reason=reason)
    print(f"benchmark {task} {done}")


@benchmarks.command("queue")
@click.option("--project", type=int, help="Only those of one project.")
@json_option
def show_queue(project: int | None, json_path: str | None) -> None:
    """List the benchmarks that wait for an auditor, oldest first, without their keys."""
    from goldvein.services import auditing

    rows: list[dict[str, Any]] = []
    with database() as db:
        after: auditing.Cursor | None = None
        while page := auditing.queue(db, None, now(), project=project, after=after, limit=100):
            rows += [asdict(one) for one in page]
            after = (page[-1].flagged_at, page[-1].project, page[-1].task)
    names = ("project", "task", "flagged_at", "input")
    show_rows(rows if json_path else [{name: row[name] for name in names} for row in rows], json_path)
