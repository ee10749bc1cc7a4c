"""``goldvein verify``: prove from the log that every label passed the gate."""

from __future__ import annotations

from dataclasses import asdict

import rich_click as click

from goldvein.cli.common import database, json_option, write_json


@click.command()
@click.option("--project", type=int, help="Only this project; all without it.")
@json_option
def verify(project: int | None, json_path: str | None) -> None:
    """Recompute every standing and gate decision from the log and compare with what was delivered.

    Exits with 0 if all agree, else with 1 after naming the offending rows.
    """
    from goldvein.services import verification

    with database() as db:
        result = verification.verify(db, project)
    report = {
        "verify": "ok" if result.ok else len(result.broken),
        "steps": result.steps,
        "rows": dict(result.rows),
        "bit_for_bit": result.bit_for_bit,
        "broken": [asdict(row) for row in result.broken],
    }
    write_json(report, json_path)
    if json_path != "-":
        counts = ", ".join(f"{count:,} {name}" for name, count in result.rows.items())
        exact = "bit for bit" if result.bit_for_bit else "to 1e-9"
        print(f"{result.steps:,} steps replayed, equal {exact}; checked {counts}")
        print("verify: ok" if result.ok else f"verify: {len(result.broken):,} broken")
    for row in result.broken[:50]:
        click.echo(f"broken: project {row.project}, {row.promise}: row {row.row}: {row.detail}", err=True)
    if not result.ok:
        raise SystemExit(1)
