"""``goldvein tune``: knobs of a project's policy that do best by a stated objective, on its twins."""

from __future__ import annotations

from dataclasses import asdict

import rich_click as click

from goldvein.cli.common import database, errors_for_people, json_option, progress, write_json


@click.command()
@click.argument("project", type=int)
@click.option(
    "--knob",
    "knobs",
    multiple=True,
    required=True,
    metavar="KNOB=FROM:TO",
    help="A knob to turn, and how far.",
)
@click.option(
    "--least",
    default="benchmark_share",
    show_default=True,
    help="The figure to be made small: bad_share, benchmark_share, held_honest or false_rejection.",
)
@click.option(
    "--subject-to",
    "bounds",
    multiple=True,
    metavar="FIGURE<=BOUND",
    help="What must not be exceeded meanwhile, such as bad_share<=0.01.",
)
@click.option("--trials", type=click.IntRange(2), default=30, show_default=True, help="Policies to try.")
@click.option("--draws", type=click.IntRange(2), default=4, show_default=True, help="Twins that play each.")
@click.option("--size", type=click.IntRange(20), help="Labelers of a twin; as many as on record.")
@click.option("--answers", type=click.IntRange(20), help="Answers of each; as the longest on record.")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Of all draws.")
@json_option
def tune(
    project: int, knobs: tuple[str, ...], least: str, bounds: tuple[str, ...], trials: int, draws: int,
    size: int | None, answers: int | None, seed: int, json_path: str | None,
) -> None:  # fmt: skip
    """Search knobs of PROJECT's policy by an objective that you state, on twins fitted to its log.

    For instance: `goldvein tune 3 --knob rate_floor=0.002:0.05 --subject-to 'bad_share<=0.005'`.

    All trials meet the same twins; what is found best is then predicted on other ones, beside the policy in
    force. The project is not touched: the command that puts it to work is printed. It takes minutes, and
    needs the extra `tune`.
    """
    import numpy as np

    from goldvein.cli.twin import table
    from goldvein.sim.twin.stored import read_past

    try:
        import optuna  # noqa: F401

        from goldvein.sim.twin import tuning
    except ModuleNotFoundError as error:
        raise click.ClickException("tuning needs optuna: pip install 'goldvein[tune]'") from error
    with errors_for_people():
        objective, ranges = tuning.objective_of(least, bounds), tuning.ranges_of(knobs)
    with database() as db:
        past = read_past(db, project, np.random.default_rng(seed))
    unknown = sorted(ranges.keys() - past.policy.to_dict().keys())
    if unknown:
        raise click.UsageError(
            f"{unknown[0]!r} is no knob of a policy: `goldvein admin projects policy` lists them"
        )
    with errors_for_people(), progress() as bars:
        bar = bars.add_task("policies", total=trials)
        found = tuning.tune(
            past, objective, ranges, trials=trials, draws=draws, size=size or past.size,
            answers_each=answers or len(past.evidence), seed=seed,
            show=lambda done: bars.update(bar, completed=done),
        )  # fmt: skip
    write_json(asdict(found), json_path)
    if json_path != "-":
        for line in table(past, found.predicted):
            print(line)
        if not found.meets:
            print("no policy that was tried keeps all bounds: this one breaks them least")
        if found.knobs:
            turned = " ".join(f"--set {name}={value:g}" for name, value in found.knobs.items())
            print(f"to put it to work: goldvein admin policy promote {project} {turned}")
        else:
            print(f"of {found.trials} policies none is better than the one in force")
