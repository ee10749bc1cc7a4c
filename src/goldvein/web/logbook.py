"""The operator's page of the decision log."""

from __future__ import annotations

from functools import partial
from typing import Any, Final
from urllib.parse import urlencode

from litestar import Response, get
from litestar.types import ControllerRouterHandler

from goldvein.api.access import OPERATORS
from goldvein.api.projects import ProjectId
from goldvein.api.service import Call, service_of
from goldvein.domain.errors import InvalidInput
from goldvein.services import logbook
from goldvein.services.logbook import Asked, LogPage
from goldvein.store.history import LogRow
from goldvein.web.projects import project_page, visible_project

_FIELDS: Final = ("labeler", "task", "kind", "until")
_FACTS: Final = (
    "id", "n", "attempt", "stage", "shown", "choice", "key", "item_version", "model_version",
    "policy_version", "rate", "draw", "exposures", "milliseconds", "p_benchmarks", "p_all", "benchmarks",
)  # fmt: skip


@get("/operate/{project:int}/log", opt={"roles": OPERATORS}, include_in_schema=False)
async def log(request: Call, project: ProjectId) -> Response[str]:
    """Show the log, the latest first."""
    words = {name: request.query_params.get(name, "") for name in _FIELDS}
    found = await visible_project(request, project)
    try:
        asked = logbook.ask(**words, before=request.query_params.get("before", ""))
        shown, wrong = await service_of(request).call(logbook.page, project, asked), None
    except InvalidInput as error:
        shown, wrong = LogPage(Asked(), (), {}, None), error
    return project_page(
        request, found, "operation/log.html", status=wrong.status if wrong else 200, log=shown, words=words,
        kinds=logbook.KINDS, facts=_facts, address=partial(_address, words),
        error=wrong.detail if wrong else "",
    )  # fmt: skip


def _facts(row: LogRow) -> list[tuple[str, Any]]:
    """What a row says beside its columns, in its words."""
    own = [(name.replace("_", " "), getattr(row, name)) for name in _FACTS]
    told = [(name.replace("_", " "), value) for name, value in (row.detail or {}).items()]
    return [(name, value) for name, value in [*own, *told] if value is not None]


def _address(words: dict[str, str], before: str) -> str:
    return "?" + urlencode({name: value for name, value in {**words, "before": before}.items() if value})


HANDLERS: Final[tuple[ControllerRouterHandler, ...]] = (log,)
