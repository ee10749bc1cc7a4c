"""All pages."""

from typing import Final

from litestar.types import ControllerRouterHandler

from goldvein.web import (
)

PAGES: Final[tuple[ControllerRouterHandler, ...]] = (
    assets.static,
    *entrance.HANDLERS,
    *account.HANDLERS,
    *patterns.HANDLERS,
    *work.HANDLERS,
    *operation.HANDLERS,
    *projects.HANDLERS,
    *creating.HANDLERS,
    *overview.HANDLERS,
    *rounds.HANDLERS,
    *receivers.HANDLERS,
    *project_settings.HANDLERS,
)
