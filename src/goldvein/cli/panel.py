"""``goldvein admin panel``: who may say what the keys of a project are, and why."""

from __future__ import annotations

from dataclasses import asdict

import rich_click as click

from goldvein.cli.common import database, json_option, now, write_json

_reason = click.option("--reason", required=True, help="Why; it stands in the log.")


@click.group()
def panel() -> None:
    """Look at who is trusted in a project and why; appoint people to its panel, or bar them from it.

    Trust is earned, on benchmarks that others made, here or in other projects. An appointment is an
    exception, and stands in the log as one. `goldvein admin labelers role ID trusted` appoints somebody to
    the panels of all projects.
    """


@panel.command("list")
@click.argument("project", type=int)
@json_option
def list_panel(project: int, json_path: str | None) -> None:
    """Show who may answer a project's candidates, who is barred, and why."""
    from goldvein.services import trusting

    with database() as db:
        found = trusting.panel(db, project)
    if json_path is not None:
        write_json([asdict(one) for one in found], json_path)
        return
    for one in found:
        print(f"{one.labeler}  {one.name}  {one.basis}: {one.why}")
    if not found:
        print(f"nobody is trusted in project {project}: `goldvein admin panel appoint {project} LABELER`")


@panel.command("appoint")
@click.argument("project", type=int)
@click.argument("labeler", type=int)
@_reason
def appoint(project: int, labeler: int, reason: str) -> None:
    """Put the labeler with this id on a project's panel by word alone."""
    from goldvein.services import trusting

    with database() as db:
        trusting.appoint(db, project, labeler, reason, now())
    print(f"labeler {labeler} is appointed to the panel of project {project}")


@panel.command("bar")
@click.argument("project", type=int)
@click.argument("labeler", type=int)
@_reason
def bar(project: int, labeler: int, reason: str) -> None:
    """Keep the labeler with this id from a project's panel, whatever benchmarks say."""
    from goldvein.services import trusting

    with database() as db:
        trusting.bar(db, project, labeler, reason, now())
    print(f"labeler {labeler} is barred from the panel of project {project}")


@panel.command("leave")
@click.argument("project", type=int)
@click.argument("labeler", type=int)
@_reason
def leave(project: int, labeler: int, reason: str) -> None:
    """Take back an appointment or a bar: the labeler's benchmarks decide again."""
    from goldvein.services import trusting

    with database() as db:
        trusting.leave(db, project, labeler, reason, now())
    print(f"benchmarks decide again whether labeler {labeler} is on the panel of project {project}")


@panel.command("bootstrap")
@click.argument("project", type=int)
def bootstrap(project: int) -> None:
    """Begin anew, with other tasks, a start without anybody trusted that was refused."""
    from goldvein.services import collecting

    with database() as db:
        collecting.again(db, project, now())
    print(f"everybody answers the first tasks of project {project} from now on")
