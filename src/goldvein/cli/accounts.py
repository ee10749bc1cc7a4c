"""``goldvein admin accounts``: people who sign in, the first admin among them."""

from __future__ import annotations

from typing import Any

import rich_click as click

from goldvein.cli.common import database, json_option, now, show_rows

_ROLES = ("customer", "labeler", "trusted", "auditor", "operator", "admin")


@click.group()
def accounts() -> None:
    """Make accounts of people who use the pages, and links that let them in.

    A first installation needs `goldvein admin accounts add NAME --role admin`, then
    `goldvein admin accounts link NAME`: the link signs in once, and a password is set on the page.
    """


@accounts.command("add")
@click.argument("login")
@click.option(
    "--role", type=click.Choice(_ROLES), required=True, help="What the person may do; see docs/accounts.md."
)
@click.option("--customer", type=int, help="Id of the customer to whom an account of role customer belongs.")
@json_option
def add_account(login: str, role: Any, customer: int | None, json_path: str | None) -> None:
    """Make an account without a password; LOGIN is a name or an e-mail address."""
    from goldvein.services import accounts as service

    with database() as db:
        made = service.create(db, login, None, role, now(), customer=customer)
    show_rows([{"id": made, "login": service.clean_login(login), "role": role}], json_path)


@accounts.command("link")
@click.argument("login")
def make_link(login: str) -> None:
    """Print a link that signs this account in, once, within ten minutes."""
    from goldvein.services import accounts as service
    from goldvein.settings import read_settings

    with database() as db:
        account = service.get_by_login(db, login)
        token = service.make_entry(db, account.id, now())
    print(f"{read_settings().address}/enter/{token}")


@accounts.command("invite")
@click.option("--role", type=click.Choice(_ROLES), required=True, help="What whoever comes by it may do.")
@click.option("--customer", type=int, help="Id of the customer whose projects people of role customer see.")
@click.option("--uses", type=int, default=1, show_default=True, help="How many people may come by it.")
@click.option("--days", type=int, default=7, show_default=True, help="For how long.")
@click.option("--note", default="", help="Whom it is for.")
def invite(role: Any, customer: int | None, uses: int, days: int, note: str) -> None:
    """Print a link by which people make accounts of their own."""
    from goldvein.services import invitations
    from goldvein.services.people import TERMINAL
    from goldvein.settings import read_settings

    with database() as db:
        wanted = invitations.Invitation(role, customer, uses, days, note)
        token = invitations.invite(db, TERMINAL, wanted, now())
    print(f"{read_settings().address}/join/{token}")
