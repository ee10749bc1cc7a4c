"""``goldvein verify``: prove from the log that every label passed the gate."""

from __future__ import annotations

from dataclasses import asdict, is_dataclass
from typing import Any

import rich_click as click

from goldvein.cli.common import database, json_option, write_json


@click.command()
@click.option("--project", type=int, help="Only this project; all without it.")
@click.option(
    "--since",
    type=click.DateTime(),
    help="Only decisions from this time (UTC) on; earlier steps of the same standings are still replayed.",
)
@json_option
def verify(project: int | None, since: Any, json_path: str | None) -> None:
    """Recompute every standing and gate decision from the log and compare with what was delivered.

    Exits with 0 if all agree, else with 1 after naming the offending rows.
    """
    from datetime import UTC

    from goldvein.services import verification

    if since is not None:
        since = since.replace(tzinfo=UTC)
    with database() as db:
        result = verification.verify(db, project=project, since=since)
    broken = [
        asdict(row) if is_dataclass(row) and not isinstance(row, type) else row for row in result.broken
    ]
    write_json(
        {
            "rows_checked": result.rows_checked,
            "broken": broken,
            "verify": "ok" if not broken else len(broken),
        },
        json_path,
    )
    if json_path != "-":
        print(f"{result.rows_checked:,} rows checked, {len(broken):,} broken")
    for row in broken[:50]:
        click.echo(f"broken: {row}", err=True)
    if broken:
        raise SystemExit(1)
