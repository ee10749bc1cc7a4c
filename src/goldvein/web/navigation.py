"""Which links stand in the head of a page, and where each kind of person begins."""

from typing import Final

from goldvein.domain.records import Principal, Role

_WORK: Final = (("/work", "Work"), ("/card", "My card"))
_OPERATION: Final = (
    ("/operate", "Operation"),
    ("/projects", "Projects"),
    ("/audit", "Audit"),
    ("/people", "People"),
)
_LINKS: Final[dict[Role, tuple[tuple[str, str], ...]]] = {
    "labeler": _WORK,
    "trusted": _WORK,
    "auditor": (("/audit", "Audit"), *_WORK),
    "customer": (("/projects", "Projects"), ("/keys", "API keys")),
    "operator": _OPERATION,
    "admin": _OPERATION,
}


def links(who: Principal | None) -> tuple[tuple[str, str], ...]:
    """List (address, words) for the head of this person's pages."""
    return _LINKS[who.role] if who is not None else ()


def home(who: Principal) -> str:
    """Say where this person begins."""
    return _LINKS[who.role][0][0]
