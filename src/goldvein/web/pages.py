"""All pages."""

from typing import Final

from litestar.types import ControllerRouterHandler

from goldvein.web import account, assets, entrance, patterns, work

PAGES: Final[tuple[ControllerRouterHandler, ...]] = (
    assets.static,
    *entrance.HANDLERS,
    *account.HANDLERS,
    *patterns.HANDLERS,
    *work.HANDLERS,
)
