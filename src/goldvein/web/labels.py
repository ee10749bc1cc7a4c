"""The labels of a project: page by page, one with all that is known of it, and taken away as files."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from importlib.util import find_spec
from typing import Any, Final
from urllib.parse import urlencode

from litestar import Response, get
from litestar.types import ControllerRouterHandler

from goldvein.api.access import CUSTOMERS, OPERATORS, visible_project
from goldvein.api.exports import LabelId
from goldvein.api.projects import ProjectId
from goldvein.api.service import Call, service_of
from goldvein.domain.errors import InvalidInput, NotFound
from goldvein.domain.records import Label, Project
from goldvein.services import explaining, labelled
from goldvein.services.exporting import FORMATS, prompt_of
from goldvein.store.labelled import Labelled, Place, Wanted
from goldvein.web import format as shown
from goldvein.web.projects import project_page

PAGE: Final = 50
"""Labels of a page."""
BASES: Final = {
    "labeler": "One labeler", "panel": "The panel", "auditor": "An auditor", "manual": "Your own key",
}  # fmt: skip
STATES: Final = {"current": "Current", "withdrawn": "Withdrawn", "all": "All"}
ORDERS: Final = {"newest": "Newest first", "oldest": "Oldest first"}
_FIELDS: Final = ("batch", "basis", "answer", "state", "since", "until", "order")
_MOST: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Asked:
    """What a reader asked the page for."""

    fields: Mapping[str, str]
    wanted: Wanted
    newest_first: bool
    place: Place | None

    def address(self, project: int, place: Place | None = None) -> str:
        """Give the address of the same question, from a place on."""
        begin = {} if place is None else {"from": f"{place[0]}-{place[1]}"}
        query = urlencode({**{name: value for name, value in self.fields.items() if value}, **begin})
        return f"/projects/{project}/labels" + (f"?{query}" if query else "")

    def export(self, project: int, file_format: str) -> str:
        """Give the address of a file of the current labels among those asked for."""
        query = {"format": file_format, "batch": self.fields["batch"], "basis": self.fields["basis"]}
        moments = {"since": self.wanted.since, "until": self.wanted.until}
        query |= {name: f"{at:%Y-%m-%dT%H:%M:%SZ}" for name, at in moments.items() if at is not None}
        given = urlencode({name: value for name, value in query.items() if value})
        return f"/v1/projects/{project}/labels/export?{given}"


@get("/projects/{project:int}/labels", opt={"roles": CUSTOMERS}, include_in_schema=False)
async def browse(request: Call, project: ProjectId) -> Response[str]:
    """Show labels, those that the reader asks for."""
    found, service = await visible_project(request, project), service_of(request)
    asked = _read(request.query_params)
    notice, page = "", labelled.Page([], 0, None)
    try:
        wanted = await service.call(labelled.of_batch, project, asked.wanted, asked.fields["batch"] or None)
    except NotFound:
        notice = f"This project has no round {asked.fields['batch']!r}: a round is made by its first task."
    else:
        page = await service.call(
            labelled.browse, project, wanted, asked.place, newest_first=asked.newest_first, count=PAGE
        )
    formats = [
        (one, asked.export(project, one.name))
        for one in FORMATS.values()
        if not (one.needs_options and found.classes is not None)
    ]
    return project_page(
        request, found, "labels/browse.html",
        asked=asked, page=page, notice=notice, formats=formats, states=STATES, bases=BASES, orders=ORDERS,
        answers=_answers(found), lacks=() if find_spec("pyarrow") else ("parquet",),
        next=asked.address(project, page.next) if page.next else None,
        first=asked.address(project) if asked.place else None, words=WORDS,
    )  # fmt: skip


@get("/projects/{project:int}/labels/{label:int}", opt={"roles": CUSTOMERS}, include_in_schema=False)
async def look(request: Call, project: ProjectId, label: LabelId) -> Response[str]:
    """Show one label: its task, what it rests on, and what it replaces or was replaced by."""
    found, service = await visible_project(request, project), service_of(request)
    chain = await service.call(labelled.history, project, label)
    one = next(each for each in chain if each.label.id == label)
    told = None
    if request.user.role in OPERATORS:
        told = await service.call(explaining.explain, f"label:{label}")
    content = one.input or {}
    options = found.classes if found.classes is not None else content.get("options", ())
    return project_page(
        request, found, "labels/look.html",
        one=one, chain=chain, told=told, words=WORDS,
        task={"type": found.type, "input": {**content, "options": list(options)}},
    )  # fmt: skip


def _read(query: Any) -> Asked:
    """Read what a reader asks for; an empty field is none.

    Raises
    ------
    InvalidInput
        ``invalid_parameter``.
    """
    fields = {name: str(query.get(name, "")).strip()[:200] for name in _FIELDS}
    for name, allowed in (("basis", BASES), ("state", STATES), ("order", ORDERS)):
        if fields[name] and fields[name] not in allowed:
            raise _invalid(name, f"one of {', '.join(allowed)}")
    if fields["answer"] and not (fields["answer"].isascii() and fields["answer"].isdigit()):
        raise _invalid("answer", "the number of an option")
    wanted = Wanted(
        state=fields["state"] or "current",  # type: ignore[arg-type]  # one of STATES
        basis=fields["basis"] or None,
        choice=min(int(fields["answer"]), 10**6) if fields["answer"] else None,
        since=_day("since", fields["since"], 0),
        until=_day("until", fields["until"], 1),
    )
    return Asked(fields, wanted, fields["order"] != "oldest", _place(str(query.get("from", ""))))


def _day(name: str, text: str, later: int) -> datetime | None:
    """The beginning of a day, or of the one after it."""
    if not text:
        return None
    try:
        return datetime.combine(date.fromisoformat(text), time(), UTC) + timedelta(days=later)
    except (ValueError, OverflowError) as error:
        raise _invalid(name, "a day such as 2030-01-31") from error


def _place(text: str) -> Place | None:
    if not text:
        return None
    task, _, label = text.partition("-")
    if not all(part.isascii() and part.isdigit() and len(part) < 20 for part in (task, label)):
        raise _invalid("from", "what the link to the next page says")
    return min(int(task), _MOST), min(int(label), _MOST)


def _invalid(name: str, rule: str) -> InvalidInput:
    return InvalidInput(f"{name} must be {rule}: change it, or leave it out", code="invalid_parameter")


def _answers(project: Project) -> list[tuple[str, str]]:
    """The answers to choose from: classes by name, options of tasks by their place."""
    names = project.classes if project.classes is not None else [f"Option {n + 1}" for n in range(20)]
    return [("", "Any"), *((str(n), name) for n, name in enumerate(names))]


# --- words ------------------------------------------------------------------------------------------


def excerpt(one: Labelled) -> str:
    """The beginning of a task's text."""
    prompt = prompt_of(one.input or {})
    return begin(prompt if isinstance(prompt, str) else " ".join(turn["content"] for turn in prompt))


def begin(text: str) -> str:
    """The beginning of a text that somebody else wrote, however long it is."""
    return text if len(text) <= 160 else f"{text[:159]}…"


def basis_words(label: Label) -> str:
    """What a label rests on, and how sure that is."""
    if label.basis != "labeler":
        return {
            "panel": "Several trusted labelers agreed",
            "auditor": "An auditor's answer",
            "manual": "A key given by hand",
        }[label.basis]
    p = None if label.p_benchmarks is None else min(label.p_benchmarks, label.p_all or label.p_benchmarks)
    near = ", near the bar" if label.standing_state == "boundary" else ""
    return (
        f"{shown.percent(p)} sure that the labeler meets the bar, by {label.benchmarks or 0} benchmarks{near}"
    )


def confidence_words(label: Label) -> str:
    """How likely the label is what the panel would choose."""
    if label.confidence is None:
        return "Not known: nothing has shown yet how much harder your tasks are than benchmarks"
    return f"{shown.percent(label.confidence)} likely to be what the panel would choose"


def latency(one: Labelled) -> float:
    """Seconds from push to label."""
    return (one.label.delivered_at - one.pushed_at).total_seconds()


HANDLERS: Final[tuple[ControllerRouterHandler, ...]] = (browse, look)
WORDS: Final = {
    "excerpt": excerpt,
    "begin": begin,
    "basis_words": basis_words,
    "confidence_words": confidence_words,
    "latency": latency,
}
"""What the templates call."""
