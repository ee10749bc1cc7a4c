"""Who may say who comes in: roles that one may give, and what operators and admins do to accounts."""

from datetime import datetime
from typing import Final

from goldvein.domain.errors import Conflict, Forbidden, NotFound
from goldvein.domain.records import Principal, Role
from goldvein.services import keys
from goldvein.services.accounts import LABELER_ROLES
from goldvein.store import accounts as store
from goldvein.store import invitations
from goldvein.store import keys as key_store
from goldvein.store.accounts import Account, Person
from goldvein.store.database import Database, Transaction

ROLES: Final[tuple[Role, ...]] = ("labeler", "trusted", "auditor", "customer", "operator", "admin")
GIVES: Final[dict[Role, tuple[Role, ...]]] = {
    "operator": ("labeler", "trusted", "auditor", "customer"),
    "admin": ROLES,
}
"""Which roles one may give and take, and whose accounts one may touch."""
TERMINAL: Final = Principal(0, "admin")
"""Whoever sits at the server's own terminal."""
_KINDS: Final[tuple[frozenset[Role], ...]] = (LABELER_ROLES, frozenset({"operator", "admin"}))


def check_gives(by: Principal, role: Role) -> None:
    """Refuse to let somebody give a role, or touch an account that has it.

    Raises
    ------
    Forbidden
    """
    if role not in GIVES.get(by.role, ()):
        raise Forbidden(f"only an admin makes and changes accounts of role {role}")


def others(role: Role) -> tuple[Role, ...]:
    """List the roles that an account of this one can change to: a labeler stays somebody who answers."""
    return next((tuple(one for one in ROLES if one in kind) for kind in _KINDS if role in kind), (role,))


def list_(
    db: Database,
    *,
    prefix: str = "",
    role: Role | None = None,
    customer: int | None = None,
    after: str = "",
    limit: int = 50,
) -> list[Person]:
    """List accounts by login, of those that begin with a prefix; of one customer, else of one role."""
    with db.connection() as tx:
        return store.list_people(
            tx, prefix=prefix.strip().lower(), role=role, customer=customer, after=after, limit=limit
        )


def change_role(db: Database, by: Principal, account: int, role: Role, now: datetime) -> None:
    """Give an account another role of its kind; sessions and keys follow within seconds, panels at once.

    Raises
    ------
    Conflict
        ``role_unfit``: a labeler's work and a customer's projects belong to what they are.
    Forbidden
        If it is one's own, or an admin's to change.
    """
    with db.transaction() as tx:
        known = _touched(tx, by, account)
        check_gives(by, role)
        if role not in others(known.role):
            raise Conflict(
                f"an account of role {known.role} cannot become {role}: invite the person anew",
                code="role_unfit",
            )
        if known.labeler is not None:
            keys.give_role(tx, known.labeler, role, now)
        else:
            store.set_role(tx, account, role)
        invitations.revoke_of_maker(tx, account, now)


def disable(db: Database, by: Principal, account: int, now: datetime) -> None:
    """Keep somebody out: sessions, links and a labeler's keys end, and the links that they made."""
    with db.transaction() as tx:
        known = _touched(tx, by, account)
        store.set_disabled(tx, account, known.disabled_at or now)
        store.delete_sessions_of(tx, account)
        invitations.revoke_for(tx, account, now)
        invitations.revoke_of_maker(tx, account, now)
        if known.labeler is not None:
            key_store.revoke_of_labeler(tx, known.labeler, now)


def enable(db: Database, by: Principal, account: int) -> None:
    """Let somebody in again, with the password that they had; keys are made anew.

    Raises
    ------
    Conflict
        ``person_erased``.
    """
    with db.transaction() as tx:
        if _touched(tx, by, account).erased_at is not None:
            raise Conflict("this account was erased: invite the person anew", code="person_erased")
        store.set_disabled(tx, account, None)


def sign_out(db: Database, by: Principal, account: int) -> None:
    """End somebody's sessions everywhere; a link for a new password that was made for them stays good."""
    with db.transaction() as tx:
        _touched(tx, by, account)
        store.delete_sessions_of(tx, account)


def _touched(tx: Transaction, by: Principal, account: int) -> Account:
    """Lock an account that ``by`` may change."""
    known = store.lock(tx, account)
    if known is None:
        raise NotFound(f"there is no account {account}")
    if known.id == by.account:
        raise Forbidden("nobody changes what they are themselves: ask another admin")
    check_gives(by, known.role)
    return known
