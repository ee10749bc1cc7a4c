"""How a page leaves: its template filled in, headers that let nothing foreign in, errors as pages."""

from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

import jinja2
from litestar import Request, Response
from litestar.exceptions import HTTPException
from litestar.response import Redirect

from goldvein import __version__
from goldvein.api import problems
from goldvein.api.keyring import session_token
from goldvein.api.service import service_of
from goldvein.domain.errors import NotFound
from goldvein.domain.records import Principal
from goldvein.web import format as shown
from goldvein.web.navigation import links

_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""Every page's. Pages show what is one person's, so nobody keeps them."""

_EMPTY_STYLE: Final = "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
CHARTS: Final = {"Content-Security-Policy": _POLICY.replace("style-src", f"style-src {_EMPTY_STYLE}")}
"""A page with charts lets in a style element that is empty: the charts' script then fills it."""

_templates = jinja2.Environment(
    loader=jinja2.PackageLoader("goldvein.web"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.filters.update(shown.FILTERS)
_templates.globals["version"] = __version__


def page(
    request: Request[Any, Any, Any],
    template: str,
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
    **context: Any,
) -> Response[str]:
    """Fill in a template.

    Parameters
    ----------
    request : Request
        Whose sender's links stand in the head of the page, if it has one.
    template : str
        Name of the file under ``templates``.
    status : int
    headers : dict, optional
        Beside the usual ones, or in place of one.
    context
        What the template asks for.
    """
    who: Principal | None = request.scope.get("user")
    text = _templates.get_template(template).render(
        who=who, links=links(who), path=request.url.path, **context
    )
    return Response(
        text, status_code=status, headers=HEADERS | (headers or {}), media_type="text/html; charset=utf-8"
    )


def part(template: str, **context: Any) -> str:
    """Fill in a part of a page, to be put in place of what stands there."""
    return _templates.get_template(template).render(**context)


def go(path: str) -> Redirect:
    """Send the browser on to another page of ours, by GET."""
    return Redirect(path, status_code=303)


def path_of(name: str) -> str:
    """A name as one part of an address."""
    return quote(name, safe="")


def address(request: Request[Any, Any, Any], path: str) -> str:
    """Give the whole address of a page of ours, to be passed on to somebody."""
    return (service_of(request).public_url or str(request.base_url).rstrip("/")) + path


def handle(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """Answer an exception: programs get a problem, people a page, who has not signed in the way there."""
    if not _is_for_people(request):
        return problems.handle(request, error)
    if isinstance(error, HTTPException) and error.status_code == HTTPStatus.NOT_FOUND:
        error = NotFound("There is no such page: the address is not whole, or the page has moved.")
    rendered = problems.render(error, path=request.url.path)
    if rendered.status == HTTPStatus.UNAUTHORIZED and request.method == "GET":
        there = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        ended = "&ended=1" if session_token(request.scope) else ""
        return go(f"/login?next={quote(there, safe='')}{ended}")
    return page(
        request,
        "error.html",
        status=rendered.status,
        headers={name: value for name, value in rendered.headers.items() if name == "Retry-After"},
        problem=problems.decoded(rendered),
    )


def _is_for_people(request: Request[Any, Any, Any]) -> bool:
    is_page = not request.url.path.startswith(("/v1/", "/healthz", "/static/", "/metrics"))
    return is_page and "text/html" in request.headers.get("accept", "")
