"""The OpenAPI document: Litestar's account of addresses and parameters, with msgspec's account of every body.

What a route takes and returns stands in its ``opt``: ``roles``, ``body`` (and ``body_optional``), ``lines``
for NDJSON, ``files`` by media type, ``returns`` by status, ``streams`` (one media type or several),
``headers`` by status, and ``problems`` beyond the usual.
"""

import inspect
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec
from litestar import Litestar, Response, get
from litestar.handlers import HTTPRouteHandler

from goldvein import wire
from goldvein.api.access import EVERYBODY
from goldvein.api.examples import EXAMPLES
from goldvein.api.service import Call

_REF: Final = "#/components/schemas/{name}"
_KEY: Final = {"name": "Idempotency-Key", "in": "header", "required": False}
_HEADERS: Final = {
    "Retry-After": {"description": "Seconds after which to ask again.", "schema": {"type": "integer"}},
    "Goldvein-Reason": {"description": "Why there is no work now.", "schema": {"type": "string"}},
}
_USUAL: Final = {
    400: "the body is not JSON",
    401: "no valid key",
    403: "the key's role does not allow it",
    404: "no such thing, or not yours to see",
    413: "the body is too large",
    415: "the body's content type is not taken",
    422: "a value breaks a rule; `errors` names the places",
    500: "something broke on our side; `incident` stands in the log",
    503: "too much to do, or the database is away: see Retry-After",
}


def document(app: Litestar) -> dict[str, Any]:
    """Write the whole document."""
    schema = app.openapi_schema.to_schema()
    handlers = {handler.operation_id: handler for handler in _handlers(app)}
    shapes = sorted({shape for handler in handlers.values() for shape in _shapes(handler)}, key=repr)
    _, components = msgspec.json.schema_components([*shapes, wire.Problem], ref_template=_REF)
    schema["components"] = {
        "schemas": components,
        "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
    }
    for path in schema["paths"].values():
        for method, operation in path.items():
            if isinstance(operation, dict) and "operationId" in operation:
                _complete(operation, method, handlers[operation["operationId"]])
    return schema


def _handlers(app: Litestar) -> Iterator[HTTPRouteHandler]:
    for route in app.routes:
        for handler in getattr(route, "route_handlers", ()):
            if isinstance(handler, HTTPRouteHandler) and "roles" in handler.opt:
                yield handler


def _shapes(handler: HTTPRouteHandler) -> Iterator[Any]:
    opt = handler.opt
    found = [opt.get("body"), opt.get("lines"), *opt.get("returns", {}).values()]
    yield from (shape for shape in found if isinstance(shape, type))


def _complete(operation: dict[str, Any], method: str, handler: HTTPRouteHandler) -> None:
    opt = handler.opt
    text = inspect.getdoc(handler.fn) or ""
    operation["summary"], operation["description"] = text.partition("\n")[0], text
    if "body" in opt:
        operation["requestBody"] = _request_body(opt)
    operation["responses"] = _responses(opt, is_post=method == "post")
    roles = sorted(opt["roles"])
    operation["security"] = [{"key": []}] if roles else []
    operation["x-roles"] = roles
    if method == "post" and "customer" in roles:
        operation.setdefault("parameters", []).append(
            _KEY
            | {
                "description": "Sent again with the same key, the same request is carried out once.",
                "schema": {"type": "string", "pattern": "^[!-~]{1,200}$"},
            }
        )


def _request_body(opt: Mapping[str, Any]) -> dict[str, Any]:
    content: dict[str, Any] = {
        "application/json": {"schema": _schema(opt["body"]), "example": EXAMPLES[opt["body"]]}
    }
    if "lines" in opt:
        content["application/x-ndjson"] = {
            "schema": {"type": "string", "description": "One item a line, each as in the JSON push."}
        }
    for kind, description in opt.get("files", {}).items():
        content[kind] = {"schema": {"type": "string", "description": description}}
    return {"required": not opt.get("body_optional", False), "content": content}


def _responses(opt: Mapping[str, Any], *, is_post: bool) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    for status, shape in opt.get("returns", {}).items():
        response: dict[str, Any] = {"description": _described(shape)}
        if shape is not None:
            response["content"] = {"application/json": {"schema": _schema(shape)}}
        if names := opt.get("headers", {}).get(status):
            response["headers"] = {name: _HEADERS[name] for name in names}
        responses[str(status)] = response
    if "streams" in opt:
        kinds = opt["streams"] if isinstance(opt["streams"], tuple) else (opt["streams"],)
        responses["200"] = {"description": "A stream.", "content": {kind: _stream(kind) for kind in kinds}}
    problems = _USUAL | opt.get("problems", {}) if opt["roles"] else {}
    if is_post and opt["roles"]:
        problems = {409: "it fights the present state, or the Idempotency-Key is in use"} | problems
    for status, text in sorted(problems.items()):
        responses[str(status)] = {
            "description": text[0].upper() + text[1:] + ".",
            "content": {wire.PROBLEM_TYPE: {"schema": _schema(wire.Problem)}},
        }
    return responses


def _stream(media_type: str) -> dict[str, Any]:
    return {"schema": {"type": "array" if media_type == "application/json" else "string"}}


def _described(shape: Any) -> str:
    text = (getattr(shape, "__doc__", None) or "").strip() if isinstance(shape, type) else ""
    return " ".join(text.split()) or ("Done." if shape is None else "A report.")


def _schema(shape: Any) -> dict[str, Any]:
    if isinstance(shape, type):
        return {"$ref": _REF.format(name=shape.__name__)}
    return {"type": "object"}


@get("/v1/openapi.json", opt={"roles": EVERYBODY}, include_in_schema=False, operation_id="openapi")
async def openapi(request: Call) -> Response[bytes]:
    """Return this document."""
    state = request.app.state
    if state.get("openapi") is None:
        state.openapi = msgspec.json.encode(document(request.app))
    return Response(state.openapi, media_type="application/json")
