"""``goldvein sandbox``: a copy of a project to try changes in, and work while a customer is silent."""

from __future__ import annotations

from dataclasses import asdict

import rich_click as click

from goldvein.cli.common import database, json_option, knobs, now, progress, show_rows, write_json


@click.group()
def sandbox() -> None:
    """Try changes on a copy of a project, with simulated people, real ones or both; no customer sees it.

    `goldvein sandbox create 3 --set deliver_at=0.95` copies project 3; `run` lets simulated labelers work
    there, `warm` gives its work to people for whom nothing real waits, `promote` puts what was tried to work.
    docs/trying.md says what each can tell.
    """


@sandbox.command("create")
@click.argument("project", type=int)
@click.option("--name", default="", help="As labelers see it; the original's, unless given.")
@click.option("--set", "changes", multiple=True, metavar="KNOB=VALUE", help="A knob to be tried.")
@click.option("--tasks", default=1_000, show_default=True, help="Tasks to copy: those labelled last.")
@click.option(
    "--benchmarks",
    default=60,
    show_default=True,
    help="Benchmarks to carry: the most worn. Who meets one there does not meet it in the project any more.",
)
@json_option
def create_sandbox(
    project: int, name: str, changes: tuple[str, ...], tasks: int, benchmarks: int, json_path: str | None
) -> None:
    """Copy PROJECT: tasks that are labelled already, some benchmarks, the policy with what is to be tried."""
    from goldvein.services import sandboxes

    draft = sandboxes.SandboxDraft(name, tasks, benchmarks, knobs(changes))
    with database() as db:
        made = sandboxes.create(db, project, draft, now())
        found = sandboxes.find(db, made.id, now())
    write_json(asdict(found), json_path)
    if json_path != "-":
        print(f"project {made.id} is a sandbox of {project}: {made.state}, with {made.carried} benchmarks")


@sandbox.command("list")
@click.argument("project", type=int, required=False)
@json_option
def list_sandboxes(project: int | None, json_path: str | None) -> None:
    """List the sandboxes of PROJECT, or all, with what was done in each today."""
    from goldvein.services import sandboxes

    with database() as db:
        found = sandboxes.list_(db, project, now())
    show_rows([asdict(one) for one in found], json_path)


@sandbox.command("warm")
@click.argument("sandbox_id", metavar="SANDBOX", type=int)
@click.option("--per-day", type=int, required=True, help="Pieces of work a day; 0 ends it.")
def warm_sandbox(sandbox_id: int, per_day: int) -> None:
    """Give people the work of SANDBOX while no real work waits for them, within a day's budget.

    Real work comes first at every request, so it ends with the next answer once the customer sends tasks.
    `goldvein work` must be running: it counts what was done, and keeps work waiting.
    """
    from goldvein.services import sandboxes

    with database() as db:
        sandboxes.set_warm(db, sandbox_id, per_day, now())
    print(
        f"sandbox {sandbox_id}: {per_day} pieces of work a day"
        if per_day
        else f"sandbox {sandbox_id} is cold"
    )


@sandbox.command("run")
@click.argument("sandbox_id", metavar="SANDBOX", type=int)
@click.option(
    "--people",
    type=click.IntRange(1),
    default=40,
    show_default=True,
    help="Simulated labelers, drawn from standings.",
)
@click.option(
    "--answers",
    type=click.IntRange(1),
    default=2_000,
    show_default=True,
    help="Answers they give together at most.",
)
@click.option(
    "--seed", type=click.IntRange(0), default=1, show_default=True, help="Of the people and their answers."
)
@json_option
def run_sandbox(sandbox_id: int, people: int, answers: int, seed: int, json_path: str | None) -> None:
    """Let simulated labelers work in SANDBOX: like those of the original, by their standings.

    They know what the original found right, answer as their ability or shortcut would, and take no time to
    think. They work in no other project.
    """
    from goldvein.sim import sandboxed

    with database() as db, progress() as bars:
        bar = bars.add_task("answers", total=answers)
        ran = sandboxed.run(
            db, sandbox_id, people=people, answers=answers, seed=seed,
            show=lambda done, _all: bars.update(bar, completed=done),
        )  # fmt: skip
    write_json(asdict(ran), json_path)
    if json_path != "-":
        for kind, count in ran.people.items():
            print(f"{count} {kind}: {ran.answers.get(kind, 0)} answers")
        for reason, count in ran.no_work.items():
            print(f"at the end {count} had no work: {reason}")


@sandbox.command("promote")
@click.argument("sandbox_id", metavar="SANDBOX", type=int)
@json_option
def promote_sandbox(sandbox_id: int, json_path: str | None) -> None:
    """Give the original of SANDBOX the knobs that were tried, as a new version of its policy.

    `goldvein admin policy revert PROJECT` goes back.
    """
    from goldvein.services import sandboxes

    with database() as db:
        turned = sandboxes.promote(db, sandbox_id, now())
    write_json(asdict(turned), json_path)
    if json_path != "-":
        for name, (before, after) in turned.knobs.items():
            print(f"{name}: {before:g} -> {after:g}")
        print(f"project {turned.project} follows version {turned.version} now; {turned.before} is kept")
