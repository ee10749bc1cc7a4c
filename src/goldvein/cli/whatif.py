"""``goldvein whatif``: what another gate would have done with the answers on record."""

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
    "--set", "changes", multiple=True, required=True, metavar="KNOB=VALUE", help="A knob of the gate to try."
)
@click.option(
    "--days", type=click.FloatRange(0, min_open=True), help="Count the answers of the last so many days."
)
@json_option
def whatif(project: int, changes: tuple[str, ...], days: float | None, json_path: str | None) -> None:
    """Replay the log of PROJECT under another gate: say what would have been delivered, held and discarded.

    Standings are replayed exactly, answer by answer, by the functions that judged them. The log can tell of
    `quality_bar`, `deliver_at`, `suspect_below`, `dismiss_at`, `min_benchmarks`, `max_benchmarks`,
    `boundary_deliver_at` and `hold_seconds`. A label is bad as far as its labeler is thought to have been
    under the bar when it was given, by everything known since. Nothing is changed.

    For instance: `goldvein whatif 3 --set deliver_at=0.97 --days 7`. To turn the knobs for good there is
    `goldvein admin policy promote`.
    """
    from goldvein.services.whatif import what_if

    at = now()
    since = None if days is None else at - timedelta(days=days)
    with database() as db:
        found = what_if(db, project, knobs(changes), at, since)
    write_json(found, json_path)
    if json_path != "-":
        for line in table(found):
            print(line)


def table(found: dict[str, Any]) -> Iterator[str]:
    """Both gates side by side, and what the log cannot tell."""
    was, would, moved = found["was"], found["would"], found["moved"]
    if "bar" in found:
        bar = found["bar"]
        yield (
            f"the bar lies at {percent(bar['present'])} of benchmarks right; the nearest place to "
            f"{percent(bar['asked'])} is {percent(bar['nearest'])}"
        )
    yield f"{'':<34}{'as it was':>22}{'with this gate':>22}"
    for name, words in _ROWS:
        yield f"{words:<34}{_cell(was[name]):>22}{_cell(would[name]):>22}"
    if "bar" in found:
        name = "bad_share_by_bar_asked"
        yield f"{'under the bar asked about':<34}{_cell(was[name]):>22}{_cell(would[name]):>22}"
    yield (
        f"gained: {moved['gained']:,} labels, bad {_cell(moved['gained_bad_share'])}; "
        f"lost: {moved['lost']:,}, bad {_cell(moved['lost_bad_share'])}; "
        f"by another answer: {moved['by_another_answer']:,}"
    )
    for words in found["not_known"]:
        yield f"not known: {words}"


_ROWS = (
    ("labels", "tasks labelled by a labeler"),
    ("delivered", "answers delivered at once"),
    ("released", "released after a hold"),
    ("discarded", "discarded"),
    ("held", "still held"),
    ("bad_share", "labels given under the bar"),
    ("benchmark_share", "benchmarks among the answers"),
    ("asked_share", "benchmarks that the rates ask for"),
    ("labelers_dismissed", "labelers dismissed"),
)


def _cell(value: Any) -> str:
    if isinstance(value, dict):
        if value["estimate"] is None:
            return "-"
        low, high = value["interval"]
        return f"{percent(value['estimate'], 2)} ({percent(low, 2)}-{percent(high, 2)})"
    if value is None:
        return "-"
    return percent(value, 2) if isinstance(value, float) else f"{value:,}"
