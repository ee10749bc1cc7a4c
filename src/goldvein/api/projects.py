"""Projects, their quality, and why no work is handed out."""

from decimal import Decimal
from typing import Annotated, Any

import msgspec
from litestar import Response, get, patch, post
from litestar.params import PathParameter, QueryParameter

from goldvein import wire
from goldvein.api import replies
from goldvein.api.access import CUSTOMERS, visible_project
from goldvein.api.bodies import decode, read
from goldvein.api.idempotent import Fingerprint, once
from goldvein.api.service import Call, Service, service_of
from goldvein.domain import records
from goldvein.domain.errors import Forbidden, InvalidInput
from goldvein.services import contents, projects, quality, reuse, why_empty

ProjectId = Annotated[int, PathParameter(ge=1, le=2**31 - 1, description="The project's id.")]

_create = msgspec.json.Decoder(wire.ProjectCreate)
_change = msgspec.json.Decoder(wire.ProjectChange)
_erasure = msgspec.json.Decoder(wire.ContentErasure)


@post(
    "/v1/projects",
    opt={"roles": CUSTOMERS, "body": wire.ProjectCreate, "returns": {201: wire.Project}},
    operation_id="create_project",
    tags=["projects"],
)
async def create_project(request: Call) -> Response[bytes]:
    """Open a project. It mines its first benchmarks from the first tasks pushed, then opens by itself.

    With `copy_of` it is made as an earlier project of the same customer is, but for what is given here; with
    `carry_benchmarks` its benchmarks in use come along. They count towards opening, their ages and exposures
    go on, and nobody gets one whose content they had in either project.
    """
    content = await read(request)
    draft = decode(content, _create)
    plain = draft_of(draft, owner_of(request, draft.customer)) if draft.copy_of is None else None

    async def act() -> Response[bytes]:
        service = service_of(request)
        if plain is not None:
            made = await service.call(projects.create, *plain, service.now(), state=draft.state)
        else:
            made = await service.call(
                reuse.copy, draft.copy_of or 0, request.user.customer, copy_draft_of(draft), service.now(),
                state=draft.state, owner=draft.customer,
            )  # fmt: skip
        return replies.reply(await _shown(service, made), 201)

    return await once(request, Fingerprint(request, content), act)


def draft_of(draft: wire.ProjectCreate, owner: int) -> tuple[int, records.ProjectDraft]:
    """Whose project it shall be, and what it shall be; no copy."""
    if draft.instruction is None or draft.carry_benchmarks:
        missing = "instruction" if draft.instruction is None else "copy_of"
        raise InvalidInput(
            f"a project that is no copy needs an instruction and carries nothing: {missing!r} is missing",
            code="invalid_input",
            pointer=f"/{missing}",
        )
    return owner, records.ProjectDraft(
        name=draft.name,
        instruction=draft.instruction,
        type=draft.type,
        classes=tuple(draft.classes) if draft.classes is not None else None,
        deadline_seconds=draft.deadline_seconds,
        policy=draft.policy,
    )


def copy_draft_of(draft: wire.ProjectCreate) -> reuse.CopyDraft:
    """What is asked of a copy."""
    return reuse.CopyDraft(
        name=draft.name,
        instruction=draft.instruction,
        classes=tuple(draft.classes) if draft.classes is not None else None,
        deadline_seconds=draft.deadline_seconds,
        policy=draft.policy,
        carries=draft.carry_benchmarks,
    )


@get(
    "/v1/projects",
    opt={"roles": CUSTOMERS, "returns": {200: wire.Projects}},
    operation_id="list_projects",
    tags=["projects"],
)
async def list_projects(request: Call) -> Response[bytes]:
    """List your projects; an operator sees all."""
    service = service_of(request)
    found = await service.call(projects.list_, request.user.customer)
    return replies.reply(wire.Projects(projects=[await _shown(service, one) for one in found]))


@get(
    "/v1/projects/{project:int}",
    opt={"roles": CUSTOMERS, "returns": {200: wire.Project}},
    operation_id="get_project",
    tags=["projects"],
)
async def get_project(request: Call, project: ProjectId) -> Response[bytes]:
    """Read a project with the policy in force."""
    found = await visible_project(request, project)
    return replies.reply(await _shown(service_of(request), found))


@patch(
    "/v1/projects/{project:int}",
    opt={
        "roles": CUSTOMERS,
        "body": wire.ProjectChange,
        "returns": {200: wire.Project},
        "problems": {409: "the project's life does not allow the new state"},
    },
    operation_id="change_project",
    tags=["projects"],
)
async def change_project(request: Call, project: ProjectId) -> Response[bytes]:
    """Change what you name; the rest stays. A changed policy is a new version, for decisions from now on.

    Another ``quality_bar`` of a project that has opened changes what shortcuts may pass and what mining looks
    for, not who is let in: make a new project for another bar.
    """
    change = decode(await read(request), _change)
    service = service_of(request)
    changed = await service.call(
        projects.update, project, request.user.customer, now=service.now(), **given(change)
    )
    return replies.reply(await _shown(service, changed))


@post(
    "/v1/projects/{project:int}/erase",
    opt={
        "roles": CUSTOMERS,
        "body": wire.ContentErasure,
        "returns": {200: wire.Project},
        "problems": {409: "the project is not closed"},
    },
    operation_id="erase_contents",
    tags=["projects"],
    status_code=200,
)
async def erase_contents(request: Call, project: ProjectId) -> Response[bytes]:
    """Erase for good what the tasks of a closed project say, and what labelers said of them.

    Labels stay, and say which option was picked by its place; tasks keep their `unique_id`. It is carried out
    within minutes: `contents` turns from `erasing` to `erased`. Asking again is asking once.
    """
    content = await read(request)
    asked = decode(content, _erasure)
    service = service_of(request)

    async def act() -> Response[bytes]:
        found = await service.call(contents.ask, project, request.user.customer, asked.name, service.now())
        return replies.reply(await _shown(service, found))

    return await once(request, Fingerprint(request, content), act)


@get(
    "/v1/projects/{project:int}/quality",
    opt={"roles": CUSTOMERS, "returns": {200: wire.Report}},
    operation_id="get_quality",
    tags=["projects"],
)
async def get_quality(
    request: Call,
    project: ProjectId,
    characteristic: Annotated[  # noqa: FBT002  (a query parameter)
        bool,
        QueryParameter(description="Work out the operating characteristic too; it takes a few seconds."),
    ] = False,
) -> Response[bytes]:
    """Standings, benchmarks, the shortcut report and, where asked for, the operating characteristic."""
    await visible_project(request, project)
    service = service_of(request)
    found = await service.call(
        quality.report,
        project,
        service.now(),
        characteristic=characteristic,
        pseudonyms=request.user.customer is not None,
    )
    return replies.reply(found)


@get(
    "/v1/projects/{project:int}/why-empty",
    opt={"roles": CUSTOMERS, "returns": {200: wire.Report}},
    operation_id="get_why_empty",
    tags=["projects"],
)
async def get_why_empty(request: Call, project: ProjectId) -> Response[bytes]:
    """Why no work is handed out right now, and what would change that."""
    await visible_project(request, project)
    service = service_of(request)
    return replies.reply(await service.call(why_empty.explain, project, service.now()))


def owner_of(request: Call, asked: int | None) -> int:
    """Whose project it shall be: a customer's own, or the one that an operator names."""
    own = request.user.customer
    if own is None and asked is None:
        raise InvalidInput(
            "an operator's project needs an owner: name the customer",
            code="owner_missing",
            pointer="/customer",
        )
    if own is not None and asked not in {None, own}:
        raise Forbidden(
            "a customer makes projects of its own only: leave `customer` out", pointer="/customer"
        )
    return own or asked or 0


def given(change: wire.ProjectChange) -> dict[str, Any]:
    """Only the fields that were sent."""
    fields = {name: getattr(change, name) for name in change.__struct_fields__}
    sent = {name: value for name, value in fields.items() if value is not msgspec.UNSET}
    if isinstance(price := sent.get("price"), wire.Price):
        sent["price"] = records.Price(Decimal(price.per_label), price.currency)
    return sent


async def _shown(service: Service, found: records.Project) -> wire.Project:
    return replies.project(found, *await service.call(projects.terms, found.id))
