"""``goldvein reweigh``: what another rate of benchmarks would have come to, from draws on record."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import rich_click as click

from goldvein.cli.common import database, json_option, knobs, now, percent, write_json

if TYPE_CHECKING:
    from collections.abc import Iterator


@click.command()
@click.argument("project", type=int)
@click.option(
    "--set", "changes", multiple=True, required=True, metavar="KNOB=VALUE", help="A knob of rates to try."
)
@click.option(
    "--answers", default=20, show_default=True, type=click.IntRange(1, 1_000),
    help="How far to look ahead: so many answers of each labeler.",
)  # fmt: skip
@click.option(
    "--days", type=click.FloatRange(0, min_open=True), help="Count what began in the last so many days."
)
@json_option
def reweigh(
    project: int, changes: tuple[str, ...], answers: int, days: float | None, json_path: str | None
) -> None:
    """Say what another rate of benchmarks would have come to in PROJECT, over the next few answers.

    Whether a benchmark comes next is drawn at a rate that the log names. Stretches of work are weighed by how
    much likelier their draws are at the rates asked about: nothing is modelled. The log can tell of
    `rate_ceiling`, `rate_floor`, `rate_slope` and `rate_fresh_benchmarks`. The further off and the longer,
    the fewer people count; under 30 nothing is said: ask for fewer `--answers`, or `goldvein twin`.
    Nothing is changed.

    For instance: `goldvein reweigh 3 --set rate_ceiling=0.6 --days 30`.
    """
    from goldvein.services.reweighing import reweigh as weigh

    at = now()
    since = None if days is None else at - timedelta(days=days)
    with database() as db:
        found = weigh(db, project, knobs(changes), at, since, answers)
    write_json(found, json_path)
    if json_path != "-":
        for line in table(found):
            print(line)


def table(found: dict[str, Any]) -> Iterator[str]:
    """Newcomers and all others, each as it was, as it would have been, and by how much it changes."""
    for part, words in (("newcomers", "first {} answers"), ("later", "later stretches of {} answers")):
        told = found[part]
        yield (
            f"{words.format(found['answers'])}: {told['stretches']:,} stretches of {told['people']:,} "
            f"people, who count as {told['effective_people']:,.0f}"
        )
        if all(told[name] is None for name, _ in _ROWS):
            yield "  too few people count for an interval: ask for fewer --answers, or `goldvein twin`"
            continue
        yield f"  {'':<40}{'as it was':>10}{'would be':>24}{'change':>26}"
        for name, row in _ROWS:
            if (ratio := told[name]) is not None:
                was = percent(ratio["was"]["estimate"], 2)
                yield f"  {row:<40}{was:>10}{_cell(ratio['would']):>24}{_cell(ratio['change']):>26}"
    for words in found["not_known"]:
        yield f"not known: {words}"


_ROWS = (
    ("benchmark_share", "benchmarks among the answers"),
    ("delivered_share", "answers delivered at once"),
    ("bad_share", "of these, given under the bar"),
    ("good_delivering", "good people who deliver at the end"),
    ("bad_delivering", "people under the bar who do"),
)


def _cell(value: dict[str, Any]) -> str:
    low, high = value["interval"]
    return f"{percent(value['estimate'], 2)} ({percent(low, 2)} to {percent(high, 2)})"
