"""Webhooks: where events of a project are sent, signed by Standard Webhooks."""

from typing import Annotated

import msgspec
from litestar import Response, delete, get, post
from litestar.params import PathParameter, QueryParameter

from goldvein import wire
from goldvein.api import replies
from goldvein.api.access import CUSTOMERS, visible_project
from goldvein.api.bodies import decode, read
from goldvein.api.idempotent import Fingerprint, once
from goldvein.api.projects import ProjectId
from goldvein.api.service import Call, service_of
from goldvein.domain.errors import NotFound
from goldvein.services import webhooks
from goldvein.store.webhooks import Delivery, Webhook

WebhookId = Annotated[int, PathParameter(ge=1, le=2**31 - 1, description="The webhook's id.")]

_create = msgspec.json.Decoder(wire.WebhookCreate)
_replay = msgspec.json.Decoder(wire.WebhookReplay)


@post(
    "/v1/webhooks",
    opt={"roles": CUSTOMERS, "body": wire.WebhookCreate, "returns": {201: wire.Webhook}},
    operation_id="create_webhook",
    tags=["webhooks"],
)
async def create_webhook(request: Call) -> Response[bytes]:
    """Have events of a project sent to an address from now on; the signing secret is shown this once."""
    content = await read(request)
    asked = decode(content, _create)
    await visible_project(request, asked.project)
    service = service_of(request)

    async def act() -> Response[bytes]:
        made = await service.call(
            webhooks.create,
            asked.project,
            asked.url,
            asked.events,
            allow_private=service.allow_private_webhooks,
            now=service.now(),
        )
        return replies.reply(_shown(made, secret=made.secret), 201)

    return await once(request, Fingerprint(request, content), act)


@get(
    "/v1/projects/{project:int}/webhooks",
    opt={"roles": CUSTOMERS, "returns": {200: wire.Webhooks}},
    operation_id="list_webhooks",
    tags=["webhooks"],
)
async def list_webhooks(request: Call, project: ProjectId) -> Response[bytes]:
    """List the webhooks of a project, without their secrets."""
    await visible_project(request, project)
    found = await service_of(request).call(webhooks.list_, project)
    return replies.reply(wire.Webhooks(webhooks=[_shown(one) for one in found]))


@delete(
    "/v1/webhooks/{webhook:int}",
    opt={"roles": CUSTOMERS, "returns": {204: None}},
    operation_id="delete_webhook",
    tags=["webhooks"],
)
async def delete_webhook(request: Call, webhook: WebhookId) -> None:
    """Remove a webhook and the log of its deliveries."""
    await _visible(request, webhook)
    await service_of(request).call(webhooks.delete, webhook)


@post(
    "/v1/webhooks/{webhook:int}/test",
    opt={"roles": CUSTOMERS, "returns": {200: wire.Delivery}},
    operation_id="test_webhook",
    tags=["webhooks"],
    status_code=200,
)
async def test_webhook(request: Call, webhook: WebhookId) -> Response[bytes]:
    """Send one signed message of type `webhook.test` now, and say what came of it."""
    await _visible(request, webhook)
    service = service_of(request)

    async def act() -> Response[bytes]:
        with service.outward():
            sent = await service.call(webhooks.send_test, service.outbound, webhook, service.now())
        return replies.reply(_delivery(sent))

    return await once(request, Fingerprint(request), act)


@post(
    "/v1/webhooks/{webhook:int}/replay",
    opt={"roles": CUSTOMERS, "body": wire.WebhookReplay, "returns": {200: wire.Webhook}},
    operation_id="replay_webhook",
    tags=["webhooks"],
    status_code=200,
)
async def replay_webhook(request: Call, webhook: WebhookId) -> Response[bytes]:
    """Send again everything after a position; a disabled webhook is enabled."""
    content = await read(request)
    asked = decode(content, _replay)
    await _visible(request, webhook)
    service = service_of(request)

    async def act() -> Response[bytes]:
        return replies.reply(_shown(await service.call(webhooks.replay, webhook, asked.after, service.now())))

    return await once(request, Fingerprint(request, content), act)


@get(
    "/v1/webhooks/{webhook:int}/deliveries",
    opt={"roles": CUSTOMERS, "returns": {200: wire.Deliveries}},
    operation_id="list_deliveries",
    tags=["webhooks"],
)
async def list_deliveries(
    request: Call,
    webhook: WebhookId,
    limit: Annotated[int, QueryParameter(ge=1, le=1_000, description="Tries to return at most.")] = 100,
    before: Annotated[
        int | None, QueryParameter(ge=1, le=2**63 - 1, description="Only tries with smaller ids.")
    ] = None,
) -> Response[bytes]:
    """List the latest tries to deliver, newest first."""
    await _visible(request, webhook)
    found = await service_of(request).call(webhooks.deliveries, webhook, limit=limit, before=before)
    return replies.reply(wire.Deliveries(deliveries=[_delivery(one) for one in found]))


async def _visible(request: Call, webhook: int) -> None:
    """Refuse a webhook of a project that the sender may not see, as if there were none."""
    try:
        found = await service_of(request).call(webhooks.get, webhook)
        await visible_project(request, found.project)
    except NotFound as error:
        raise NotFound(f"there is no webhook {webhook}", code="webhook_unknown") from error


def _shown(found: Webhook, *, secret: str | None = None) -> wire.Webhook:
    return wire.Webhook(
        id=found.id,
        project=found.project,
        url=found.url,
        events=list(found.events),
        state=found.state,
        position=found.position,
        created_at=found.created_at,
        reason=found.reason,
        secret=secret,
    )


def _delivery(found: Delivery) -> wire.Delivery:
    return wire.Delivery(
        id=found.id,
        message=found.message,
        from_position=found.from_position,
        to_position=found.to_position,
        tries=found.tries,
        status=found.status,
        error=found.error,
        duration_ms=found.duration_ms,
        sent_at=found.sent_at,
    )
