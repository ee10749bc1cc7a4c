"""Pages of a project's benchmarks: the list, and one with all that is known of it and what can be done."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, cast

from litestar import Response, get, post
from litestar.params import QueryParameter
from litestar.types import ControllerRouterHandler

from goldvein.api.access import AUDITORS, CURATORS
from goldvein.api.benchmarks import look
from goldvein.api.projects import ProjectId
from goldvein.api.service import Call, service_of
from goldvein.api.tasks import TaskId
from goldvein.domain.errors import Conflict, GoldveinError, InvalidInput
from goldvein.domain.records import Project
from goldvein.services import curating
from goldvein.services.benchmarks import KEY_RIGHT
from goldvein.services.curating import Look
from goldvein.store import curated
from goldvein.store.curated import Line
from goldvein.store.database import Database
from goldvein.tasktypes import choice
from goldvein.web.forms import form
from goldvein.web.lives import DONE, step_words
from goldvein.web.projects import project_page, visible_project
from goldvein.web.responses import go

PAGE: Final = 50
MAX_NOTE: Final = 500
_STATES: Final = (
    ("", "any state"), ("active", "in use"), ("frozen", "frozen"), ("retired", "retired"),
    ("candidate", "with the panel"),
)  # fmt: skip
_BASES: Final = (
    ("", "any way"), ("panel", "mined from the panel"), ("manual", "by hand"),
    ("bootstrap", "at the start"), ("reused", "carried from another project"),
)  # fmt: skip
_ACTIONS: Final = frozenset({"confirm", "freeze", "retire", "key"})


@get("/projects/{project:int}/benchmarks", opt={"roles": CURATORS}, include_in_schema=False)
async def benchmarks(
    request: Call,
    project: ProjectId,
    in_state: Annotated[str, QueryParameter(name="state")] = "",
    basis: Annotated[str, QueryParameter()] = "",
    flagged: Annotated[bool, QueryParameter()] = False,  # noqa: FBT002  (a query parameter)
    after: Annotated[int | None, QueryParameter(ge=0, le=2**63 - 1)] = None,
    order: Annotated[str, QueryParameter()] = "",
) -> Response[str]:
    """List benchmarks in the order of their tasks, oldest first; without a filter also the latest first."""
    shown, service = await visible_project(request, project), service_of(request)
    asked = {
        "state": _known(in_state, _STATES),
        "basis": _known(basis, _BASES),
        "flagged": "1" if flagged else None,
    }
    is_latest = order == "latest" and not any(asked.values())
    found, excerpts = await service.call(
        _read_list, project, asked, after, is_latest=is_latest, blind=request.user.role in AUDITORS
    )
    return project_page(
        request,
        shown,
        "benchmarks/list.html",
        lines=found[:PAGE],
        excerpts=excerpts,
        more=len(found) > PAGE,
        asked={name: value for name, value in asked.items() if value},
        is_latest=is_latest,
        states=_STATES,
        bases=_BASES,
        now=service.now(),
    )


def _read_list(
    db: Database, project: int, asked: Mapping[str, str | None], after: int | None, *, is_latest: bool,
    blind: bool,
) -> tuple[list[Line], Mapping[int, str]]:  # fmt: skip
    """Read a page and one more, with how they begin: auditors, who may be tested, get no texts."""
    if is_latest:
        found = curating.latest(db, project, before=after, limit=PAGE + 1, blind=blind)
    else:
        found = curating.page(
            db, project, state=asked["state"], basis=asked["basis"], flagged=bool(asked["flagged"]),
            after=after or 0, limit=PAGE + 1, blind=blind,
        )  # fmt: skip
    if blind:
        return found, {}
    with db.connection() as tx:
        return found, curated.excerpts(tx, project, [line.task for line in found])


def _known(value: str, choices: tuple[tuple[str, str], ...]) -> str | None:
    """Read a filter; one that is none counts as none."""
    return value if value and value in dict(choices) else None


@get("/projects/{project:int}/benchmarks/{task:int}", opt={"roles": CURATORS}, include_in_schema=False)
async def benchmark(
    request: Call, project: ProjectId, task: TaskId, done: Annotated[str, QueryParameter()] = ""
) -> Response[str]:
    """Show one benchmark; one in doubt is judged by an auditor before it is told."""
    shown = await visible_project(request, project)
    return await _one(request, shown, task, done=DONE.get(done))


@post(
    "/projects/{project:int}/benchmarks/{task:int}",
    opt={"roles": CURATORS},
    include_in_schema=False,
    status_code=200,
)
async def change_benchmark(request: Call, project: ProjectId, task: TaskId) -> Response[Any]:
    """Confirm, freeze or retire it, or give it another key."""
    shown = await visible_project(request, project)
    fields = await form(request)
    try:
        await _change(request, project, task, fields)
    except GoldveinError as error:
        if error.status not in (409, 422):
            raise
        return await _one(request, shown, task, error=error, fields=fields)
    return go(f"/projects/{project}/benchmarks/{task}?done={fields['act']}")


async def _change(request: Call, project: int, task: int, fields: Mapping[str, str]) -> None:
    service, by, act = service_of(request), request.user.labeler, fields.get("act", "")
    reason, explanation = _note(fields, f"reason-{act}"), _note(fields, "explanation")
    if act not in _ACTIONS:
        raise InvalidInput("choose what to do", code="invalid_input")
    if act != "key":
        action = cast("curating.Action", act)
        await service.call(curating.act, project, task, action, service.now(), reason=reason, by=by)
        return
    await service.call(
        curating.change_key, project, task, read_key(fields), service.now(),
        key_right=read_percent(fields), reason=reason, by=by, explanation=explanation,
    )  # fmt: skip


def _note(fields: Mapping[str, str], name: str) -> str | None:
    """Read a short text; None where nothing is said."""
    text = fields.get(name, "").strip()
    if len(text) > MAX_NOTE:
        raise InvalidInput(f"{len(text)} characters are too many: {MAX_NOTE} are kept", pointer=f"/{name}")
    return text or None


def read_key(fields: Mapping[str, str]) -> int:
    """Read which option is right, from 0.

    Raises
    ------
    InvalidInput
        ``key_missing``.
    """
    text = fields.get("key", "")
    if not (text.isascii() and text.isdigit() and len(text) <= len("1000")):
        raise InvalidInput("say which option is right", code="key_missing", pointer="/key")
    return int(text)


def read_percent(fields: Mapping[str, str]) -> float:
    """Read how sure somebody is of a key, given in per cent; as usual where nothing is said.

    Raises
    ------
    InvalidInput
        ``key_right_range``.
    """
    text = fields.get("key_right", "").strip().removesuffix("%").replace(",", ".")
    try:
        return float(text) / 100 if text else KEY_RIGHT
    except ValueError:
        raise InvalidInput(
            f"{text[:20]!r} is no number: give per cent, such as 98", code="key_right_range",
            pointer="/key_right",
        ) from None  # fmt: skip


async def _one(
    request: Call, project: Project, task: int, *, done: str | None = None,
    error: GoldveinError | None = None, fields: Mapping[str, str] | None = None,
) -> Response[str]:  # fmt: skip
    status = error.status if error else 200
    try:
        found = await look(request, project.id, task)
    except Conflict as conflict:
        if conflict.code not in ("benchmark_in_doubt", "benchmark_in_hand"):
            raise
        return project_page(
            request, project, "benchmarks/blind.html", status=conflict.status, task=task,
            why=conflict.detail, in_doubt=conflict.code == "benchmark_in_doubt",
        )  # fmt: skip
    options = choice.choices_of(found.benchmark.input, project.classes)
    return project_page(
        request,
        project,
        "benchmarks/one.html",
        status=status,
        found=found,
        one=found.benchmark,
        options=options,
        task={"type": project.type, "input": {**found.benchmark.input, "options": list(options)}},
        panel=_by_option(found, len(options)),
        steps=[(step, step_words(step, options)) for step in found.life],
        done=done,
        error=error,
        place=str(error.facts.get("pointer", "")) if error else "",
        fields=fields or {},
        now=service_of(request).now(),
    )


def _by_option(found: Look, n_options: int) -> list[int]:
    """Count the panel's answers by option, the last place for none of them."""
    said = [word.choice for word in found.said.panel]
    return [said.count(option) for option in range(n_options)] + [said.count(-1)]


HANDLERS: Final[tuple[ControllerRouterHandler, ...]] = (benchmarks, benchmark, change_benchmark)
