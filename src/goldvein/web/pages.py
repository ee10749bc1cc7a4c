"""All pages."""

from typing import Final

from litestar.types import ControllerRouterHandler

from goldvein.web import account, assets, auditing, benchmarks, entrance, patterns, writing

PAGES: Final[tuple[ControllerRouterHandler, ...]] = (
    assets.static,
    *entrance.HANDLERS,
    *account.HANDLERS,
    *patterns.HANDLERS,
    *auditing.HANDLERS,
    *benchmarks.HANDLERS,
    *writing.HANDLERS,
)
