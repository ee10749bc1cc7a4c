"""The operator's pages of alerts: all of them, one with its metric, the rules, and who is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, get_args

from litestar import Response, get, post
from litestar.types import ControllerRouterHandler

from goldvein.api.access import OPERATORS, visible_project
from goldvein.api.alerts import AlertId, ChannelId, who
from goldvein.api.projects import ProjectId
from goldvein.api.service import Call, service_of
from goldvein.decisions.advice import advice
from goldvein.decisions.alerting import Rule, Side
from goldvein.domain.errors import GoldveinError, InvalidInput
from goldvein.domain.metrics import METRICS
from goldvein.domain.records import Project
from goldvein.services import attending, telling
from goldvein.services.attending import Curve
from goldvein.store.channels import ChannelKind
from goldvein.web.charts import Chart, Series, Unit
from goldvein.web.forms import form
from goldvein.web.projects import project_page, whole_number
from goldvein.web.responses import CHARTS, go, page

_PAGE: Final = 50
_MUTES: Final = (("1", "1 hour"), ("8", "8 hours"), ("24", "a day"), ("168", "a week"), ("0", "no longer"))
_NONE: Final = {"metric": "", "range": "", "low": "", "high": ""}
_SIDES: Final[tuple[Side, ...]] = ("low", "high")
_RANGES: Final = (
    ("default", "as by default"),
    ("learned", "learned"),
    ("anew", "learned anew from now on"),
    ("fixed", "fixed, as follows"),
    ("off", "off: do not watch"),
)
_UNITS: Final[Mapping[str, Unit]] = {"s": "seconds", "share": "percent"}
_DID: Final = {
    "acknowledge": "It says now that you look after it.",
    "mute": "Whoever is told of such alerts is told as you said.",
    "rules": "The rules are changed. What you changed begins anew.",
    "added": "The channel is told of alerts from now on.",
    "deleted": "The channel is told nothing any more.",
}


@get("/operate/alerts", opt={"roles": OPERATORS}, include_in_schema=False)
async def overview(request: Call) -> Response[str]:
    """List alerts over all projects, open ones unless all are asked for."""
    return page(request, "alerts/list.html", project=None, **await _listed(request, None))


@get("/operate/{project:int}/alerts", opt={"roles": OPERATORS}, include_in_schema=False)
async def of_project(request: Call, project: ProjectId) -> Response[str]:
    """List the alerts of a project."""
    found = await visible_project(request, project)
    return project_page(request, found, "alerts/project.html", **await _listed(request, project))


async def _listed(request: Call, project: int | None) -> dict[str, Any]:
    asked, service = request.query_params, service_of(request)
    everything, before = asked.get("show") == "all", whole_number(asked.get("before"))
    found = await service.call(
        attending.list_, service.now(), project=project, is_open=not everything, before=before or 2**63 - 1,
        limit=_PAGE + 1,
    )  # fmt: skip
    return {
        "lines": [(one, advice(one.alert.kind, one.alert.subject)) for one in found[:_PAGE]],
        "everything": everything,
        "more": found[_PAGE - 1].alert.id if len(found) > _PAGE else None,
        "is_first": before is None,
    }


@get("/operate/{project:int}/alerts/{alert:int}", opt={"roles": OPERATORS}, include_in_schema=False)
async def show(request: Call, project: ProjectId, alert: AlertId) -> Response[str]:
    """Show an alert, its metric with what was expected, and what to do."""
    found, service = await visible_project(request, project), service_of(request)
    look = await service.call(attending.look, project, alert, service.now())
    one = look.listed.alert
    told = [(line, telling.shown(line.kind, line.target)) for line in look.told]
    return project_page(
        request, found, "alerts/one.html", headers=CHARTS, listed=look.listed, alert=one, told=told,
        mutes=_MUTES, unit=METRICS[one.subject].unit if one.subject in METRICS else "",
        words=advice(one.kind, one.subject), chart=_chart(look.curve) if look.curve is not None else None,
        did=_DID.get(request.query_params.get("did", "")),
    )  # fmt: skip


def _chart(curve: Curve) -> Chart:
    metric = METRICS[curve.metric]
    series = [Series("measured", curve.values, "accent")]
    if any(value is not None for value in curve.low):
        series.append(Series("expected at least", curve.low, "gold"))
    if any(value is not None for value in curve.high):
        series.append(Series("expected at most", curve.high, "bad"))
    return Chart(
        "metric", curve.metric.replace("_", " "), metric.meaning, curve.at, series,
        _UNITS.get(metric.unit, "number"),
    )  # fmt: skip


@post(
    "/operate/{project:int}/alerts/{alert:int}/acknowledge",
    opt={"roles": OPERATORS}, include_in_schema=False, status_code=200,
)  # fmt: skip
async def acknowledge(request: Call, project: ProjectId, alert: AlertId) -> Response[Any]:
    """Say that somebody looks after an alert."""
    await form(request)
    service = service_of(request)
    await service.call(attending.acknowledge, project, alert, who(request.user), service.now())
    return go(f"/operate/{project}/alerts/{alert}?did=acknowledge")


@post(
    "/operate/{project:int}/alerts/{alert:int}/mute",
    opt={"roles": OPERATORS}, include_in_schema=False, status_code=200,
)  # fmt: skip
async def mute(request: Call, project: ProjectId, alert: AlertId) -> Response[Any]:
    """Let nobody be told of such alerts for a while."""
    fields = await form(request)
    hours = whole_number(fields.get("hours"), least=0, most=720)
    if hours is None:
        raise InvalidInput("an alert is muted for 0 to 720 hours", code="invalid_mute")
    service = service_of(request)
    await service.call(attending.mute, project, alert, hours, who(request.user), service.now())
    return go(f"/operate/{project}/alerts/{alert}?did=mute")


# --- rules --------------------------------------------------------------------------------------------------


@get("/operate/{project:int}/alerts/rules", opt={"roles": OPERATORS}, include_in_schema=False)
async def rules(request: Call, project: ProjectId) -> Response[str]:
    """Show what is watched of a project, with a form for each rule."""
    return await _rules(request, await visible_project(request, project))


async def _rules(
    request: Call, project: Project, error: GoldveinError | None = None, fields: Mapping[str, str] = _NONE
) -> Response[str]:
    book = await service_of(request).call(attending.book, project.id)
    return project_page(
        request, project, "alerts/rules.html", status=error.status if error else 200, book=book,
        metrics=METRICS, ranges=_RANGES, fields={**_NONE, **fields},
        error=error.detail if error else "", did=_DID.get(request.query_params.get("did", "")),
    )  # fmt: skip


@post(
    "/operate/{project:int}/alerts/rules", opt={"roles": OPERATORS}, include_in_schema=False, status_code=200
)  # fmt: skip
async def change_rule(request: Call, project: ProjectId) -> Response[Any]:
    """Change one rule of a project."""
    fields = await form(request)
    found, service = await visible_project(request, project), service_of(request)
    try:
        book = await service.call(attending.book, project)
        metric, change = _change(fields, {line.rule.metric: line.rule for line in book.lines})
        await service.call(
            attending.set_rules, project, {metric: change}, who(request.user), service.now(),
            version=whole_number(fields.get("version"), least=0),
        )  # fmt: skip
    except GoldveinError as error:
        return await _rules(request, found, error, fields)
    return go(f"/operate/{project}/alerts/rules?did=rules")


def _change(fields: Mapping[str, str], rules: Mapping[str, Rule]) -> tuple[str, dict[str, Any] | None]:
    """What a rule's form asks for."""
    metric, range_ = fields.get("metric", ""), fields.get("range", "default")
    if metric not in rules:
        raise InvalidInput(f"no rule watches {metric[:50]!r}", code="unknown_metric")
    bounds: dict[Side, float | None] = {side: _bound(fields.get(side, ""), side) for side in _SIDES}
    if range_ != "fixed" and any(bounds[side] not in (None, rules[metric].bound(side)) for side in bounds):
        raise InvalidInput(
            "bounds hold where the range is fixed: choose 'fixed, as follows', or empty them",
            code="invalid_rule",
        )
    if range_ == "off":
        return metric, {"on": False}
    if range_ == "default":
        return metric, None
    if range_ == "anew":
        return metric, {"on": True, "range": "learned", "learned_since": "now"}
    if range_ == "learned":
        return metric, {"on": True, "range": "learned"}
    return metric, {"on": True, "range": "fixed", "low": bounds["low"], "high": bounds["high"]}


def _bound(text: str, words: str) -> float | None:
    if not text.strip():
        return None
    try:
        return float(text)
    except ValueError as error:
        raise InvalidInput(f"{words} is a number, not {text[:20]!r}", code="invalid_rule") from error


# --- channels -----------------------------------------------------------------------------------------------


@get("/operate/channels", opt={"roles": OPERATORS}, include_in_schema=False)
async def channels(request: Call) -> Response[str]:
    """Show who is told of alerts, with a form for another one."""
    return await _channels(request)


async def _channels(
    request: Call,
    *,
    error: str = "",
    good: str = "",
    fields: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response[str]:
    service = service_of(request)
    found = await service.call(telling.list_)
    return page(
        request, "alerts/channels.html", status=status, channels=telling.mask(found), error=error,
        good=good or _DID.get(request.query_params.get("did", ""), ""), fields=fields or {},
        can_mail=service.messenger.mail is not None,
    )  # fmt: skip


@post("/operate/channels", opt={"roles": OPERATORS}, include_in_schema=False, status_code=200)
async def add_channel(request: Call) -> Response[Any]:
    """Add a channel."""
    fields, service = await form(request), service_of(request)
    project = fields.get("project", "").strip()
    kind = next((one for one in get_args(ChannelKind) if one == fields.get("kind")), None)
    try:
        if kind is None:
            raise InvalidInput("choose e-mail or a service", code="invalid_channel")
        number = whole_number(project, most=2**31 - 1)
        if project and number is None:
            raise InvalidInput(f"{project[:20]!r} is no number of a project", code="invalid_channel")
        await service.call(
            telling.add,
            service.messenger,
            kind,
            fields.get("target", ""),
            number,
            who(request.user),
            service.now(),
        )
    except GoldveinError as error:
        return await _channels(request, error=error.detail, fields=fields, status=error.status)
    return go("/operate/channels?did=added")


@post(
    "/operate/channels/{channel:int}/test", opt={"roles": OPERATORS}, include_in_schema=False, status_code=200
)  # fmt: skip
async def test_channel(request: Call, channel: ChannelId) -> Response[str]:
    """Send a test message now."""
    await form(request)
    service = service_of(request)
    with service.outward():
        error = await service.call(telling.send_test, service.messenger, channel, service.now())
    if error is not None:
        return await _channels(request, error=f"the test message was not taken: {error}")
    return await _channels(request, good="The test message was taken.")


@post(
    "/operate/channels/{channel:int}/delete",
    opt={"roles": OPERATORS}, include_in_schema=False, status_code=200,
)  # fmt: skip
async def delete_channel(request: Call, channel: ChannelId) -> Response[Any]:
    """Remove a channel."""
    await form(request)
    await service_of(request).call(telling.delete, channel)
    return go("/operate/channels?did=deleted")


HANDLERS: Final[tuple[ControllerRouterHandler, ...]] = (
    overview, of_project, show, acknowledge, mute, rules, change_rule, channels, add_channel, test_channel,
    delete_channel,
)  # fmt: skip
