"""``goldvein twin``: a crowd fitted to a project, on which another policy is tried."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from goldvein.cli.common import (
    database,
    errors_for_people,
    in_a_folder,
    json_option,
    knobs,
    percent,
    progress,
    write_json,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from goldvein.sim.twin.past import Past
    from goldvein.sim.twin.predicting import Prediction


@click.command()
@click.argument("project", type=int)
@click.option(
    "--set", "changes", multiple=True, metavar="KNOB=VALUE", help="A knob of the policy to try on the twin."
)
@click.option("--draws", type=click.IntRange(2), default=12, show_default=True, help="Twins that are fitted.")
@click.option("--size", type=click.IntRange(20), help="Labelers of the twin; as many as on record.")
@click.option("--answers", type=click.IntRange(20), help="Answers of each; as the longest on record.")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Of all draws.")
@click.option(
    "--save",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    callback=in_a_folder,
    help="Write the twin as a scenario for `goldvein simulate`, with the knobs that are tried.",
)
@json_option
def twin(
    project: int, changes: tuple[str, ...], draws: int, size: int | None, answers: int | None, seed: int,
    save: Path | None, json_path: str | None,
) -> None:  # fmt: skip
    """Fit a twin to PROJECT's log and let it work under the policy in force and under another one.

    The twin is made of what the log tells of people's abilities, shortcuts and changes and of the benchmarks;
    it works on a virtual clock, and the project is not touched. Each draw resamples the labelers, fits anew
    and draws a crowd, so that an interval holds 95 of 100 runs to come. Each takes seconds to minutes.

    For instance: `goldvein twin 3 --set rate_floor=0.02`, or `--save twin.toml` to read and edit the twin.
    `goldvein admin policy promote` turns the knobs for good.
    """
    import numpy as np

    from goldvein.sim.twin.fitting import fit, scenario_of
    from goldvein.sim.twin.predicting import IN_FORCE, predict
    from goldvein.sim.twin.stored import read_past
    from goldvein.sim.twin.writing import scenario_toml

    tried = knobs(changes)
    with database() as db:
        past = read_past(db, project, np.random.default_rng(seed))
    with errors_for_people():
        size, answers = size or past.size, answers or len(past.evidence)
        if save is not None:
            tables = scenario_of(fit(past, answers), past, size=size, answers_each=answers, policy=tried)
            save.write_text(scenario_toml(tables, f"A twin of project {project}."), encoding="utf-8")
        policies: dict[str, Mapping[str, float]] = {IN_FORCE: {}}
        if tried:
            policies["changed"] = tried
        with progress() as bars:
            bar = bars.add_task("twins", total=draws * len(policies))
            found = predict(
                past, policies, seed, draws=draws, size=size, answers_each=answers,
                show=lambda done: bars.update(bar, completed=done),
            )  # fmt: skip
    report = {
        "project": project, "changes": tried, "draws": draws, "size": size,
        "answers_each": answers,
        "policies": {name: {f: asdict(one) for f, one in of.items()} for name, of in found.items()},
    }  # fmt: skip
    write_json(report, json_path)
    if json_path != "-":
        for line in table(past, found):
            print(line)


def table(past: Past, found: Mapping[str, Mapping[str, Prediction]]) -> Iterator[str]:
    """The policies side by side."""
    yield f"fitted to {past.size:,} labelers and {int(past.answers.sum()):,} answers; 95 of 100 runs to come"
    yield f"{'':<34}" + "".join(f"{name:>28}" for name in found)
    for figure, words in _ROWS:
        yield f"{words:<34}" + "".join(f"{_cell(of[figure]):>28}" for of in found.values())


_ROWS = (
    ("bad_share", "labels given under the bar"),
    ("benchmark_share", "benchmarks among the answers"),
    ("held_honest", "good answers not delivered"),
    ("false_rejection", "good labelers dismissed"),
)


def _cell(one: Any) -> str:
    return f"{percent(one.estimate, 2)} ({percent(one.low, 2)}-{percent(one.high, 2)})"
