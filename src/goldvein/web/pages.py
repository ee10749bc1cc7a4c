"""All pages."""

from typing import Final

from litestar.types import ControllerRouterHandler

from goldvein.web import (
    account,
    assets,
    entrance,
    operation,
    patterns,
    work,
)

PAGES: Final[tuple[ControllerRouterHandler, ...]] = (
    assets.static,
    *entrance.HANDLERS,
    *account.HANDLERS,
    *patterns.HANDLERS,
    *work.HANDLERS,
    *operation.HANDLERS,
)
