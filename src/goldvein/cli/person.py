"""``goldvein person``: what is stored of somebody as a file, and how they are forgotten."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from goldvein.cli.common import database, in_a_folder, now, whole_file


@click.group()
def person() -> None:
    """Hand people their data, and forget them.

    NAME is the name to sign in with, or that of a labeler who has no account. docs/privacy.md says what is
    personal, how long it is kept, and what an erasure leaves.
    """


@person.command("export")
@click.argument("name")
@click.option(
    "--out",
    "path",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    callback=in_a_folder,
    help="The ZIP file; `-` is standard output.",
)
def export(name: str, path: Path) -> None:
    """Write all that is stored of a person to a ZIP of JSON Lines, a file for each kind of thing.

    Answers come with their tasks as they were shown; nothing tells which of them were tests. The file is
    there once it is whole; until then it is called FILE.part.
    """
    from goldvein.services import personal

    with database() as db:
        account, labeler = personal.of_name(db, name)
        with whole_file(path) as file:
            personal.write_zip(file, personal.lines(db, account, labeler, now()))
    click.echo(f"{path} has all that is stored of {name}", err=True)


@person.command("erase")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
def erase(name: str, *, yes: bool) -> None:
    """Forget a person: name, password, sessions, keys, comments, reasons, focus times. It cannot be undone.

    Answers and labels stay under a number that nobody can resolve: `goldvein verify` proves them as before.
    Run it again if it was interrupted; `goldvein work` does the rest as well, and looks once more a
    minute later, when no server remembers a session any more.
    """
    from goldvein.services import erasing

    if not yes:
        click.confirm(f"Erase {name}? This cannot be undone.", abort=True)
    with database() as db:
        erasure = erasing.erase(db, name, now())
        is_over = erasing.finish(db, erasure, now())
    print(f"{name} is erased" + ("" if is_over else "; `goldvein work` looks once more in a minute"))
