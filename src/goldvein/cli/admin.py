"""``goldvein admin``: customers, labelers, keys and projects, for the operator at the terminal."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import rich_click as click

from goldvein.cli.accounts import accounts
from goldvein.cli.alerts import alerts
from goldvein.cli.benchmarks import benchmarks
from goldvein.cli.common import database, json_option, knobs, now, show_rows, show_tree, write_json
from goldvein.cli.panel import panel
from goldvein.cli.policy import policy

_ROLES = ("labeler", "trusted", "auditor")


@click.group()
def admin() -> None:
    """Make customers, labelers and keys; look at projects and set their policies.

    A first installation needs `goldvein admin customers add NAME --key` for whoever pushes tasks, and
    `goldvein admin labelers add NAME... --key` for the people who answer; some of them with `--role trusted`.
    """


admin.add_command(accounts)
admin.add_command(alerts)
admin.add_command(panel)
admin.add_command(policy)


@admin.command()
def dashboard() -> None:
    """Print a Grafana dashboard of what `/metrics` tells: put it in a file, and import that in Grafana."""
    from goldvein.api.prometheus import DASHBOARD

    print(DASHBOARD.read_text(encoding="utf-8"), end="")


@admin.group()
def customers() -> None:
    """Make and list customers, who own projects, push tasks and read labels."""


@customers.command("add")
@click.argument("name")
@click.option("--key", "with_key", is_flag=True, help="Make an API key as well; it is shown this once.")
@json_option
def add_customer(name: str, with_key: bool, json_path: str | None) -> None:  # noqa: FBT001
    """Make a customer."""
    from goldvein.services import keys

    with database() as db:
        customer = keys.create_customer(db, name, now())
        token = keys.issue(db, "customer", customer, name, now()) if with_key else None
    show_rows([{"id": customer, "name": name, **({"key": token} if token else {})}], json_path)


@customers.command("list")
@json_option
def list_customers(json_path: str | None) -> None:
    """List all customers."""
    from goldvein.services import keys

    with database() as db:
        found = _all(lambda after: keys.list_customers(db, after=after))
    show_rows([asdict(customer) for customer in found], json_path)


@admin.group()
def labelers() -> None:
    """Make and list the people who answer; `trusted` ones answer what may become benchmarks."""


@labelers.command("add")
@click.argument("names", nargs=-1, required=True)
@click.option(
    "--role",
    type=click.Choice(_ROLES),
    default="labeler",
    show_default=True,
    help="`trusted` ones answer what may become benchmarks, `auditor`s judge what is in doubt.",
)
@click.option(
    "--key", "with_key", is_flag=True, help="Make a key for each as well; keys are shown this once."
)
@json_option
def add_labelers(names: tuple[str, ...], role: Any, with_key: bool, json_path: str | None) -> None:  # noqa: FBT001
    """Make labelers, all or none."""
    from goldvein.services import keys

    with database() as db:
        ids = keys.create_labelers(db, [(name, role) for name in names], now())
        wanted = [(role, labeler, name) for labeler, name in zip(ids, names, strict=True)]
        tokens = [key.token for key in keys.issue_many(db, wanted, now())] if with_key else [None] * len(ids)
    rows = [
        {"id": labeler, "name": name, "role": role, **({"key": token} if token else {})}
        for labeler, name, token in zip(ids, names, tokens, strict=True)
    ]
    show_rows(rows, json_path)


@labelers.command("role")
@click.argument("labeler", type=int)
@click.argument("role", type=click.Choice(_ROLES))
def change_role(labeler: int, role: Any) -> None:
    """Give the labeler with this id another role."""
    from goldvein.services import keys

    with database() as db:
        person = keys.change_role(db, labeler, role, now())
    print(f"{person.name} is {person.role} now")


@labelers.command("list")
@json_option
def list_labelers(json_path: str | None) -> None:
    """List all labelers."""
    from goldvein.services import keys

    with database() as db:
        found = _all(lambda after: keys.list_labelers(db, after=after))
    show_rows([asdict(labeler) for labeler in found], json_path)


@admin.group("keys")
def keys_group() -> None:
    """Make and end keys, which open the API; only hashes are stored, so each is shown once."""


@keys_group.command("add")
@click.argument("name")
@click.option("--customer", type=int, help="Id of the customer whose key it is.")
@click.option("--labeler", type=int, help="Id of the labeler whose key it is.")
@click.option("--operator", is_flag=True, help="A key that may do everything.")
@json_option
def add_key(
    name: str,
    customer: int | None,
    labeler: int | None,
    operator: bool,  # noqa: FBT001
    json_path: str | None,
) -> None:
    """Make a key; NAME is a note that says what it is for."""
    from goldvein.services import keys

    if (customer is not None) + (labeler is not None) + operator != 1:
        raise click.UsageError("say whose key it is: one of --customer ID, --labeler ID, --operator")
    with database() as db:
        if labeler is not None:
            token = keys.issue_for_labeler(db, labeler, name, now()).token
        else:
            token = keys.issue(db, "operator" if operator else "customer", customer, name, now())
    show_rows([{"name": name, "key": token}], json_path)


@keys_group.command("revoke")
@click.argument("key", type=int)
def revoke_key(key: int) -> None:
    """End the key with this id within seconds."""
    from goldvein.services import keys

    with database() as db:
        keys.revoke(db, key, now())
    print(f"key {key} is revoked")


admin.add_command(benchmarks)


@admin.group("projects")
def projects_group() -> None:
    """Look at projects and set what they ask of their labelers."""


@projects_group.command("list")
@json_option
def list_projects(json_path: str | None) -> None:
    """List all projects."""
    from goldvein.services import projects

    with database() as db:
        found = projects.list_(db, None)
    rows = [
        {
            "id": project.id,
            "name": project.name,
            "customer": project.customer,
            "state": project.state,
            "admitted": project.admitted,
            "created_at": project.created_at,
        }
        for project in found
    ]
    show_rows(rows, json_path)


@projects_group.command("copy")
@click.argument("project", type=int)
@click.argument("name")
@click.option("--instruction", help="Another instruction; not together with --benchmarks.")
@click.option("--benchmarks", "carries", is_flag=True, help="Let its benchmarks in use come along.")
@json_option
def copy_project(
    project: int,
    name: str,
    instruction: str | None,
    carries: bool,  # noqa: FBT001
    json_path: str | None,
) -> None:
    """Make a project as a copy of an earlier one, for the same customer, under a new NAME.

    Benchmarks that come along keep their age and exposures, and count towards opening. Nobody gets one whose
    content they had in either project.
    """
    from goldvein.services import reuse

    with database() as db:
        made = reuse.copy(db, project, None, reuse.CopyDraft(name, instruction, carries=carries), now())
    row = {"id": made.id, "name": made.name, "state": made.state, "copy_of": project, "carried": made.carried}
    show_rows([row], json_path)


@projects_group.command("show")
@click.argument("project", type=int)
@json_option
def show_project(project: int, json_path: str | None) -> None:
    """Show a project: its quality report, and why work is or is not handed out."""
    from goldvein.services import projects, quality, why_empty

    with database() as db:
        found = projects.get(db, project, None)
        report = {
            "project": asdict(found),
            "policy": projects.policy(db, project).to_dict(),
            "quality": quality.report(db, project, now()),
            "why_empty": why_empty.explain(db, project, now()),
        }
    if json_path is not None:
        write_json(report, json_path)
        return
    show_tree(report)


@projects_group.command("policy")
@click.argument("project", type=int)
@click.argument("changes", nargs=-1, metavar="[KNOB=VALUE]...")
@json_option
def change_policy(project: int, changes: tuple[str, ...], json_path: str | None) -> None:
    """Show a project's policy, or change knobs of it, such as `quality_bar=0.8`."""
    from goldvein.services import projects

    with database() as db:
        if changes:
            projects.update(db, project, None, policy=knobs(changes), now=now())
        in_force = projects.policy(db, project).to_dict()
    if json_path is not None:
        write_json(in_force, json_path)
        return
    show_tree(in_force)


@projects_group.command("state")
@click.argument("project", type=int)
@click.argument("state", type=click.Choice(("mining", "open", "paused", "closed")))
def change_state(project: int, state: Any) -> None:
    """Pause, continue or close a project; a closed one stays closed."""
    from goldvein.services import projects

    with database() as db:
        found = projects.update(db, project, None, state=state, now=now())
    print(f"project {project} is {found.state} now")


@projects_group.command("erase")
@click.argument("project", type=int)
@click.option("--yes", is_flag=True, help="Do not ask.")
def erase_contents(project: int, *, yes: bool) -> None:
    """Erase what the tasks of a closed project say, and what was said of them. It cannot be undone.

    Labels keep which option was picked, by its place, and `goldvein verify` proves them as before. Sandboxes
    of the project are closed, and erased with it. Run it again if it was interrupted; `goldvein work` does
    the rest as well, and looks once more a minute later.
    """
    from goldvein.services import contents, projects

    with database() as db:
        name = projects.get(db, project, None).name
        if not yes:
            click.confirm(f"Erase the contents of {name!r}? This cannot be undone.", abort=True)
        contents.ask(db, project, None, name, now())
        contents.carry_on(db, now())
        is_over = not contents.under_way(db)
    print(
        f"what the tasks of project {project} say is erased"
        + ("" if is_over else "; `goldvein work` looks once more in a minute, at its sandboxes too")
    )


@projects_group.command("estimate")
@click.argument("project", type=int)
@json_option
def estimate_project(project: int, json_path: str | None) -> None:
    """Learn from a project's answers now: a new model and new estimates of its benchmarks.

    `goldvein work` does this every night. Standings follow with their next answer.
    """
    from goldvein.services import reestimation

    with database() as db:
        found = reestimation.estimate(db, project, now())
    if json_path is not None:
        write_json(found.to_dict(), json_path)
    elif found.model_version is None:
        print(f"project {project} keeps its model: {found.why}")
    else:
        print(
            f"project {project} is judged by model version {found.model_version} now, learned from "
            f"{found.answers} answers, with {found.benchmarks} benchmarks laid on it"
        )
        show_tree({"changed": dict(found.changed), "unchanged": dict(found.unchanged)})


@projects_group.command("discover")
@click.argument("project", type=int)
@json_option
def discover_shortcuts(project: int, json_path: str | None) -> None:
    """Search a project's answers now for shortcuts that have no state yet, and for tastes.

    `goldvein work` does this every hour. What is found opens an alert, and each new rule gets a state.
    """
    from goldvein.services import discovering

    with database() as db:
        found = discovering.discover(db, project, now())
    if json_path is not None:
        write_json(asdict(found), json_path)
        return
    print(f"searched {found.answers} answers; {found.suspects} labelers are suspect")
    for shortcut in found.shortcuts:
        print(
            f"{len(shortcut.labelers)} labelers follow {shortcut.rule!r} in {shortcut.net:.0%} of "
            f"{shortcut.answers} answers, net of chance: {', '.join(map(str, shortcut.labelers))}"
        )
    for taste in found.tastes:
        print(
            f"{len(taste.labelers)} labelers agree against the keys, by no rule; have an auditor look: "
            f"{', '.join(map(str, taste.labelers))}"
        )
    if found.model_version is not None:
        print(f"project {project} is judged by model version {found.model_version} now")


def _all(page: Any) -> list[Any]:
    """Read page after page by id."""
    found: list[Any] = []
    while rows := page(found[-1].id if found else 0):
        found += rows
    return found
