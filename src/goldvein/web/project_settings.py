"""A project's settings: what it says of itself, its life, its price, and every knob of its policy."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from litestar import Response, get, post
from litestar.types import ControllerRouterHandler

from goldvein import wire
from goldvein.api.access import CUSTOMERS, OPERATORS, visible_project
from goldvein.api.bodies import decode
from goldvein.api.projects import ProjectId, given
from goldvein.api.service import Call, service_of
from goldvein.domain.errors import Conflict, GoldveinError, InvalidInput
from goldvein.domain.knobs import GROUPS, KNOBS, Knob
from goldvein.domain.policy import Policy, PolicyError
from goldvein.domain.records import Price, Project
from goldvein.services import characteristic, contents, projects
from goldvein.store import projects as stored
from goldvein.store import tallies
from goldvein.store.database import Database
from goldvein.store.projects import PolicyVersion
from goldvein.web.creating import plainly
from goldvein.web.forms import form, number
from goldvein.web.projects import project_page, whole_number
from goldvein.web.responses import go

_PAGE: Final = 20
_LATEST: Final = 2**31 - 1
_LARGE: Final = 256 * 1024
_change = msgspec.json.Decoder(wire.ProjectChange)

PAUSE: Final = (
    "Pause the project? Nobody gets new work. Who has a task in hand may still answer, and deadlines go on."
)
CLOSE: Final = (
    "Close the project for good? What waits is cancelled, also what is in hands. Labels stay. This cannot be "
    "undone: only a copy of it can be made."
)
MOVES: Final[Mapping[str, Sequence[tuple[str, str, str]]]] = {
    "draft": (("mining", "Begin: make benchmarks", ""), ("closed", "Close", CLOSE)),
    "mining": (("paused", "Pause", PAUSE), ("closed", "Close", CLOSE)),
    "open": (("paused", "Pause", PAUSE), ("closed", "Close", CLOSE)),
    "paused": (("mining", "Go on", ""), ("closed", "Close", CLOSE)),
    "closed": (),
}
"""For each state: the states to go to, what the button says, and the question before."""


@dataclass(frozen=True, slots=True)
class Change:
    """One knob that would turn."""

    knob: Knob
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class Terms:
    """All that the page shows beside the project itself."""

    policy: Policy
    price: Price | None
    prices: Sequence[tuple[Price, str | None]]
    history: Sequence[PolicyVersion]


@get("/projects/{project:int}/settings", opt={"roles": CUSTOMERS}, include_in_schema=False)
async def show(request: Call, project: ProjectId) -> Response[str]:
    """Show the settings of a project, and the history of its policy."""
    return await _shown(request, await visible_project(request, project))


@post("/projects/{project:int}/settings", opt={"roles": CUSTOMERS}, include_in_schema=False, status_code=200)
async def describe(request: Call, project: ProjectId) -> Response[Any]:
    """Change name, instruction and deadline."""
    fields = await form(request, limit=_LARGE)
    found = await visible_project(request, project)
    shape: dict[str, Any] = {
        "name": fields.get("name", "").strip(),
        "instruction": fields.get("instruction", "").replace("\r\n", "\n").strip(),
    }
    try:
        if minutes := fields.get("deadline_minutes", "").strip():
            shape["deadline_seconds"] = round(60 * number(minutes, "deadline_minutes"))
        await _update(request, project, given(decode(msgspec.json.encode(shape), _change)))
    except InvalidInput as error:
        return await _shown(request, found, error=plainly(error), fields=fields)
    except GoldveinError as error:
        return await _shown(request, found, error=error, fields=fields)
    return go(f"/projects/{project}/settings?did=described")


@post(
    "/projects/{project:int}/settings/state",
    opt={"roles": CUSTOMERS}, include_in_schema=False, status_code=200,
)  # fmt: skip
async def move(request: Call, project: ProjectId) -> Response[Any]:
    """Begin, pause, go on or close."""
    fields = await form(request)
    found = await visible_project(request, project)
    try:
        change = decode(msgspec.json.encode({"state": fields.get("state", "")}), _change)
        await _update(request, project, given(change))
    except GoldveinError as error:
        return await _shown(request, found, error=error)
    return go(f"/projects/{project}/settings?did=moved")


@post(
    "/projects/{project:int}/settings/price",
    opt={"roles": OPERATORS}, include_in_schema=False, status_code=200,
)  # fmt: skip
async def set_price(request: Call, project: ProjectId) -> Response[Any]:
    """Set the price of labels delivered from now on."""
    fields = await form(request)
    found = await visible_project(request, project)
    price = {"per_label": fields.get("per_label", "").strip(), "currency": fields.get("currency", "").strip()}
    try:
        await _update(request, project, given(decode(msgspec.json.encode({"price": price}), _change)))
    except InvalidInput as error:
        said = error if error.code == "currency_differs" else InvalidInput(_PRICE, pointer="/price")
        return await _shown(request, found, error=said, fields=fields)
    return go(f"/projects/{project}/settings?did=priced")


@post(
    "/projects/{project:int}/settings/erase",
    opt={"roles": CUSTOMERS}, include_in_schema=False, status_code=200,
)  # fmt: skip
async def erase(request: Call, project: ProjectId) -> Response[Any]:
    """Erase what the tasks of a closed project say, when its name was typed."""
    fields = await form(request)
    found = await visible_project(request, project)
    service = service_of(request)
    try:
        await service.call(
            contents.ask, project, request.user.customer, fields.get("typed", ""), service.now(),
            request.user.account,
        )  # fmt: skip
    except GoldveinError as error:
        return await _shown(request, found, error=error)
    return go(f"/projects/{project}/settings?did=erased")


_PRICE: Final = "A price is a number such as 0.05, and a currency three letters such as EUR."


@post(
    "/projects/{project:int}/settings/policy",
    opt={"roles": CUSTOMERS}, include_in_schema=False, status_code=200,
)  # fmt: skip
async def turn(request: Call, project: ProjectId) -> Response[Any]:
    """Show what a new version of the policy would change; made it is only when that was seen."""
    fields = await form(request, limit=_LARGE)
    found = await visible_project(request, project)
    service, action = service_of(request), fields.get("action", "")
    policy = await service.call(projects.policy, project)
    before = policy.to_dict()
    try:
        wanted = await _like(request, project, fields) if "like" in fields else _turned(fields)
        changes = {name: value for name, value in wanted.items() if value != before[name]}
        _kept({**before, **changes})
    except GoldveinError as error:
        return await _shown(request, found, error=error, fields=fields)
    if action == "save" and changes:
        if fields.get("version") != str(found.policy_version):
            stale = Conflict("somebody has made a new version meanwhile: look at what would change now")
            return await _shown(request, found, error=stale, fields=fields)
        await _update(request, project, {"policy": changes})
        return go(f"/projects/{project}/settings?did=turned#history")
    costs = await _costs(request, found, changes) if action == "cost" and changes else None
    listed = [Change(KNOBS[name], before[name], value) for name, value in changes.items()]
    return project_page(request, found, "projects/policy.html", changes=listed, costs=costs)


async def _like(request: Call, project: int, fields: Mapping[str, str]) -> dict[str, float]:
    """The knobs of an earlier version."""
    version = whole_number(fields["like"], most=_LATEST) or 0
    history = await service_of(request).call(_history, project, version + 1, 1)
    if not history or history[0].version != version:
        raise InvalidInput(f"the policy has no version {version}")
    return Policy.from_dict(history[0].policy).to_dict()


def _turned(fields: Mapping[str, str]) -> dict[str, float]:
    """The knobs as the form gives them; each is checked by itself first, so that its field can say so."""
    wanted: dict[str, float] = {}
    for name, knob in KNOBS.items():
        if name not in fields:
            continue
        value = number(fields[name], name)
        if not knob.least <= value <= knob.most or (isinstance(knob.default, int) and value != int(value)):
            whole = "a whole number " if isinstance(knob.default, int) else ""
            raise InvalidInput(
                f"{fields[name]!r} must be {whole}between {knob.least:g} and {knob.most:g}",
                pointer=f"/{name}",
            )
        wanted[name] = int(value) if isinstance(knob.default, int) else value
    return wanted


def _kept(values: Mapping[str, float]) -> None:
    """Refuse knobs that contradict each other."""
    try:
        Policy.from_dict(values)
    except PolicyError as error:
        raise InvalidInput(str(error), code="policy_invalid", pointer="/policy") from error


async def _costs(request: Call, found: Project, changes: Mapping[str, float]) -> Mapping[str, Any]:
    """What benchmarks and policy do to whom, now and after the change; it takes seconds."""
    try:
        return await service_of(request).call(characteristic.compare, found.id, changes)
    except GoldveinError as error:
        return {"computed": False, "reason": error.detail}


async def _update(request: Call, project: int, changes: Mapping[str, Any]) -> None:
    service, who = service_of(request), request.user
    await service.call(
        projects.update, project, who.customer, account=who.account, now=service.now(), **changes
    )


_DID: Final = {
    "described": "The project now says so; labelers see it with their next task.",
    "moved": "Done: the project has its new state.",
    "priced": "Labels delivered from now on have the new price.",
    "erased": "Nothing of what its tasks say will be left in some minutes.",
    "turned": "There is a new version of the policy: decisions follow it from now on.",
}


async def _shown(
    request: Call, project: Project, *, error: GoldveinError | None = None,
    fields: Mapping[str, str] | None = None,
) -> Response[str]:  # fmt: skip
    before = whole_number(request.query_params.get("before"), most=_LATEST) or _LATEST
    terms = await service_of(request).call(_terms, project.id, before)
    first = str(error.facts.get("pointer", "")).removeprefix("/").split("/")[0] if error else ""
    place = "deadline_minutes" if first == "deadline_seconds" else first
    wrong = {place: error.detail} if error and place in {*KNOBS, *_OWN} else {}
    return project_page(
        request, project, "projects/settings.html", status=error.status if error else 200, terms=terms,
        groups=GROUPS, moves=MOVES[project.state], knobs=_knob_texts(terms.policy, fields),
        own=_own_texts(project, terms.price, fields), wrong=dict.fromkeys((*KNOBS, *_OWN), "") | wrong,
        error=error.detail if error and not wrong else "", did=_DID.get(request.query_params.get("did", "")),
        more=terms.history[_PAGE - 1].version if len(terms.history) > _PAGE else None,
        is_first=before == _LATEST,
    )  # fmt: skip


_OWN: Final = ("name", "instruction", "deadline_minutes", "price", "per_label", "currency")


def _knob_texts(policy: Policy, fields: Mapping[str, str] | None) -> dict[str, str]:
    """What stands in each knob's field: what was sent, else what is in force."""
    return {name: (fields or {}).get(name, f"{value:.12g}") for name, value in policy.to_dict().items()}


def _own_texts(project: Project, price: Price | None, fields: Mapping[str, str] | None) -> dict[str, str]:
    """What stands in the other fields."""
    minutes = project.deadline_seconds and project.deadline_seconds / 60
    kept = {
        "name": project.name,
        "instruction": project.instruction,
        "deadline_minutes": f"{minutes:g}" if minutes else "",
        "per_label": f"{price.per_label.normalize():f}" if price else "",
        "currency": price.currency if price else "EUR",
    }
    return {name: (fields or {}).get(name, text) for name, text in kept.items()}


def _terms(db: Database, project: int, before: int) -> Terms:
    policy, price = projects.terms(db, project)
    with db.connection() as tx:
        prices = tallies.prices(tx, project)
    return Terms(policy, price, prices, _history(db, project, before, _PAGE + 1))


def _history(db: Database, project: int, before: int, limit: int) -> list[PolicyVersion]:
    with db.connection() as tx:
        return stored.policy_history(tx, project, before=before, limit=limit)


HANDLERS: Final[tuple[ControllerRouterHandler, ...]] = (show, describe, move, set_price, erase, turn)
