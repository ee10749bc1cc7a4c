"""The first page of a project: where it stands, what to do next, and how its labels come; and its preview."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from litestar import Response, get
from litestar.types import ControllerRouterHandler

from goldvein.api.access import CUSTOMERS, visible_project
from goldvein.api.projects import ProjectId
from goldvein.api.service import Call, service_of
from goldvein.domain.records import Alert, Money, Price, Project, Tally
from goldvein.services import measuring, projects, tallying, why_empty
from goldvein.store import alerts, tasks
from goldvein.store.database import Database
from goldvein.store.measurements import Measurement
from goldvein.web.projects import project_page
from goldvein.web.samples import shown

_ALERTS: Final = 20
_EXAMPLES: Final = 10
ALERT_WORDS: Final = {
    "shortcut": "A shortcut passes too many of the benchmarks",
    "taste": "People agree with each other against the keys",
    "benchmarks": "Benchmarks run short",
    "leak": "Benchmarks are known to people who never had them",
    "reference": "Accuracy against the customer's own sample has fallen, or is lower than wanted",
}
"""What each kind of alert says."""


@dataclass(frozen=True, slots=True)
class Overview:
    """All that the page shows of a project."""

    tally: Tally
    cost: Money | None
    price: Price | None
    bar: float
    why: Mapping[str, Any]
    measured: Measurement | None
    alerts: Sequence[Alert]


@get("/projects/{project:int}", opt={"roles": CUSTOMERS}, include_in_schema=False)
async def overview(request: Call, project: ProjectId) -> Response[str]:
    """Show where a project stands and what to do next."""
    found = await visible_project(request, project)
    service = service_of(request)
    seen = await service.call(_overview, found, service.now())
    return project_page(
        request, found, "projects/overview.html", seen=seen, facts=seen.why["facts"], alert_words=ALERT_WORDS,
        steps=_steps(found, seen), server=service.public_url or str(request.base_url).rstrip("/"),
    )  # fmt: skip


def _overview(db: Database, project: Project, now: datetime) -> Overview:
    policy, price = projects.terms(db, project.id)
    tally = tallying.of_project(db, project.id)
    with db.connection() as tx:
        opened = alerts.opened(tx, project.id, limit=_ALERTS)
    return Overview(
        tally, tally.cost, price, policy.quality_bar, why_empty.explain(db, project.id, now),
        measuring.latest(db, project.id, now), opened,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a project's way to labels; the first that is not done is the next thing to do."""

    words: str
    done: bool
    hint: str
    link: tuple[str, str] | None = None


def _steps(project: Project, seen: Overview) -> list[Step]:
    """What a new project needs, in order."""
    facts, place = seen.why["facts"], f"/projects/{project.id}"
    ready, needed = facts["benchmarks_active"], facts["benchmarks_needed"]
    return [
        Step(
            "Leave the draft", project.state != "draft",
            "Nothing is handed out while the project is a draft.", (f"{place}/settings", "Settings"),
        ),
        Step(
            "Push tasks", seen.tally.pushed > 0, "As a file, or by a few lines of code, as shown below.",
            (f"{place}/push", "Push a file"),
        ),
        Step(
            "Get benchmarks", project.opened_at is not None,
            f"{ready} of {needed} are ready. They are made of your tasks, or you give your own.",
            (f"{place}/benchmarks", "Benchmarks"),
        ),
        Step(
            "Read the labels", seen.tally.labels > 0, "They come once labelers have shown that they can.",
            (f"{place}/labels", "Labels"),
        ),
    ]  # fmt: skip


@get("/projects/{project:int}/preview", opt={"roles": CUSTOMERS}, include_in_schema=False)
async def preview(request: Call, project: ProjectId) -> Response[str]:
    """Show the labeler's page with the tasks pushed last."""
    found = await visible_project(request, project)
    inputs = await service_of(request).call(_latest, project)
    samples = [shown(one, found.classes or ()) for one in inputs]
    return project_page(request, found, "projects/preview.html", samples=samples)


def _latest(db: Database, project: int) -> list[Mapping[str, Any]]:
    with db.connection() as tx:
        return tasks.latest_inputs(tx, project, limit=_EXAMPLES)


HANDLERS: Final[tuple[ControllerRouterHandler, ...]] = (overview, preview)
