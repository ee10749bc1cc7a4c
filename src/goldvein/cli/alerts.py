"""``goldvein admin alerts``: what is open, and who looks after it."""

from __future__ import annotations

from typing import Any

import rich_click as click

from goldvein.cli.common import database, json_option, now, show_rows


@click.group("alerts")
def alerts() -> None:
    """Look at alerts: metrics outside their range, silent customers, dead webhooks."""


@alerts.command("list")
@click.option("--project", type=int, help="Only those of one project.")
@click.option("--all", "everything", is_flag=True, help="Also those that are over.")
@json_option
def list_alerts(project: int | None, everything: bool, json_path: str | None) -> None:  # noqa: FBT001
    """List the latest 200 alerts that are open, with what each means."""
    from goldvein.decisions.advice import advice
    from goldvein.services import attending

    with database() as db:
        found = attending.list_(db, now(), project=project, is_open=not everything, limit=200)
    rows: list[dict[str, Any]] = [
        {
            "project": one.project, "alert": one.alert.id,
            "title": advice(one.alert.kind, one.alert.subject).title, "opened_at": one.alert.opened_at,
            "resolved_at": one.alert.resolved_at, "acknowledged_by": one.alert.acknowledged_by,
        }
        for one in found
    ]  # fmt: skip
    show_rows(rows, json_path)


@alerts.command("acknowledge")
@click.argument("project", type=int)
@click.argument("alert", type=int)
@click.option("--by", required=True, help="Who looks after it.")
def acknowledge_alert(project: int, alert: int, by: str) -> None:
    """Say who looks after an alert; whoever said so first stays."""
    from goldvein.services import attending

    with database() as db:
        found = attending.acknowledge(db, project, alert, by, now())
    print(f"{found.alert.acknowledged_by} looks after alert {alert} of project {project}")
