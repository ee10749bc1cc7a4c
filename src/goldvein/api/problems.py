"""Exceptions become problems here, and nowhere else."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import msgspec
import psycopg
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from psycopg_pool import PoolTimeout

from goldvein.domain.errors import GoldveinError
from goldvein.wire import PROBLEM_TYPE, ItemProblem, Problem

_log = structlog.get_logger()
_encoder = msgspec.json.Encoder()
_PLACES: Final = frozenset({"pointer", "parameter", "index", "errors", "retry_after_seconds"})
"""Facts of an error that have a field of their own in a problem."""


class Unavailable(GoldveinError):
    """The database cannot be reached at the moment: send the request again in a few seconds."""

    status = 503
    code = "unavailable"


class NoSuchRoute(GoldveinError):
    """There is no such address: /v1/openapi.json lists those that there are."""

    status = 404
    code = "route_unknown"


class MethodNotAllowed(GoldveinError):
    """The address exists, but not for this method: the header `Allow` lists those that it takes."""

    status = 405
    code = "method_not_allowed"


class BodyTooLarge(GoldveinError):
    """The body is larger than this address takes: send it in several requests."""

    status = 413
    code = "body_too_large"


class InvalidParameter(GoldveinError):
    """A query or path parameter breaks a rule."""

    status = 422
    code = "invalid_parameter"


class InternalError(GoldveinError):
    """Something broke on our side: tell the operator the incident's id, which stands in the log too."""

    status = 500
    code = "internal_error"


@dataclass(frozen=True, slots=True)
class Rendered:
    """A problem ready to send."""

    status: int
    body: bytes
    headers: dict[str, str]


def render(error: BaseException, *, path: str) -> Rendered:
    """Turn any exception into a problem; what nobody foresaw is logged with an incident's id and hidden."""
    headers: dict[str, str] = {}
    incident = None
    if isinstance(error, HTTPException) and error.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
        headers.update(error.headers or {})
        error = _from_litestar(error)
    elif isinstance(error, psycopg.OperationalError | PoolTimeout):
        _log.warning("database_unavailable", path=path, error=str(error))
        error = Unavailable(retry_after_seconds=2)
    elif not isinstance(error, GoldveinError):
        incident = secrets.token_hex(8)
        _log.error("request_failed", incident=incident, path=path, exc_info=error)
        error = InternalError()
    if error.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    if "retry_after_seconds" in error.facts:
        headers["Retry-After"] = str(error.facts["retry_after_seconds"])
    return Rendered(error.status, _encoder.encode(_problem(error, incident)), headers)


def handle(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Litestar's hook for exceptions."""
    rendered = render(error, path=request.url.path)
    return Response(
        rendered.body, status_code=rendered.status, headers=rendered.headers, media_type=PROBLEM_TYPE
    )


def decoded(rendered: Rendered) -> Problem:
    """Read a rendered problem again, for a page that shows it."""
    return msgspec.json.decode(rendered.body, type=Problem)


def _problem(error: GoldveinError, incident: str | None) -> Problem:
    return Problem(
        type=f"urn:goldvein:problem:{error.code}",
        title=HTTPStatus(error.status).phrase,
        status=error.status,
        detail=error.detail,
        code=error.code,
        errors=error.facts.get("errors") or _place(error),
        facts=_facts(error.facts),
        incident=incident,
    )


def _place(error: GoldveinError) -> list[ItemProblem]:
    place = {name: error.facts[name] for name in ("pointer", "parameter", "index") if name in error.facts}
    return [ItemProblem(code=error.code, detail=error.detail, **place)] if place else []


def _facts(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if name not in _PLACES}


def _from_litestar(error: HTTPException) -> GoldveinError:
    match error.status_code:
        case HTTPStatus.NOT_FOUND:
            return NoSuchRoute()
        case HTTPStatus.METHOD_NOT_ALLOWED:
            return MethodNotAllowed()
        case HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            return BodyTooLarge()
        case HTTPStatus.BAD_REQUEST if isinstance(error, ValidationException):
            return _invalid_parameter(error)
        case _:
            return InvalidParameter(error.detail)


def _invalid_parameter(error: ValidationException) -> InvalidParameter:
    extra = error.extra if isinstance(error.extra, list) else []
    places = [
        ItemProblem(
            code="invalid_parameter",
            detail=str(place.get("message", "")),
            parameter=str(place.get("key", "")),
        )
        for place in extra
        if isinstance(place, dict)
    ]
    names = "; ".join(f"{place.parameter}: {place.detail}" for place in places)
    return InvalidParameter(names or error.detail, errors=places)
