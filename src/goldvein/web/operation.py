"""The operator's pages of what goes on: all projects at a glance, one project live, and its metrics."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Final

import msgspec
from litestar import Response, get
from litestar.response import Stream
from litestar.types import ControllerRouterHandler

from goldvein.api.access import OPERATORS, check_role
from goldvein.api.labels import HEARTBEAT_SECONDS
from goldvein.api.projects import ProjectId
from goldvein.api.service import Call, Service, service_of
from goldvein.domain.errors import GoldveinError
from goldvein.domain.metrics import METRICS
from goldvein.services import attending, operating, series
from goldvein.services.operating import Live, Window
from goldvein.web.live import charts
from goldvein.web.metrics import charts as draw
from goldvein.web.projects import project_page, visible_project
from goldvein.web.responses import CHARTS, page, part

_LOOK_SECONDS: Final = 2.0
"""Between two looks at a project that somebody watches."""
_PARTS: Final = ("summary", "notices", "shortcuts")
_encoder: Final = msgspec.json.Encoder()


@get("/operate", opt={"roles": OPERATORS}, include_in_schema=False)
async def overview(request: Call) -> Response[str]:
    """Show all projects at a glance."""
    service = service_of(request)
    lines = await service.call(operating.overview, service.now())
    waiting = await service.call(attending.count_waiting)
    return page(request, "operation/overview.html", lines=lines, waiting=waiting)


@get("/operate/{project:int}", opt={"roles": OPERATORS}, include_in_schema=False)
async def live(request: Call, project: ProjectId) -> Response[str]:
    """Show one project live."""
    service, window = service_of(request), _window(request)
    found = await visible_project(request, project)
    shown = await service.call(operating.live, project, window, service.now())
    return project_page(
        request, found, "operation/live.html", headers=CHARTS, live=shown, charts=charts(shown),
        windows=operating.WINDOWS.values(),
    )  # fmt: skip


@get("/operate/{project:int}/metrics", opt={"roles": OPERATORS}, include_in_schema=False)
async def metrics(request: Call, project: ProjectId) -> Response[str]:
    """Show all series of a project."""
    service = service_of(request)
    window = operating.find_window(request.query_params.get("window", "24h"), operating.METRIC_WINDOWS)
    found = await visible_project(request, project)
    now = service.now()
    points = await service.call(series.of_project, project, METRICS, now - window.length, now, window.span)
    return project_page(
        request, found, "operation/metrics.html", headers=CHARTS, charts=draw(points, window, now),
        window=window, windows=operating.METRIC_WINDOWS.values(),
    )  # fmt: skip


@get("/operate/{project:int}/events", opt={"roles": OPERATORS}, include_in_schema=False)
async def events(request: Call, project: ProjectId) -> Stream:
    """Stream what changes on the page (SSE): an event holds the parts and charts that are others now."""
    window = _window(request)
    await visible_project(request, project)
    return Stream(
        _changes(request, project, window),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


def _window(request: Call) -> Window:
    return operating.find_window(request.query_params.get("window", "3h"))


async def _changes(request: Call, project: int, window: Window) -> AsyncIterator[bytes]:
    """Look again and again, holding nothing in between, until the session ends or the server stops."""
    service, looks = service_of(request), _looks(request)
    told, told_at = dict[str, Any](), service.monotonic()
    yield b"retry: 2000\n\n"
    while await _is_still_allowed(request):
        parts = await looks.at(project, window)
        changed = {name: value for name, value in parts.items() if told.get(name) != value}
        if changed:
            yield b"data: %b\n\n" % _encoder.encode(changed)
            told, told_at = parts, service.monotonic()
        elif service.monotonic() - told_at >= HEARTBEAT_SECONDS:
            yield b": still here\n\n"
            told_at = service.monotonic()
        if await service.pause(_LOOK_SECONDS):
            return


async def _is_still_allowed(request: Call) -> bool:
    try:
        check_role(await service_of(request).keyring.identify(request.scope), OPERATORS)
    except GoldveinError:
        return False
    return True


def _parts(shown: Live) -> dict[str, Any]:
    """Everything on the page that may change, by the id of its place."""
    texts = {f"part-{name}": part(f"operation/{name}.html", live=shown) for name in _PARTS}
    return texts | {f"chart-{chart.id}": chart.to_dict() for chart in charts(shown)}


class _Looks:
    """Looks at projects for all who watch them: one serves everybody who asks within its time."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._latest: dict[tuple[int, str], tuple[float, asyncio.Future[dict[str, Any]]]] = {}

    async def at(self, project: int, window: Window) -> dict[str, Any]:
        """What the page of a project shows now, or showed less than a look ago."""
        key, now = (project, window.name), self._service.monotonic()
        if key not in self._latest or now - self._latest[key][0] >= _LOOK_SECONDS / 2:
            self._latest = {k: v for k, v in self._latest.items() if now - v[0] < _LOOK_SECONDS}
            look = asyncio.ensure_future(self._look(project, window))
            self._latest[key] = (now, look)
        return await asyncio.shield(self._latest[key][1])

    async def _look(self, project: int, window: Window) -> dict[str, Any]:
        shown = await self._service.call(operating.live, project, window, self._service.now())
        return await self._service.run(lambda: _parts(shown))


def _looks(request: Call) -> _Looks:
    looks: _Looks = request.app.state.setdefault("looks", _Looks(service_of(request)))
    return looks


HANDLERS: Final[tuple[ControllerRouterHandler, ...]] = (overview, live, metrics, events)
