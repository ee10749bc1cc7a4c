"""Webhooks: the receivers of a project's events, whether they take them, and what to do when not."""

from datetime import UTC, datetime
from typing import Any, Final, get_args

from litestar import Response, get, post
from litestar.types import ControllerRouterHandler

from goldvein.api.access import CUSTOMERS, visible_project
from goldvein.api.projects import ProjectId
from goldvein.api.service import Call, service_of
from goldvein.api.webhooks import WebhookId
from goldvein.domain.errors import GoldveinError, InvalidInput, NotFound
from goldvein.domain.records import EventName, Project
from goldvein.services import webhooks
from goldvein.store.webhooks import Delivery, Webhook
from goldvein.web.forms import form
from goldvein.web.projects import project_page, whole_number
from goldvein.web.responses import go

_PAGE: Final = 50
EVENTS: Final = {
    "label.created": "a label was delivered",
    "label.withdrawn": "a label was taken back",
    "task.expired": "a task passed its deadline",
    "batch.drained": "nothing of a round waits any more",
    "alert.opened": "something should be looked at",
    "alert.resolved": "it is over",
}
"""Kinds of events, in words."""


@get("/projects/{project:int}/webhooks", opt={"roles": CUSTOMERS}, include_in_schema=False)
async def list_(request: Call, project: ProjectId) -> Response[str]:
    """List the webhooks of a project, with a form for another one."""
    return await _list(request, await visible_project(request, project))


async def _list(
    request: Call, project: Project, *, error: GoldveinError | None = None, url: str = "",
    events: tuple[str, ...] = get_args(EventName),
) -> Response[str]:  # fmt: skip
    found = await service_of(request).call(webhooks.list_, project.id)
    return project_page(
        request, project, "projects/webhooks.html", status=error.status if error else 200, hooks=found,
        kinds=EVENTS, error=error.detail if error else "", url=url, events=events,
    )  # fmt: skip


@post("/projects/{project:int}/webhooks", opt={"roles": CUSTOMERS}, include_in_schema=False, status_code=200)
async def create(request: Call, project: ProjectId) -> Response[str]:
    """Make a webhook, and show its secret this once."""
    fields = await form(request)
    found, service = await visible_project(request, project), service_of(request)
    chosen = tuple(kind for kind in EVENTS if fields.get(kind) == "yes")
    try:
        if not chosen:
            raise InvalidInput("choose at least one kind of event")
        made = await service.call(
            webhooks.create, project, fields.get("url", "").strip(), chosen,
            allow_private=service.allow_private_webhooks, now=service.now(),
        )  # fmt: skip
    except GoldveinError as error:
        return await _list(request, found, error=error, url=fields.get("url", ""), events=chosen)
    return await _one(request, found, made, secret=made.secret)


@get("/projects/{project:int}/webhooks/{webhook:int}", opt={"roles": CUSTOMERS}, include_in_schema=False)
async def show(request: Call, project: ProjectId, webhook: WebhookId) -> Response[str]:
    """Show a webhook and its latest deliveries."""
    return await _one(request, *await _found(request, project, webhook))


@post(
    "/projects/{project:int}/webhooks/{webhook:int}/test",
    opt={"roles": CUSTOMERS}, include_in_schema=False, status_code=200,
)  # fmt: skip
async def test(request: Call, project: ProjectId, webhook: WebhookId) -> Response[str]:
    """Send a test message now, and show what the receiver answered."""
    await form(request)
    found, hook = await _found(request, project, webhook)
    service = service_of(request)
    with service.outward():
        sent = await service.call(webhooks.send_test, service.outbound, hook.id, service.now())
    return await _one(request, found, hook, tested=sent)


@post(
    "/projects/{project:int}/webhooks/{webhook:int}/replay",
    opt={"roles": CUSTOMERS}, include_in_schema=False, status_code=200,
)  # fmt: skip
async def replay(request: Call, project: ProjectId, webhook: WebhookId) -> Response[Any]:
    """Send again what came after a position, or since a time."""
    fields = await form(request)
    found, hook = await _found(request, project, webhook)
    service = service_of(request)
    try:
        place = _place(fields.get("after", "").strip(), fields.get("since", "").strip())
        if isinstance(place, int):
            await service.call(webhooks.replay, hook.id, place, service.now())
        else:
            await service.call(webhooks.replay_since, hook.id, place, service.now())
    except InvalidInput as error:
        return await _one(request, found, hook, error=error)
    return go(f"/projects/{project}/webhooks/{webhook}?did=replay")


def _place(after: str, since: str) -> int | datetime:
    """Where a replay begins: after a position, or at a time, in UTC where it says nothing else."""
    if bool(after) == bool(since):
        raise InvalidInput("give either a position or a time")
    if after:
        position = whole_number(after, least=0)
        if position is None:
            raise InvalidInput(f"{after!r} is no position: 0 is the beginning")
        return position
    try:
        moment = datetime.fromisoformat(since)
    except ValueError as error:
        raise InvalidInput(f"{since!r} is no time") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@post(
    "/projects/{project:int}/webhooks/{webhook:int}/switch",
    opt={"roles": CUSTOMERS}, include_in_schema=False, status_code=200,
)  # fmt: skip
async def switch(request: Call, project: ProjectId, webhook: WebhookId) -> Response[Any]:
    """Stop sending, or go on."""
    fields = await form(request)
    _, hook = await _found(request, project, webhook)
    service, on = service_of(request), fields.get("to") == "on"
    await service.call(webhooks.switch, hook.id, service.now(), on=on)
    return go(f"/projects/{project}/webhooks/{webhook}?did={'on' if on else 'off'}")


@post(
    "/projects/{project:int}/webhooks/{webhook:int}/delete",
    opt={"roles": CUSTOMERS}, include_in_schema=False, status_code=200,
)  # fmt: skip
async def delete(request: Call, project: ProjectId, webhook: WebhookId) -> Response[Any]:
    """Remove a webhook."""
    await form(request)
    _, hook = await _found(request, project, webhook)
    await service_of(request).call(webhooks.delete, hook.id)
    return go(f"/projects/{project}/webhooks")


async def _found(request: Call, project: int, webhook: int) -> tuple[Project, Webhook]:
    """Read a webhook of a project that the sender may see; one of another project is not there."""
    found = await visible_project(request, project)
    hook = await service_of(request).call(webhooks.get, webhook)
    if hook.project != project:
        raise NotFound(f"there is no webhook {webhook}", code="webhook_unknown")
    return found, hook


_DID: Final = {
    "replay": "What came after is sent again, beginning now.",
    "on": "The webhook is on: what happened meanwhile is sent now.",
    "off": "The webhook is off: events wait until it is on again.",
}


async def _one(
    request: Call, project: Project, hook: Webhook, *, secret: str = "", tested: Delivery | None = None,
    error: GoldveinError | None = None,
) -> Response[str]:  # fmt: skip
    before = whole_number(request.query_params.get("before"))
    log = await service_of(request).call(webhooks.deliveries, hook.id, limit=_PAGE + 1, before=before)
    return project_page(
        request, project, "projects/webhook.html", status=error.status if error else 200, hook=hook,
        secret=secret, tested=tested, error=error.detail if error else "", kinds=EVENTS,
        did=_DID.get(request.query_params.get("did", "")), log=log[:_PAGE],
        more=log[_PAGE - 1].id if len(log) > _PAGE else None, is_first=before is None,
    )  # fmt: skip


HANDLERS: Final[tuple[ControllerRouterHandler, ...]] = (
    list_, create, show, test, replay, switch, delete,
)  # fmt: skip
