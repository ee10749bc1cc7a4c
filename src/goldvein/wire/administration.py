"""Customers, labelers and keys: what an operator needs over HTTP."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from goldvein.wire.base import Id, Name, Request, Response

LabelerRole = Literal["labeler", "trusted", "auditor"]


class CustomerCreate(Request):
    """A new customer."""

    name: Name


class Customer(Response):
    """A customer."""

    id: int
    name: str
    created_at: datetime


class Customers(Response):
    """Customers in the order of their ids; ``next`` is the cursor of the next page, null at the end."""

    customers: list[Customer]
    next: int | None


class LabelerNew(Request):
    """A new labeler; names are unique."""

    name: Name
    role: LabelerRole = "labeler"


class LabelerCreate(Request):
    """New labelers, all or none; with ``keys`` each gets a key, shown once."""

    labelers: Annotated[list[LabelerNew], msgspec.Meta(min_length=1, max_length=1_000)]
    keys: bool = False


class Labeler(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A labeler; ``key`` only where one was just made."""

    id: int
    name: str
    role: LabelerRole
    created_at: datetime
    key: str | None = None


class Labelers(Response):
    """Labelers in the order of their ids; ``next`` is the cursor of the next page, null at the end."""

    labelers: list[Labeler]
    next: int | None


class LabelerChange(Request):
    """A new role: ``trusted`` labelers answer what may become benchmarks."""

    role: LabelerRole


class KeyCreate(Request):
    """A new key of an operator, a customer or a labeler (whose role it takes)."""

    name: Name
    customer: Id | None = None
    labeler: Id | None = None
    operator: bool = False


class Key(Response):
    """A key, shown this once: only its hash is stored."""

    id: int
    role: Literal["customer", "labeler", "trusted", "auditor", "operator"]
    key: str


class Health(Response):
    """The server answers."""

    status: Literal["ok"]
    version: str
