"""Every component of the pages on one page: to look at when one changes, to copy from when a page is made."""

from datetime import UTC, datetime
from typing import Any, Final

from litestar import Response, get
from litestar.types import ControllerRouterHandler

from goldvein.api.access import PEOPLE
from goldvein.api.service import Call
from goldvein.web.responses import page

_TASK: Final = {
    "type": "choice",
    "input": {
        "prompt": "It rained all day, and the old harbour smelled of",
        "options": ["rain.", "wet rope, diesel and the herring of a week ago.", "nothing much.", "مطر وملح"],
    },
}
_COLOURS: Final = (
    "ground",
    "surface",
    "sunken",
    "line",
    "ink",
    "ink-soft",
    "accent",
    "gold",
    "good",
    "warn",
    "bad",
    "info",
)
_STATES: Final = (
    "open",
    "mining",
    "draft",
    "paused",
    "closed",
    "admitted",
    "boundary",
    "dismissed",
    "active",
    "frozen",
    "retired",
)


@get("/patterns", opt={"roles": PEOPLE}, include_in_schema=False)
async def patterns(request: Call) -> Response[Any]:
    """Show every component."""
    moment = datetime(2026, 1, 31, 12, tzinfo=UTC)
    return page(request, "patterns.html", task=_TASK, colours=_COLOURS, states=_STATES, moment=moment)


HANDLERS: Final[tuple[ControllerRouterHandler, ...]] = (patterns,)
