"""The pages of one project: what they share."""

from typing import Any

from litestar import Response

from goldvein.api.access import visible_project
from goldvein.api.service import Call
from goldvein.domain.records import Project
from goldvein.web.navigation import project_tabs
from goldvein.web.responses import page

__all__ = ["project_page", "visible_project"]


def project_page(
    request: Call, project: Project, template: str, *, status: int = 200, **context: Any
) -> Response[str]:
    """Fill in a page of one project, a template that extends ``projects/base.html``.

    Parameters
    ----------
    request : Call
    project : Project
        From ``visible_project``: what the sender may not see is not found.
    template : str
    status : int
    context
        What the template asks for, beside ``project``, ``tabs`` and ``tab``.
    """
    tabs, path = project_tabs(request.user, project), request.url.path
    over = [address for address, _ in tabs if path == address or path.startswith(f"{address}/")]
    return page(
        request, template, status=status, project=project, tabs=tabs, tab=max(over, key=len, default=""),
        **context,
    )  # fmt: skip
