"""What commands share: reports as JSON, progress, and how an error reaches the terminal."""

from __future__ import annotations

import contextlib
import json
import math
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import rich_click as click

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console
    from rich.progress import Progress

    from goldvein.store.database import Database


def in_a_folder(_context: click.Context, _parameter: click.Parameter, value: Any) -> Any:
    """Refuse a file to be written, if its folder is missing, before the work whose result it would hold."""
    if value is not None and str(value) != "-":
        folder = Path(value).absolute().parent
        if not folder.is_dir():
            raise click.ClickException(f"{value} cannot be written: there is no folder {folder}")
    return value


json_option = click.option(
    "--json",
    "json_path",
    metavar="FILE",
    callback=in_a_folder,
    help="Write the report as JSON to FILE; `-` is standard output.",
)
"""The option of every command that writes a report."""


def now() -> datetime:
    """Read the clock: commands are where time enters."""
    return datetime.now(UTC)


def write_json(report: Any, path: str | None) -> None:
    """Write a report to a file, or to standard output for ``-``; nothing without a path."""
    if path is None:
        return
    text = json.dumps(_plain(report), indent=2, ensure_ascii=False, default=_json_value)
    if path == "-":
        print(text)
        return
    try:
        Path(path).write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"{path} cannot be written: {error.strerror}") from error


def terminal() -> Console:
    """Make a console on standard error, so that standard output holds the report alone."""
    from rich.console import Console

    return Console(stderr=True, highlight=False)


@contextlib.contextmanager
def progress(console: Console | None = None) -> Iterator[Progress]:
    """Show bars on standard error while something long runs and somebody looks at a terminal."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    shown = console or terminal()
    with Progress(*columns, console=shown, transient=True, disable=not shown.is_terminal) as bars:
        yield bars


@contextlib.contextmanager
def errors_for_people() -> Iterator[None]:
    """Turn what can go wrong into one line and exit code 1, instead of a traceback."""
    import psycopg

    from goldvein.domain.errors import GoldveinError
    from goldvein.settings import SettingError
    from goldvein.store.binaries import EmbeddedServerError

    try:
        yield
    except (GoldveinError, SettingError, EmbeddedServerError) as error:
        raise click.ClickException(str(error)) from error
    except psycopg.OperationalError as error:  # it is away, lets nobody in, or has no room left
        raise click.ClickException(
            f"the database does not serve ({_one_line(error)}): see that it runs, and that "
            "GOLDVEIN_DATABASE_URL leads to it"
        ) from error
    except psycopg.errors.InsufficientPrivilege as error:
        raise click.ClickException(
            f"the database refuses ({error.diag.message_primary}): the role in GOLDVEIN_DATABASE_URL must "
            "own its database; `demo`, `replay` and `attack-benchmarks` make one of their own (CREATEDB)"
        ) from error


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Write a file, or standard output for ``-``; until it is whole it is called NAME.part."""
    if path == Path("-"):
        yield sys.stdout.buffer
        return
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as file:
            yield file
        part.replace(path)
    except OSError as error:
        raise click.ClickException(f"{path} cannot be written: {error.strerror or error}") from error


@contextlib.contextmanager
def database() -> Iterator[Database]:
    """Open the installation's database: the one that ``GOLDVEIN_DATABASE_URL`` names, or the embedded one."""
    from goldvein.bootstrap import database as open_database
    from goldvein.settings import read_settings

    with errors_for_people(), open_database(read_settings()) as db:
        yield db


def percent(value: float | None, digits: int = 1) -> str:
    """Write a share for people."""
    return "-" if value is None else f"{100 * value:.{digits}f}%"


def _plain(value: Any) -> Any:
    """Replace what JSON has no word for: NaN and infinities become null."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _json_value(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if hasattr(value, "item"):
        return value.item()
    raise TypeError(f"{type(value).__name__} has no JSON form")


def show_rows(rows: list[dict[str, Any]], json_path: str | None) -> None:
    """Print rows as a table, or write them as JSON."""
    if json_path is not None:
        write_json(rows, json_path)
        return
    if not rows:
        print("none")
        return
    names = list(rows[0])
    cells = [[str(row[name]) for name in names] for row in rows]
    widths = [max(map(len, column)) for column in zip(names, *cells, strict=True)]
    for line in [names, *cells]:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def show_tree(value: Any, indent: int = 0) -> None:
    """Print nested values, one line each."""
    pad = "  " * indent
    for name, item in value.items():
        if isinstance(item, dict) and item:
            print(f"{pad}{name}")
            show_tree(item, indent + 1)
        elif isinstance(item, list) and item and isinstance(item[0], dict):
            print(f"{pad}{name}")
            for line in item[:20]:
                print(f"{pad}  " + "  ".join(f"{key}={_value(cell)}" for key, cell in line.items()))
            if len(item) > 20:
                print(f"{pad}  and {len(item) - 20} more: see --json")
        else:
            print(f"{pad}{name}: {_value(item)}")


def _value(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def knobs(changes: tuple[str, ...]) -> dict[str, float]:
    """Read ``knob=value`` pairs.

    Raises
    ------
    click.UsageError
        If one is no such pair.
    """
    values: dict[str, float] = {}
    for change in changes:
        name, equals, value = change.partition("=")
        try:
            values[name.strip()] = float(value)
        except ValueError:
            equals = ""
        if not equals:
            raise click.UsageError(f"{change!r} is no KNOB=VALUE with a number, such as quality_bar=0.8")
    return values
