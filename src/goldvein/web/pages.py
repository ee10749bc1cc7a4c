"""All pages."""

from typing import Final

from litestar.types import ControllerRouterHandler

from goldvein.web import assets, entrance

PAGES: Final[tuple[ControllerRouterHandler, ...]] = (
    assets.static,
    *entrance.HANDLERS,
)
