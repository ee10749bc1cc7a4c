"""A new project: from a template or as a copy of an earlier one, with the labeler's page beside the form."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
from litestar import Response, get, post
from litestar.types import ControllerRouterHandler

from goldvein import wire
from goldvein.api.access import CUSTOMERS, visible_project
from goldvein.api.bodies import decode
from goldvein.api.projects import copy_draft_of, draft_of, owner_of
from goldvein.api.service import Call, service_of
from goldvein.domain.errors import GoldveinError, InvalidInput
from goldvein.domain.policy import Policy
from goldvein.domain.records import Project
from goldvein.services import projects, reuse
from goldvein.store import keys
from goldvein.store.database import Database
from goldvein.store.keys import Customer
from goldvein.web.forms import form, number
from goldvein.web.project_templates import BLANK, Template, templates
from goldvein.web.projects import whole_number
from goldvein.web.responses import go, page
from goldvein.web.samples import Samples, read_samples, shown

EVERYBODY_ANSWERS: Final = 150
"""Tasks of a start without anybody trusted (``bootstrap_tasks``)."""
BARS: Final = (
    (0.0, "lenient: keeps out guessing and little else"),
    (0.65, "usual for taste, where honest people often differ"),
    (0.75, "careful: most people who read the instruction pass"),
    (0.85, "strict: only for questions with one clear answer"),
    (0.92, "very strict: many honest people will not pass"),
)
"""What a quality bar from each share on means, in words."""
_LARGE: Final = 256 * 1024
_MOST_CUSTOMERS: Final = 1_000
_create = msgspec.json.Decoder(wire.ProjectCreate)


@dataclass(frozen=True, slots=True)
class Filled:
    """The form as somebody filled it in, texts all of them."""

    name: str = ""
    instruction: str = ""
    classes: str = ""
    deadline_minutes: str = ""
    quality_bar: str = "70"
    start: str = "trusted"
    state: str = "mining"
    customer: str = ""
    carry: str = ""
    rows: str = ""


@dataclass(frozen=True, slots=True)
class Beginning:
    """Where the form begins: a template, or an earlier project; and what both mean beside the form."""

    template: Template
    original: Project | None = None
    policy: Mapping[str, float] = field(default_factory=dict)


@get("/projects/new", opt={"roles": CUSTOMERS}, include_in_schema=False)
async def begin(request: Call) -> Response[str]:
    """Offer the templates, or show the form that one of them fills in."""
    asked = request.query_params
    if "template" not in asked and "copy_of" not in asked:
        earlier = await service_of(request).call(projects.list_, request.user.customer)
        return page(request, "projects/templates.html", templates=templates().values(), earlier=earlier[::-1])
    beginning = await _beginning(request, asked)
    return await _shown(request, beginning, _filled(beginning))


@post("/projects/new", opt={"roles": CUSTOMERS}, include_in_schema=False, status_code=200)
async def create(request: Call) -> Response[Any]:
    """Make the project, or show the form again: with its preview, or with what is wrong beside each field."""
    fields = await form(request, limit=_LARGE)
    beginning = await _beginning(request, fields)
    names = Filled.__dataclass_fields__
    filled = Filled(**{name: fields.get(name, "") for name in names})
    if fields.get("action") == "preview":
        return await _shown(request, beginning, filled)
    try:
        made = await _make(request, beginning, filled)
    except GoldveinError as error:
        return await _shown(request, beginning, filled, error=error)
    return go(f"/projects/{made.id}")


async def _beginning(request: Call, asked: Mapping[str, str]) -> Beginning:
    """Find the template, or the project that is copied."""
    if original := whole_number(asked.get("copy_of"), most=2**31 - 1):
        found = await visible_project(request, original)
        policy = await service_of(request).call(projects.policy, original)
        return Beginning(templates()[BLANK], found, policy.to_dict())
    template = templates().get(asked.get("template", BLANK)) or templates()[BLANK]
    return Beginning(template, None, template.policy)


def _filled(beginning: Beginning) -> Filled:
    """The form before anybody wrote into it."""
    template, original = beginning.template, beginning.original
    classes = original.classes if original else template.classes
    minutes = original.deadline_seconds and original.deadline_seconds / 60 if original else None
    bar = beginning.policy.get("quality_bar", Policy().quality_bar)
    everybody = beginning.policy.get("bootstrap_tasks", 0) > 0
    return Filled(
        name=f"{original.name}, again" if original else "" if template.key == BLANK else template.name,
        instruction=original.instruction if original else template.instruction,
        classes="\n".join(classes or ()),
        deadline_minutes=f"{minutes or template.deadline_minutes or '':g}"
        if minutes or template.deadline_minutes
        else "",
        quality_bar=f"{100 * bar:g}",
        start="everybody" if everybody else "trusted",
        carry="yes" if original else "",
    )


async def _make(request: Call, beginning: Beginning, filled: Filled) -> Project:
    service = service_of(request)
    shape = _read(_shape(request, beginning, filled))
    if beginning.original is None:
        draft = draft_of(shape, owner_of(request, shape.customer))
        return await service.call(projects.create, *draft, service.now(), state=shape.state)
    return await service.call(
        reuse.copy, beginning.original.id, request.user.customer, copy_draft_of(shape), service.now(),
        state=shape.state,
    )  # fmt: skip


def _shape(request: Call, beginning: Beginning, filled: Filled) -> dict[str, Any]:
    """The form as the API takes it: there and here the same rules hold."""
    shape: dict[str, Any] = {
        "name": filled.name.strip(),
        "instruction": filled.instruction.replace("\r\n", "\n").strip(),
        "policy": _policy(beginning, filled),
        "state": "draft" if filled.state == "draft" else "mining",
    }
    if classes := _lines(filled.classes):
        shape["classes"] = classes
    if filled.deadline_minutes.strip():
        shape["deadline_seconds"] = round(60 * number(filled.deadline_minutes, "deadline_minutes"))
    if beginning.original is not None:
        shape |= {"copy_of": beginning.original.id, "carry_benchmarks": filled.carry == "yes"}
    elif request.user.customer is None:
        shape["customer"] = whole_number(filled.customer)
    return shape


_RULES: Final = {
    "name": "A name has 1 to 200 characters.",
    "instruction": "An instruction has 1 to 20,000 characters.",
    "classes": "Give 2 to 20 classes, each of at most 2,000 characters, or none.",
    "deadline_seconds": "A deadline is between a second and a year.",
    "customer": "Say whose project it is.",
}


def _read(shape: Mapping[str, Any]) -> wire.ProjectCreate:
    """Check the form as a request is checked, and say in plain words what is wrong."""
    try:
        return decode(msgspec.json.encode(shape), _create)
    except InvalidInput as error:
        raise plainly(error) from error


def plainly(error: InvalidInput) -> InvalidInput:
    """Say in plain words which rule a field breaks, where we know it."""
    pointer = str(error.facts.get("pointer", ""))
    said = _RULES.get(pointer.removeprefix("/").split("/")[0], error.detail)
    return InvalidInput(said, code=error.code, pointer=pointer)


def _policy(beginning: Beginning, filled: Filled) -> dict[str, float]:
    """The template's knobs, and those that the form turns."""
    bar = round(number(filled.quality_bar, "quality_bar") / 100, 6)
    asked = {**beginning.policy, "quality_bar": bar, "bootstrap_tasks": 0}
    if filled.start == "everybody":
        asked["bootstrap_tasks"] = beginning.policy.get("bootstrap_tasks") or EVERYBODY_ANSWERS
    if bar > asked.get("trust_accuracy", Policy().trust_accuracy):
        asked["trust_accuracy"] = bar  # who makes benchmarks is as good as who is tested on them
    return asked


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


_FIELDS: Final = {"deadline_seconds": "deadline_minutes", "policy": "quality_bar"}
"""Names of the API, and of the form's fields where they differ."""


def _wrong(error: GoldveinError | None) -> dict[str, str]:
    """What is wrong beside each field, mostly nothing; under the empty name what belongs to none."""
    nothing = dict.fromkeys((*Filled.__dataclass_fields__, ""), "")
    if error is None:
        return nothing
    first = str(error.facts.get("pointer", "")).removeprefix("/").split("/")[0]
    name = _FIELDS.get(first, first)
    return nothing | {name if name in nothing else "": error.detail}


async def _shown(
    request: Call, beginning: Beginning, filled: Filled, *, error: GoldveinError | None = None
) -> Response[str]:
    customers: Sequence[Customer] = ()
    if request.user.customer is None and beginning.original is None:
        customers = await service_of(request).call(_customers)
    classes = _lines(filled.classes)
    samples = read_samples(filled.rows, classes) if filled.rows.strip() else _examples(beginning, classes)
    wrong = _wrong(error)
    if samples.error:
        wrong = {**wrong, "rows": samples.error}
    return page(
        request, "projects/new.html", status=error.status if error else 200, begun=beginning.template,
        original=beginning.original, filled=filled, wrong=wrong, customers=customers, samples=samples.inputs,
        bars=BARS, everybody=EVERYBODY_ANSWERS,
    )  # fmt: skip


def _examples(beginning: Beginning, classes: Sequence[str]) -> Samples:
    """The template's examples, as labelers of these classes see them."""
    given = beginning.template.examples
    if classes:
        given = [{name: part for name, part in one.items() if name != "options"} for one in given]
    return Samples([shown(one, classes) for one in given])


def _customers(db: Database) -> list[Customer]:
    with db.connection() as tx:
        return keys.list_customers(tx, after=0, limit=_MOST_CUSTOMERS)


HANDLERS: Final[tuple[ControllerRouterHandler, ...]] = (begin, create)
