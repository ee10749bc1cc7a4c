"""All pages."""

from typing import Final

from litestar.types import ControllerRouterHandler

from goldvein.web import account, assets, customers, entrance, invitations, patterns, people

PAGES: Final[tuple[ControllerRouterHandler, ...]] = (
    assets.static,
    *entrance.HANDLERS,
    *account.HANDLERS,
    *people.HANDLERS,
    *invitations.HANDLERS,
    *customers.HANDLERS,
    *patterns.HANDLERS,
)
