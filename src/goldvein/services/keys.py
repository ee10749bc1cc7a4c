"""Who is who: customers, labelers, and the keys that prove it.

A key is ``gv_<kind>_<43 characters>``: 256 random bits in base64url. Only its SHA-256 is stored; so much
randomness needs no slow hash. The kind is for people and secret scanners, nothing is decided by it.
"""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from psycopg import errors

from goldvein.domain.errors import Conflict, InvalidInput, NotFound, Unauthenticated
from goldvein.domain.records import Principal, Role
from goldvein.services.passwords import token_hash
from goldvein.services.trusting import follow_role
from goldvein.store import keys as store
from goldvein.store.database import Database, Transaction
from goldvein.store.keys import Customer, KeyLine, Labeler

_KINDS: Final[dict[Role, str]] = {
    "customer": "cus",
    "labeler": "lab",
    "trusted": "lab",
    "auditor": "lab",
    "operator": "ops",
}
ENDING: Final = 4
"""Characters of a key that are kept, so that its owner knows it again; they make it no easier to guess."""
ERASED: Final = "erased #"
"""How the names of people begin who were erased; a number follows (store/sql/erasures.sql)."""
_TOKEN = re.compile(r"gv_(?:cus|lab|ops)_[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A key that was just made; the token is shown this once."""

    id: int
    role: Role
    token: str = field(repr=False)


def create_customer(db: Database, name: str, now: datetime) -> int:
    """Store a customer and return its id."""
    with db.transaction() as tx:
        return store.insert_customer(tx, name, now)


def list_customers(db: Database, *, after: int = 0, limit: int = 1_000) -> list[Customer]:
    """List customers by id."""
    with db.connection() as tx:
        return store.list_customers(tx, after=after, limit=limit)


def get_customer(db: Database, customer: int) -> Customer:
    """Read a customer.

    Raises
    ------
    NotFound
    """
    with db.connection() as tx:
        found = store.find_customer(tx, customer)
    if found is None:
        raise NotFound(f"there is no customer {customer}")
    return found


def list_keys(db: Database, customer: int, *, before: int = 2**31 - 1, limit: int = 100) -> list[KeyLine]:
    """List a customer's keys, the newest first."""
    with db.connection() as tx:
        return store.list_keys(tx, customer, before=before, limit=limit)


def create_labeler(db: Database, name: str, role: Role, now: datetime) -> int:
    """Store one labeler and return its id."""
    return create_labelers(db, [(name, role)], now)[0]


def create_labelers(db: Database, people: Sequence[tuple[str, Role]], now: datetime) -> list[int]:
    """Store labelers, all or none, and return their ids in the order given.

    Raises
    ------
    Conflict
        ``labeler_exists``: a name is taken, or stands twice in the list.
    InvalidInput
        ``name_reserved``: for people who were erased.
    """
    if reserved := next((name for name, _ in people if name.startswith(ERASED)), None):
        raise InvalidInput(
            f"{reserved[:100]!r} cannot be a labeler's name: so are people called who were erased",
            code="name_reserved",
        )
    try:
        with db.transaction() as tx:
            ids = store.insert_labelers(tx, people, now)
    except errors.UniqueViolation as error:
        raise Conflict(
            f"a name is taken or stands twice in the list ({error.diag.message_detail}): use another",
            code="labeler_exists",
        ) from error
    return [ids[name] for name, _ in people]


def list_labelers(db: Database, *, after: int = 0, limit: int = 1_000) -> list[Labeler]:
    """List labelers by id."""
    with db.connection() as tx:
        return store.list_labelers(tx, after=after, limit=limit)


def change_role(db: Database, labeler: int, role: Role, now: datetime) -> Labeler:
    """Give a labeler another role; keys in use follow within the seconds that a server remembers them.

    Who becomes or ceases to be trusted is on or off the panels of all projects, which the log says.
    """
    with db.transaction() as tx:
        return give_role(tx, labeler, role, now)


def give_role(tx: Transaction, labeler: int, role: Role, now: datetime) -> Labeler:
    """Do as `change_role`, within a transaction."""
    before = store.roles_of(tx, [labeler]).get(labeler)
    person = store.change_role(tx, labeler, role)
    if person is None or before is None:
        raise NotFound(f"there is no labeler {labeler}")
    follow_role(tx, labeler, before=before, after=role, now=now)
    return person


def issue(db: Database, role: Role, owner: int | None, name: str, now: datetime) -> str:
    """Make one key and return its token; ``owner`` is the customer or labeler, None for an operator."""
    return issue_many(db, [(role, owner, name)], now)[0].token


def issue_many(
    db: Database, wanted: Sequence[tuple[Role, int | None, str]], now: datetime
) -> list[IssuedKey]:
    """Make keys for (role, owner, name), all or none, in the order given.

    Raises
    ------
    NotFound
        If an owner does not exist.
    InvalidInput
        ``owner_missing`` or ``owner_not_taken``.
    """
    tokens = [f"gv_{_KINDS[role]}_{secrets.token_urlsafe(32)}" for role, _, _ in wanted]
    keys = [_new_key(token, *wish) for token, wish in zip(tokens, wanted, strict=True)]
    try:
        with db.transaction() as tx:
            ids = store.insert_keys(tx, keys, now)
    except errors.ForeignKeyViolation as error:
        raise NotFound(f"the key's owner does not exist ({error.diag.message_detail})") from error
    return [IssuedKey(ids[key.hash], key.role, token) for key, token in zip(keys, tokens, strict=True)]


def issue_for_labeler(db: Database, labeler: int, name: str, now: datetime) -> IssuedKey:
    """Make a key with the role that the labeler has."""
    with db.connection() as tx:
        role = store.roles_of(tx, [labeler]).get(labeler)
    if role is None:
        raise NotFound(f"there is no labeler {labeler}")
    return issue_many(db, [(role, labeler, name)], now)[0]


def authenticate(db: Database, token: str) -> Principal:
    """Say who owns a token.

    Raises
    ------
    Unauthenticated
        If the token is none of ours or was revoked.
    """
    if _TOKEN.fullmatch(token):
        with db.connection() as tx:
            principal = store.find_key(tx, token_hash(token))
        if principal is not None:
            return principal
    raise Unauthenticated


def revoke(db: Database, key: int, now: datetime) -> None:
    """End a key, within the seconds that a server remembers it."""
    with db.transaction() as tx:
        if not store.revoke(tx, key, now):
            raise NotFound(f"there is no key {key}")


def revoke_of_customer(db: Database, customer: int, key: int, now: datetime) -> None:
    """End a key of this customer; another's does not exist."""
    with db.transaction() as tx:
        if not store.revoke_of_customer(tx, customer, key, now):
            raise NotFound(f"there is no key {key}")


def _new_key(token: str, role: Role, owner: int | None, name: str) -> store.NewKey:
    if (owner is None) != (role == "operator"):
        code = "owner_missing" if owner is None else "owner_not_taken"
        raise InvalidInput(
            f"a key of role {role} {'needs an owner' if owner is None else 'has no owner'}", code=code
        )
    is_customer = role == "customer"
    return store.NewKey(
        token_hash(token),
        role,
        owner if is_customer else None,
        None if is_customer else owner,
        name,
        token[-ENDING:],
    )
