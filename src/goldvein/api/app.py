"""The application: routes, the guard, the one road of errors, and the labelers' hot path in front."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from litestar import Litestar, Request, Response
from litestar.datastructures import State
from litestar.openapi import OpenAPIConfig
from litestar.types import ASGIApp, ControllerRouterHandler

from goldvein import __version__
from goldvein.api import (
    administration,
    alerts,
    auditing,
    audits,
    benchmarks,
    exports,
    labels,
    metrics,
    policies,
    practice,
    problems,
    projects,
    prometheus,
    references,
    sandboxes,
    tasks,
    webhooks,
    work,
)
from goldvein.api.access import authorize
from goldvein.api.bodies import SMALL
from goldvein.api.openapi import openapi
from goldvein.api.service import Service
from goldvein.api.waiting import Tails

Handle = Callable[[Request[Any, Any, Any], Exception], Response[Any]]
"""Answers an exception."""
ROUTES = (
    projects.create_project,
    projects.list_projects,
    projects.get_project,
    projects.change_project,
    projects.erase_contents,
    projects.get_quality,
    projects.get_why_empty,
    metrics.get_metrics,
    policies.list_policy_versions,
    policies.revert_policy,
    tasks.push_tasks,
    tasks.get_task,
    tasks.cancel_task,
    tasks.get_batch,
    tasks.cancel_batch,
    benchmarks.add_benchmarks,
    benchmarks.list_benchmarks,
    benchmarks.get_benchmark,
    benchmarks.change_benchmark,
    benchmarks.retire_benchmarks,
    references.push_reference,
    references.get_reference,
    auditing.list_doubts,
    auditing.claim_doubt,
    auditing.answer_doubt,
    auditing.next_doubt,
    auditing.release_doubt,
    auditing.comment_doubt,
    audits.next_second,
    audits.renew_second,
    audits.answer_second,
    audits.release_second,
    audits.list_filter_checks,
    audits.rule,
    labels.get_events,
    labels.stream_events,
    exports.export_labels,
    webhooks.create_webhook,
    webhooks.list_webhooks,
    webhooks.delete_webhook,
    webhooks.test_webhook,
    webhooks.replay_webhook,
    webhooks.list_deliveries,
    work.next_work,
    work.answer_work,
    work.skip_work,
    work.renew_work,
    work.defer_work,
    practice.next_practice,
    practice.answer_practice,
    practice.dispute_work,
    alerts.list_alerts,
    alerts.get_alert,
    alerts.acknowledge_alert,
    alerts.mute_alert,
    alerts.get_rules,
    alerts.change_rules,
    alerts.list_channels,
    alerts.create_channel,
    alerts.delete_channel,
    alerts.test_channel,
    sandboxes.list_sandboxes,
    sandboxes.create_sandbox,
    sandboxes.warm_sandbox,
    sandboxes.promote_sandbox,
    administration.create_customer,
    administration.list_customers,
    administration.create_labelers,
    administration.list_labelers,
    administration.change_labeler,
    administration.create_key,
    administration.revoke_key,
    administration.health,
    prometheus.scrape,
    openapi,
)

_ABOUT = """\
Goldvein labels tasks by people and tests these people with benchmarks that it mines itself.

Send a key as `Authorization: Bearer KEY`. Every error has the same shape (RFC 9457) and a stable `code`.
"""


def make_litestar(
    service: Service,
    pages: Sequence[ControllerRouterHandler] = (),
    handle: Handle = problems.handle,
) -> Litestar:
    """Make the routes and all that is not hot.

    Parameters
    ----------
    service : Service
    pages : sequence
        Routes beside the API's, for people.
    handle : callable
        Answers exceptions.
    """

    @asynccontextmanager
    async def alive(_: Litestar) -> AsyncIterator[None]:
        service.grouper.start()
        yield
        service.closing.set()
        await service.grouper.stop()
        service.close()

    return Litestar(
        [*ROUTES, *pages],
        guards=[authorize],
        exception_handlers={Exception: handle},
        lifespan=[alive],
        logging_config=None,
        openapi_config=OpenAPIConfig("Goldvein", __version__, description=_ABOUT, render_plugins=[]),
        request_max_body_size=SMALL,
        state=State({"service": service, "tails": Tails(service)}),
    )


def make_app(
    service: Service,
    pages: Sequence[ControllerRouterHandler] = (),
    handle: Handle = problems.handle,
) -> ASGIApp:
    """Make the whole application."""
    return work.HotPath(make_litestar(service, pages, handle), service)
