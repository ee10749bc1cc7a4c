"""Accounts of people who come by single sign-on: linked by issuer and subject, never by an address."""

import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from goldvein.domain.errors import Conflict, Forbidden, GoldveinError
from goldvein.domain.records import Role
from goldvein.services import accounts, invitations
from goldvein.store import accounts as store
from goldvein.store.accounts import NewAccount
from goldvein.store.database import Database, Transaction

_NO_LOGIN: Final = re.compile(r"[^a-z0-9._+@-]+")
_MOST_NAME: Final = 80


class SignOnFailed(GoldveinError):
    """Single sign-on did not work: begin again from the page to sign in."""

    status = 403
    code = "sign_on_failed"


class NotInvited(Forbidden):
    """You are known there, but have no account here: ask whoever runs this operation for an invitation."""

    code = "not_invited"


@dataclass(frozen=True, slots=True)
class Provider:
    """Who vouches for people; ``role`` is what somebody new gets, none: only invited people may come."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    name: str = "single sign-on"
    role: Role | None = None
    customer: int | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom a provider vouches for; ``name`` is how they are called there, and proves nothing."""

    issuer: str
    subject: str
    name: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """What a browser keeps from its departure to the provider until it is back."""

    state: str
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)


def sign_on(
    db: Database,
    provider: Provider,
    who: Identity,
    user_agent: str,
    now: datetime,
    *,
    invitation: str | None = None,
) -> str:
    """Begin a session of whom a provider vouches for, making the account if there is none.

    Parameters
    ----------
    invitation : str, optional
        Token of the link by which they came.

    Raises
    ------
    NotInvited
        If they have no account, and nothing gives them one.
    LinkEnded
    Forbidden
        If the account is disabled.
    """
    name = login_from(who.name)
    for login in (name, f"{name}-{secrets.token_hex(3)}", f"{name}-{secrets.token_hex(8)}"):
        try:
            with db.transaction() as tx:
                account = _find_or_make(tx, provider, who, login, invitation, now)
        except Conflict:  # the name is taken, or the same person came twice at once: then it is found now
            continue
        return accounts.begin_session(db, account, user_agent, now)
    raise Conflict(f"the name {name!r} is taken: try again", code="login_taken")


def login_from(name: str) -> str:
    """Make a login of what a provider calls somebody."""
    login = _NO_LOGIN.sub("-", name.strip().lower()).lstrip("._+@-")[:_MOST_NAME]
    return login if len(login) > 1 else f"person-{secrets.token_hex(4)}"


def _find_or_make(
    tx: Transaction, provider: Provider, who: Identity, login: str, invitation: str | None, now: datetime
) -> int:
    known = store.find_by_subject(tx, who.issuer, who.subject)
    if known is not None:
        if known.disabled_at is not None:
            raise Forbidden("this account is disabled: ask whoever runs this operation")
        return known.id
    if invitation is not None:
        return invitations.admit(tx, invitation, login, now, issuer=who.issuer, subject=who.subject)
    if provider.role is None:
        raise NotInvited
    new = NewAccount(login, None, provider.role, provider.customer, issuer=who.issuer, subject=who.subject)
    return accounts.insert(tx, new, now)
