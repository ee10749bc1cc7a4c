"""The labeler's card: what one has done, how one stands in words, and the way back."""

from dataclasses import dataclass
from typing import Any, Final

from litestar import Response, get, post
from litestar.types import ControllerRouterHandler

from goldvein.api.access import LABELERS
from goldvein.api.service import Call, service_of
from goldvein.domain.errors import GoldveinError, InvalidInput
from goldvein.services import cards
from goldvein.services.cards import Card
from goldvein.store.cards import Line
from goldvein.web.forms import form
from goldvein.web.responses import go, page


@dataclass(frozen=True, slots=True)
class Words:
    """How a card says one level: a badge, its colour, what it means, and what to do about it."""

    badge: str
    kind: str
    meaning: str
    advice: str
    lead: str = "What helps:"


NEW: Final = Words(
    "new here",
    "info",
    "We are getting to know your work. Everybody begins like this, for some hundreds of tasks.",
    "Read the instructions once more and take your time: care counts, speed does not.",
)
LEVELS: Final = {
    "on_course": Words(
        "on course",
        "info",
        "Your work looks fine. What you answer is kept until we are sure enough of it.",
        "Keep on as you do. Read every option before you pick one.",
    ),
    "trusted": Words(
        "trusted to deliver",
        "good",
        "What you answer goes to the customer at once.",
        "Keep on as you do, and say so when a task is unclear.",
    ),
    "looked_at": Words(
        "being looked at",
        "warn",
        "Some of your latest answers differ from what we know to be right. That can be chance, or a "
        "misunderstanding of the instructions.",
        "Read the instructions again and practise a little: practice tells you what is right, and why.",
    ),
}
OUT: Final = Words(
    "not let in at present",
    "bad",
    "Too many answers differed from what we know to be right, so this project gives you no more work.",
    "If you think that this is wrong, ask for another look. Other projects are not affected.",
    "The way back:",
)


def words(line: Line) -> Words:
    """How the card says what is known of one project."""
    if line.is_out:
        return OUT
    return LEVELS[line.level] if line.level is not None else NEW


@get("/card", opt={"roles": LABELERS}, include_in_schema=False)
async def show(request: Call) -> Response[Any]:
    """Show one's own card."""
    asked = request.query_params.get("asked") == "1"
    return await _shown(request, done="Somebody will look again. The reply stands here." if asked else "")


@post("/card/look", opt={"roles": LABELERS}, include_in_schema=False, status_code=200)
async def ask(request: Call) -> Response[Any]:
    """Ask for another look after a dismissal."""
    fields, service = await form(request), service_of(request)
    labeler = request.user.labeler
    assert labeler is not None
    try:
        project = _number(fields.get("project", ""))
        await service.call(cards.ask_for_look, project, labeler, fields.get("words", ""), service.now())
    except GoldveinError as error:
        return await _shown(request, error=error.detail, status=error.status)
    return go("/card?asked=1")


async def _shown(request: Call, *, done: str = "", error: str = "", status: int = 200) -> Response[str]:
    service, labeler = service_of(request), request.user.labeler
    assert labeler is not None
    card: Card = await service.call(cards.read, labeler, service.now())
    return page(
        request, "work/card.html", status=status, card=card, words=words, longest=cards.WORDS, done=done,
        error=error,
    )  # fmt: skip


def _number(text: str) -> int:
    """The project that a form names."""
    if not text.isascii() or not text.isdigit() or not 0 < int(text[:11]) < 2**31:
        raise InvalidInput("the form names no project", code="invalid_parameter")
    return int(text)


HANDLERS: Final[tuple[ControllerRouterHandler, ...]] = (show, ask)
