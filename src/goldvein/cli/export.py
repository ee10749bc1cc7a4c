"""``goldvein export``: labels into a file, from the database, for whoever runs the operation."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from goldvein.cli.common import database, in_a_folder, progress, whole_file

_FORMATS = ("jsonl", "csv", "parquet", "trl", "openai", "label-studio")


@click.command()
@click.argument("project", type=int)
@click.option(
    "--format",
    "name",
    type=click.Choice(_FORMATS),
    default="jsonl",
    show_default=True,
    help="What the file is for: docs/files.md says what stands in each.",
)
@click.option(
    "--to",
    "path",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    callback=in_a_folder,
    help="The file; `-` is standard output.",
)
@click.option("--batch", help="Only labels of this round.")
@click.option(
    "--pairs", type=click.Choice(["all", "one"]), default="all", show_default=True, help="For `trl`."
)
def export(project: int, name: str, path: Path, batch: str | None, pairs: str) -> None:
    """Write the current labels of a project to a file; docs/files.md describes the formats.

    The file is there once it is whole; until then it is called NAME.part.
    """
    from goldvein.services import exporting, labelled, projects
    from goldvein.store.labelled import Wanted

    with database() as db, progress() as bars:
        found = projects.get(db, project, None)
        kind = exporting.format_for(name, found)
        wanted = labelled.of_batch(db, project, Wanted(), batch)
        writer = kind.make(exporting.Layout(found.classes, every_pair=pairs == "all"))
        bar = bars.add_task("labels", total=None)
        with whole_file(path) as file:
            file.write(writer.begin())
            for page in labelled.export(db, project, wanted):
                file.write(writer.page(page))
                bars.advance(bar, len(page))
            file.write(writer.end())
