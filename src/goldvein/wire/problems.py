"""The one shape of every error (RFC 9457, ``application/problem+json``)."""

from typing import Any

import msgspec

PROBLEM_TYPE = "application/problem+json"


class ItemProblem(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What is wrong with one item or one place of a request.

    ``index`` counts from 0 in the list or the lines sent; ``pointer`` is a JSON pointer into the body,
    ``parameter`` the name of a query or path parameter; ``facts`` hold what the code is about, such as the
    task that already has the ``unique_id``.
    """

    code: str
    detail: str
    index: int | None = None
    pointer: str | None = None
    parameter: str | None = None
    facts: dict[str, Any] = msgspec.field(default_factory=dict)


class Problem(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Why a request failed: ``code`` is stable, ``detail`` names the value, the rule and the way out."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[ItemProblem] = msgspec.field(default_factory=list)
    facts: dict[str, Any] = msgspec.field(default_factory=dict)
    incident: str | None = None
