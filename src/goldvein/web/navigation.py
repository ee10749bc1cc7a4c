"""Which links stand in the head of a page, and where each kind of person begins."""

from typing import Final

from goldvein.domain.records import Principal, Project, Role

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


_PAGES: Final = (
    ("/projects/{}", "Overview"),
    ("/projects/{}/rounds", "Rounds"),
    ("/projects/{}/push", "Push"),
    ("/projects/{}/labels", "Labels"),
    ("/projects/{}/benchmarks", "Benchmarks"),
    ("/projects/{}/reference", "Reference"),
    ("/projects/{}/webhooks", "Webhooks"),
    ("/projects/{}/settings", "Settings"),
)
_OPERATED: Final = (
    ("/operate/{}", "Live"),
    ("/operate/{}/alerts", "Alerts"),
    ("/operate/{}/metrics", "Metrics"),
    ("/operate/{}/labelers", "Labelers"),
    ("/operate/{}/filter", "Filter"),
    ("/operate/{}/sandboxes", "Sandboxes"),
    ("/operate/{}/log", "Log"),
)
_AUDITED: Final = (("/projects/{}/benchmarks", "Benchmarks"),)
_TABS: Final[dict[Role, tuple[tuple[str, str], ...]]] = {
    "customer": _PAGES,
    "auditor": _AUDITED,
    "operator": (*_PAGES, *_OPERATED),
    "admin": (*_PAGES, *_OPERATED),
}


def project_tabs(who: Principal, project: Project) -> tuple[tuple[str, str], ...]:
    """List (address, words) of a project's pages that this person may see."""
    return tuple((address.format(project.id), words) for address, words in _TABS.get(who.role, ()))
