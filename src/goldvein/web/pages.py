"""All pages."""

from typing import Final

from litestar.types import ControllerRouterHandler

from goldvein.web import (
    account,
    assets,
    auditing,
    benchmarks,
    card,
    creating,
    customers,
    entrance,
    invitations,
    labelers,
    labels,
    logbook,
    operation,
    overview,
    patterns,
    people,
    project_settings,
    projects,
    push,
    receivers,
    rounds,
    sso,
    work,
    writing,
)

PAGES: Final[tuple[ControllerRouterHandler, ...]] = (
    assets.static,
    *entrance.HANDLERS,
    *account.HANDLERS,
    *people.HANDLERS,
    *invitations.HANDLERS,
    *customers.HANDLERS,
    *sso.HANDLERS,
    *patterns.HANDLERS,
    *work.HANDLERS,
    *card.HANDLERS,
    *operation.HANDLERS,
    *labelers.HANDLERS,
    *logbook.HANDLERS,
    *projects.HANDLERS,
    *creating.HANDLERS,
    *overview.HANDLERS,
    *rounds.HANDLERS,
    *receivers.HANDLERS,
    *project_settings.HANDLERS,
    *auditing.HANDLERS,
    *benchmarks.HANDLERS,
    *writing.HANDLERS,
    *labels.HANDLERS,
    *push.HANDLERS,
)
