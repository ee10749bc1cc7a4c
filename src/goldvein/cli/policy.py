"""``goldvein admin policy``: a policy that was tried goes to work, and comes back if it has to."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from goldvein.cli.common import database, errors_for_people, json_option, knobs, now, show_rows, write_json

if TYPE_CHECKING:
    from goldvein.services.promoting import Turned


@click.group()
def policy() -> None:
    """Promote a policy that `goldvein whatif` or `goldvein simulate` has tried, go back, list versions.

    `goldvein admin projects policy PROJECT` shows the one in force.
    """


@policy.command("promote")
@click.argument("project", type=int)
@click.option("--set", "changes", multiple=True, metavar="KNOB=VALUE", help="A knob that was tried.")
@click.option(
    "--scenario",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Take the knobs of this scenario's `[policy]`; `--set` goes before.",
)
@json_option
def promote_policy(
    project: int, changes: tuple[str, ...], scenario: Path | None, json_path: str | None
) -> None:
    """Turn knobs of PROJECT's policy, as a new version; decisions follow it from now on.

    For instance: `goldvein admin policy promote 3 --set deliver_at=0.97`, or `--scenario twin.toml` with the
    file that was simulated. `goldvein admin policy revert 3` goes back.
    """
    from goldvein.services import promoting
    from goldvein.sim.contest.scenario import read_scenario

    tried: dict[str, float] = {}
    if scenario is not None:
        with errors_for_people():
            tried = dict(read_scenario(scenario).policy)
    tried |= knobs(changes)
    if not tried:
        raise click.UsageError("say what was tried: --set KNOB=VALUE, or --scenario FILE with a [policy]")
    with database() as db:
        _show(promoting.promote(db, project, tried, now()), json_path)


@policy.command("revert")
@click.argument("project", type=int)
@click.option("--to", "version", type=click.IntRange(1), help="The version to go back to; the last but one.")
@json_option
def revert_policy(project: int, version: int | None, json_path: str | None) -> None:
    """Give PROJECT the policy of an earlier version again, as a new version.

    Labels that were delivered meanwhile, and people who were dismissed, stay so.
    """
    from goldvein.services import promoting

    with database() as db:
        _show(promoting.revert(db, project, now(), version), json_path)


@policy.command("versions")
@click.argument("project", type=int)
@json_option
def list_versions(project: int, json_path: str | None) -> None:
    """List the versions of PROJECT's policy, the latest first, each with what it turned."""
    from goldvein.services import promoting

    with database() as db:
        found = promoting.versions(db, project)
    rows = []
    for place, one in enumerate(found):
        earlier = found[place + 1].policy if place + 1 < len(found) else one.policy
        turned = {name: value for name, value in one.policy.items() if earlier.get(name) != value}
        words = ", ".join(f"{name}={value:g}" for name, value in turned.items())
        rows.append({"version": one.version, "made_at": one.made_at, "by": one.login, "turned": words})
    show_rows(rows, json_path)


def _show(turned: Turned, json_path: str | None) -> None:
    write_json(asdict(turned), json_path)
    if json_path != "-":
        for name, (before, after) in turned.knobs.items():
            print(f"{name}: {before:g} -> {after:g}")
        print(f"project {turned.project} follows version {turned.version} now; {turned.before} is kept")
