"""``goldvein explain``: why a label went out, or what is thought of a labeler."""

from __future__ import annotations

import rich_click as click

from goldvein.cli.common import database, json_option, write_json


@click.command()
@click.argument("subject")
@click.option("--project", type=int, help="The project, where a labeler worked in several.")
@json_option
def explain(subject: str, project: int | None, json_path: str | None) -> None:
    """Tell the story of a label (`label:123`) or a labeler (`labeler:5`, or a name).

    One timeline from the log: how benchmarks were drawn, what each answer did to the probability of being
    good enough, what the gate decided and by which numbers, and (marked `>`) the answer that tipped it.
    """
    from goldvein.services import explaining

    with database() as db:
        story = explaining.explain(db, subject, project=project)
    write_json(story.to_dict(), json_path)
    if json_path == "-":
        return
    print(f"{story.subject}: {story.verdict}")
    for moment in story.moments:
        print(f"{'>' if moment.tipped else ' '} {moment.at:%Y-%m-%d %H:%M:%S}  {moment.text}")
