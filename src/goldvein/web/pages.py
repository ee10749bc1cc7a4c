"""All pages."""

from typing import Final

from litestar.types import ControllerRouterHandler

from goldvein.web import (
    account,
    assets,
    creating,
    entrance,
    overview,
    patterns,
    project_settings,
    projects,
    receivers,
    rounds,
)

PAGES: Final[tuple[ControllerRouterHandler, ...]] = (
    assets.static,
    *entrance.HANDLERS,
    *account.HANDLERS,
    *patterns.HANDLERS,
    *projects.HANDLERS,
    *creating.HANDLERS,
    *overview.HANDLERS,
    *rounds.HANDLERS,
    *receivers.HANDLERS,
    *project_settings.HANDLERS,
)
