"""Who may call what: every route names its roles in ``opt``, and the guard asks before the body is read."""

from typing import Any, Final

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from goldvein.api.problems import NoSuchRoute
from goldvein.api.service import Call, Service, service_of
from goldvein.domain.errors import Forbidden, InvalidInput
from goldvein.domain.records import Principal, Project, Role
from goldvein.services import projects

CUSTOMERS: Final[frozenset[Role]] = frozenset({"customer", "operator", "admin"})
LABELERS: Final[frozenset[Role]] = frozenset({"labeler", "trusted", "auditor"})
CURATORS: Final[frozenset[Role]] = frozenset({"customer", "auditor", "operator", "admin"})
AUDITORS: Final[frozenset[Role]] = frozenset({"auditor"})
WATCHERS: Final[frozenset[Role]] = frozenset({"auditor", "operator", "admin"})
OPERATORS: Final[frozenset[Role]] = frozenset({"operator", "admin"})
PEOPLE: Final[frozenset[Role]] = CURATORS | LABELERS
"""Whoever has signed in."""
EVERYBODY: Final[frozenset[Role]] = frozenset()
"""No key is asked for."""


async def authorize(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Let a request pass whose key has one of the route's roles, or that may come without a key.

    Raises
    ------
    Unauthenticated
        If it has no valid key and no session.
    Forbidden
        If its sender has another role, or another site sent it.
    NoSuchRoute
        If the route names no roles.
    InvalidInput
        ``nul_character``: PostgreSQL stores none, so nothing that is asked for has one.
    """
    if b"%00" in connection.scope["query_string"]:
        raise InvalidInput("the address holds a NUL character (%00): leave it out", code="nul_character")
    if connection.scope.get("method") == "OPTIONS":  # Litestar's own answer, which only lists the methods
        return
    roles: frozenset[Role] | None = handler.opt.get("roles")
    if roles is None:  # one of Litestar's own, such as its pages about the OpenAPI document
        raise NoSuchRoute
    if not roles:
        return
    service: Service = connection.app.state.service
    if handler.opt.get("scraped") and service.scrapers.have(connection.scope):
        return
    principal = await service.keyring.identify(connection.scope)
    connection.scope["user"] = principal  # who is refused sees on the page as whom
    check_role(principal, roles)


def check_role(principal: Principal, roles: frozenset[Role]) -> None:
    """Refuse another role than these."""
    if principal.role not in roles:
        raise Forbidden(f"the role {principal.role} may not do this: it takes {' or '.join(sorted(roles))}")


async def visible_project(request: Call, project: int) -> Project:
    """Read a project that the sender may see: customers their own, others whom the route takes all.

    Raises
    ------
    NotFound
        If there is none, or it is another customer's.
    """
    return await service_of(request).call(projects.get, project, request.user.customer)
