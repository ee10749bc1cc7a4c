"""Alerts for programs of the operation: listed, acknowledged and muted; rules; and who is told."""

from typing import Annotated, Any

import msgspec
from litestar import Response, delete, get, patch, post
from litestar.params import PathParameter, QueryParameter

from goldvein import wire
from goldvein.api import bodies, replies
from goldvein.api.access import OPERATORS
from goldvein.api.bodies import decode, read
from goldvein.api.idempotent import Fingerprint, once
from goldvein.api.projects import ProjectId
from goldvein.api.service import Call, Service, service_of
from goldvein.decisions.advice import advice
from goldvein.domain.records import Principal
from goldvein.services import attending, telling
from goldvein.services.attending import RuleBook
from goldvein.store.alerts import Listed
from goldvein.store.channels import Channel

AlertId = Annotated[int, PathParameter(ge=1, le=2**63 - 1, description="The alert's id.")]
ChannelId = Annotated[int, PathParameter(ge=1, le=2**31 - 1, description="The channel's id.")]

_mute = msgspec.json.Decoder(wire.AlertMute)
_changes = msgspec.json.Decoder(wire.RuleChanges)
_channel = msgspec.json.Decoder(wire.ChannelCreate)


@get(
    "/v1/alerts",
    opt={"roles": OPERATORS, "returns": {200: wire.WatchedAlerts}},
    operation_id="list_alerts",
    tags=["alerts"],
)
async def list_alerts(
    request: Call,
    project: Annotated[
        int | None, QueryParameter(ge=1, le=2**31 - 1, description="Only of one project.")
    ] = None,
    open: Annotated[  # noqa: A002, FBT002  (a query parameter)
        bool, QueryParameter(description="Only those that are not resolved.")
    ] = False,
    before: Annotated[
        int | None, QueryParameter(ge=1, le=2**63 - 1, description="The `next` of the last page.")
    ] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=200, description="Alerts at most.")] = 50,
) -> Response[bytes]:
    """List alerts over all projects, the latest first."""
    service = service_of(request)
    found = await service.call(
        attending.list_, service.now(), project=project, is_open=open, before=before or 2**63 - 1, limit=limit
    )
    last = found[-1].alert.id if len(found) == limit else None
    return replies.reply(wire.WatchedAlerts(alerts=[_shown(service, one) for one in found], next=last))


@get(
    "/v1/projects/{project:int}/alerts/{alert:int}",
    opt={"roles": OPERATORS, "returns": {200: wire.AlertLook}},
    operation_id="get_alert",
    tags=["alerts"],
)
async def get_alert(request: Call, project: ProjectId, alert: AlertId) -> Response[bytes]:
    """Read an alert, and whom it was told to."""
    service = service_of(request)
    found = await service.call(attending.look, project, alert, service.now())
    notices = [
        wire.AlertNotice(
            channel=one.channel, target=telling.shown(one.kind, one.target), event=one.event, tries=one.tries,
            next_try_at=one.next_try_at, told_at=one.told_at, error=one.error,
        )
        for one in found.told
    ]  # fmt: skip
    return replies.reply(wire.AlertLook(alert=_shown(service, found.listed), notices=notices))


@post(
    "/v1/projects/{project:int}/alerts/{alert:int}/acknowledge",
    opt={"roles": OPERATORS, "returns": {200: wire.WatchedAlert}},
    operation_id="acknowledge_alert",
    tags=["alerts"],
    status_code=200,
)
async def acknowledge_alert(request: Call, project: ProjectId, alert: AlertId) -> Response[bytes]:
    """Say that you look after an alert; whoever said so first stays."""
    service = service_of(request)
    found = await service.call(attending.acknowledge, project, alert, who(request.user), service.now())
    return replies.reply(_shown(service, found))


@post(
    "/v1/projects/{project:int}/alerts/{alert:int}/mute",
    opt={"roles": OPERATORS, "body": wire.AlertMute, "returns": {200: wire.WatchedAlert}},
    operation_id="mute_alert",
    tags=["alerts"],
    status_code=200,
)
async def mute_alert(request: Call, project: ProjectId, alert: AlertId) -> Response[bytes]:
    """Let no channel be told of alerts of this kind and subject for some hours; 0 ends that."""
    asked = await bodies.body(request, _mute)
    service = service_of(request)
    found = await service.call(attending.mute, project, alert, asked.hours, who(request.user), service.now())
    return replies.reply(_shown(service, found))


@get(
    "/v1/projects/{project:int}/alert-rules",
    opt={"roles": OPERATORS, "returns": {200: wire.AlertRules}},
    operation_id="get_alert_rules",
    tags=["alerts"],
)
async def get_rules(request: Call, project: ProjectId) -> Response[bytes]:
    """Read which metrics of a project are watched, and what their ranges rest upon."""
    return replies.reply(_book(await service_of(request).call(attending.book, project)))


@patch(
    "/v1/projects/{project:int}/alert-rules",
    opt={
        "roles": OPERATORS,
        "body": wire.RuleChanges,
        "returns": {200: wire.AlertRules},
        "problems": {409: "the rules were changed meanwhile"},
    },
    operation_id="change_alert_rules",
    tags=["alerts"],
)
async def change_rules(request: Call, project: ProjectId) -> Response[bytes]:
    """Change rules of a project: those that you name; the rest stays. Alerts of what changed are resolved."""
    asked = await bodies.body(request, _changes)
    changes: dict[str, dict[str, Any] | None] = {
        metric: None if change is None else msgspec.structs.asdict(change)
        for metric, change in asked.rules.items()
    }
    service = service_of(request)
    found = await service.call(
        attending.set_rules, project, changes, who(request.user), service.now(), version=asked.version
    )
    return replies.reply(_book(found))


@get(
    "/v1/alert-channels",
    opt={"roles": OPERATORS, "returns": {200: wire.Channels}},
    operation_id="list_alert_channels",
    tags=["alerts"],
)
async def list_channels(request: Call) -> Response[bytes]:
    """List who is told of alerts, without secrets."""
    found = await service_of(request).call(telling.list_)
    return replies.reply(wire.Channels(channels=[_channel_shown(one) for one in found]))


@post(
    "/v1/alert-channels",
    opt={"roles": OPERATORS, "body": wire.ChannelCreate, "returns": {201: wire.Channel}},
    operation_id="create_alert_channel",
    tags=["alerts"],
)
async def create_channel(request: Call) -> Response[bytes]:
    """Have alerts told from now on by e-mail, or by a service that apprise knows."""
    content = await read(request)
    asked = decode(content, _channel)
    service = service_of(request)

    async def act() -> Response[bytes]:
        made = await service.call(
            telling.add, service.messenger, asked.kind, asked.target, asked.project, who(request.user),
            service.now(),
        )  # fmt: skip
        return replies.reply(_channel_shown(made), 201)

    return await once(request, Fingerprint(request, content), act)


@delete(
    "/v1/alert-channels/{channel:int}",
    opt={"roles": OPERATORS, "returns": {204: None}},
    operation_id="delete_alert_channel",
    tags=["alerts"],
)
async def delete_channel(request: Call, channel: ChannelId) -> None:
    """Tell a channel nothing any more."""
    await service_of(request).call(telling.delete, channel)


@post(
    "/v1/alert-channels/{channel:int}/test",
    opt={"roles": OPERATORS, "returns": {200: wire.ChannelTest}},
    operation_id="test_alert_channel",
    tags=["alerts"],
    status_code=200,
)
async def test_channel(request: Call, channel: ChannelId) -> Response[bytes]:
    """Send a test message now, and say whether it was taken."""
    service = service_of(request)

    async def act() -> Response[bytes]:
        with service.outward():
            error = await service.call(telling.send_test, service.messenger, channel, service.now())
        return replies.reply(wire.ChannelTest(error=error))

    return await once(request, Fingerprint(request), act)


def who(user: Principal) -> str:
    """Name who asks: a login, or an API key by its number."""
    return user.login or f"API key {user.key}"


def _shown(service: Service, found: Listed) -> wire.WatchedAlert:
    one = found.alert
    words = advice(one.kind, one.subject)
    return wire.WatchedAlert(
        id=one.id, project=found.project, project_name=found.name, kind=one.kind, subject=one.subject,
        title=words.title, meaning=words.meaning, action=words.action, detail=dict(one.detail),
        opened_at=one.opened_at, resolved_at=one.resolved_at, acknowledged_at=one.acknowledged_at,
        acknowledged_by=one.acknowledged_by, muted_until=found.muted_until,
        page=f"{service.public_url}/operate/{found.project}/alerts/{one.id}",
    )  # fmt: skip


def _book(found: RuleBook) -> wire.AlertRules:
    rules = [
        wire.AlertRule(
            metric=line.rule.metric, on=line.rule.on, sides=list(line.rule.sides), low=line.rule.low,
            high=line.rule.high, source=line.source,
        )
        for line in found.lines
    ]  # fmt: skip
    overrides = {metric: dict(own) for metric, own in found.own.items()}
    return wire.AlertRules(version=found.version, rules=rules, overrides=overrides)


def _channel_shown(found: Channel) -> wire.Channel:
    return wire.Channel(
        id=found.id, project=found.project, kind=found.kind, target=telling.shown(found.kind, found.target),
        made_at=found.made_at, made_by=found.made_by,
    )  # fmt: skip
