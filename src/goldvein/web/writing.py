"""Benchmarks written by hand: one in a form that shows it as labelers will see it, or a file of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Final

from litestar import Response, get, post
from litestar.params import QueryParameter
from litestar.types import ControllerRouterHandler

from goldvein.api import bodies
from goldvein.api.access import CURATORS
from goldvein.api.benchmarks import add_all
from goldvein.api.projects import ProjectId
from goldvein.api.pushing import read_file
from goldvein.api.service import Call, service_of
from goldvein.domain.errors import GoldveinError, InvalidInput
from goldvein.domain.records import ItemError, Project, Task
from goldvein.services import benchmarks
from goldvein.services.benchmarks import ManualBenchmark
from goldvein.store import benchmarks as stored
from goldvein.store import doubts, tasks
from goldvein.store.database import Database
from goldvein.tasktypes.choice import MAX_OPTIONS
from goldvein.web.benchmarks import MAX_NOTE, read_key, read_percent
from goldvein.web.forms import form
from goldvein.web.projects import project_page, visible_project
from goldvein.web.responses import go
from goldvein.web.uploads import upload

_FIRST: Final = 4
"""Places for options in an empty form."""
_LISTED: Final = 500


@dataclass(frozen=True, slots=True)
class Writing:
    """What stands in the form: as it was sent, with what is wrong beside each field."""

    fields: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    met: int | None = None
    """The benchmark, or task, that it fights."""
    source: Task | None = None
    """The task of the project that is to become one."""

    @property
    def options(self) -> list[str]:
        """The texts of the options, some of them empty."""
        given = {name: text for name, text in self.fields.items() if _place(name) is not None}
        count = max(_FIRST, *(1 + (_place(name) or 0) for name in given)) if given else _FIRST
        return [given.get(f"option_{place}", "") for place in range(count)]


@get("/projects/{project:int}/benchmarks/new", opt={"roles": CURATORS}, include_in_schema=False)
async def new_benchmark(
    request: Call,
    project: ProjectId,
    source: Annotated[str, QueryParameter(name="from", max_length=200)] = "",
    made: Annotated[int | None, QueryParameter(ge=1, le=2**63 - 1)] = None,
    known: Annotated[bool, QueryParameter()] = False,  # noqa: FBT002  (a query parameter)
) -> Response[str]:
    """Show the form, empty or for a task of the project."""
    shown = await visible_project(request, project)
    wanted = source.strip()
    if not wanted:
        return _form(request, shown, Writing(), made=made, known=known)
    return _form(request, shown, await _about(request, shown, wanted), wanted=wanted)


async def _about(request: Call, project: Project, wanted: str) -> Writing:
    """Find the task that somebody named, by its own name or its number."""
    labeler = request.user.labeler
    task, state, in_hand = await service_of(request).call(_find, project.id, wanted, labeler)
    if task is None:
        return Writing(errors={"from": f"there is no task {wanted!r} in this project"})
    if in_hand:  # an auditor works, too, and is not told what the task is for
        return Writing(errors={"from": f"task {task.id} is in your hands as work: answer it there first"})
    if state in ("active", "frozen", "retired"):
        return Writing(errors={"from": f"task {task.id} is a benchmark already"}, met=task.id)
    if task.state not in ("queued", "labelled"):
        return Writing(errors={"from": f"task {task.id} is {task.state}: it can be none any more"})
    return Writing(source=task)


def _find(
    db: Database, project: int, wanted: str, labeler: int | None
) -> tuple[Task | None, str | None, bool]:
    """Find a task with the state of the benchmark that it is, and whether a labeler has it in hand."""
    with db.connection() as tx:
        named = tasks.by_unique_ids(tx, project, [wanted]).get(wanted)
        is_number = wanted.isascii() and wanted.isdigit() and len(wanted) < len(str(2**63))
        number = named[0] if named else int(wanted) if is_number else None
        found = tasks.find(tx, project, number) if number is not None else None
        if found is None:
            return None, None, False
        in_hand = labeler is not None and doubts.at_work(tx, project, found.id, labeler)
        return found, stored.state_of(tx, project, found.id), in_hand


@post(
    "/projects/{project:int}/benchmarks/new",
    opt={"roles": CURATORS},
    include_in_schema=False,
    status_code=200,
)
async def write_benchmark(request: Call, project: ProjectId) -> Response[Any]:
    """Store one benchmark; what is wrong with it stands beside the field."""
    shown = await visible_project(request, project)
    fields = await form(request)
    writing = Writing(fields)
    if fields.get("source"):
        writing = await _about(request, shown, fields["source"])
        if writing.source is None:
            return _form(request, shown, writing, status=422)
    try:
        draft = _draft(shown, fields, writing.source)
    except InvalidInput as error:
        place = str(error.facts.get("pointer", ""))
        told = {_field(place, fields): error.detail}
        return _form(request, shown, Writing(fields, told, source=writing.source), status=422)
    service, by = service_of(request), request.user.labeler
    result = await service.call(benchmarks.add_manual, project, [draft], service.now(), by=by)
    if result.errors:
        told = _told(result.errors[0], fields)
        met = result.errors[0].facts.get("task")
        return _form(request, shown, Writing(fields, told, met, writing.source), status=422)
    (stored_as,) = result.tasks
    known = "" if stored_as.created else "&known=1"
    return go(f"/projects/{project}/benchmarks/new?made={stored_as.id}{known}")


def _draft(project: Project, fields: Mapping[str, str], source: Task | None) -> ManualBenchmark:
    """Read the form.

    Raises
    ------
    InvalidInput
        With a pointer as a push's.
    """
    explanation = fields.get("explanation", "").strip()
    if len(explanation) > MAX_NOTE:
        raise InvalidInput(
            f"{len(explanation)} characters are too many: {MAX_NOTE} are kept", pointer="/explanation"
        )
    if source is not None:
        key = read_key(fields)
        return ManualBenchmark(
            0, source.input, key, read_percent(fields), source.unique_id, explanation=explanation
        )
    prompt, places = _text(fields, "prompt"), _places(fields)
    if not prompt.strip():
        raise InvalidInput("write what labelers read before they choose", pointer="/input/prompt")
    content: dict[str, Any] = {"prompt": prompt}
    key = read_key(fields)
    if project.classes is None:
        content["options"] = [_text(fields, f"option_{place}") for place in places]
        if key not in places:
            raise InvalidInput("the option that is marked as right has no text", pointer="/key")
        key = places.index(key)
    name = fields.get("unique_id", "").strip() or None
    return ManualBenchmark(0, content, key, read_percent(fields), name, explanation=explanation)


def _text(fields: Mapping[str, str], name: str) -> str:
    """Read a text as it was written: browsers send two characters for each new line."""
    return fields.get(name, "").replace("\r\n", "\n")


def _place(name: str) -> int | None:
    """Read which option a field is for; None if it is for none."""
    number = name.removeprefix("option_")
    is_place = name != number and number.isascii() and number.isdigit() and len(number) < len("1000")
    return int(number) if is_place and int(number) < MAX_OPTIONS else None


def _places(fields: Mapping[str, str]) -> list[int]:
    """List the places of options that have a text, in order."""
    found = ((_place(name), text) for name, text in fields.items())
    return sorted(place for place, text in found if place is not None and text.strip())


def _told(error: ItemError, fields: Mapping[str, str]) -> dict[str, str]:
    """Say what is wrong beside the field that it is about; nothing there tells a key."""
    words = {
        "benchmark_exists": "a benchmark has this content already, with another key",
        "option_twice": "the same text as another option: nobody could tell them apart",
        "duplicate_unique_id": "this name is taken: another task or benchmark of the project has it",
    }
    parts = error.pointer.split("/")
    place = "/" + "/".join(parts[3:]) if parts[1:2] in (["benchmarks"], ["tasks"]) else error.pointer
    return {_field(place, fields): words.get(error.code, error.detail)}


def _field(place: str, fields: Mapping[str, str]) -> str:
    """Name the field that a place in a push's item is about."""
    parts = place.strip("/").split("/")
    match parts:
        case ["input", "options", number] if number.isdigit():
            places: Sequence[int] = _places(fields)
            return f"option_{places[int(number)]}" if int(number) < len(places) else "options"
        case ["input", "options"]:
            return "options"
        case ["input", *_]:
            return "prompt"
        case ["key" | "key_right" | "unique_id" | "explanation" as name]:
            return name
        case _:
            return "form"


def _form(
    request: Call, project: Project, writing: Writing, *, status: int = 200, made: int | None = None,
    known: bool = False, wanted: str = "",
) -> Response[str]:  # fmt: skip
    source = writing.source
    task = None
    if source is not None:
        options = list(project.classes) if project.classes is not None else source.input["options"]
        task = {"type": project.type, "input": {**source.input, "options": options}}
    return project_page(
        request, project, "benchmarks/new.html", status=status, writing=writing, errors=writing.errors,
        fields=writing.fields, made=made, known=known, wanted=wanted, task=task, most=MAX_OPTIONS,
        has_error=bool(writing.errors),
    )  # fmt: skip


# --- files -----------------------------------------------------------------------------------------


@post(
    "/projects/{project:int}/benchmarks/file",
    opt={"roles": CURATORS},
    include_in_schema=False,
    status_code=200,
    request_max_body_size=bodies.PUSH,
)
async def add_file(request: Call, project: ProjectId) -> Response[str]:
    """Store the benchmarks of a file, and list what became of each."""
    shown = await visible_project(request, project)
    try:
        file = await upload(request, bodies.PUSH)
        items = read_file(file.kind, file.content, shown.classes)
        tally = await add_all(request, project, items)
    except GoldveinError as error:
        if error.status not in (400, 422):
            raise
        return _form(request, shown, Writing(errors={"file": error.detail}), status=422)
    return project_page(
        request,
        shown,
        "benchmarks/added.html",
        name=file.name,
        created=[one for one in tally.tasks if one.created],
        existing=[one for one in tally.tasks if not one.created],
        refused=sorted(tally.errors, key=lambda one: one.index or 0),
        listed=_LISTED,
    )


HANDLERS: Final[tuple[ControllerRouterHandler, ...]] = (new_benchmark, write_benchmark, add_file)
