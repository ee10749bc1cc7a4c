"""A server with one customer who has one project, and somebody of every role."""

from dataclasses import dataclass
from datetime import UTC, datetime

import httpx

from goldvein.domain.records import ProjectDraft, Role
from goldvein.services import keys, projects
from goldvein.store.database import Database

ROLES: tuple[Role, ...] = ("customer", "labeler", "trusted", "auditor", "operator")


@dataclass(frozen=True)
class World:
    """A running server with one customer who has one project, and somebody of every role."""

    base: str
    db: Database
    keys: dict[str, str]
    customer: int
    project: int
    other_key: str
    other_project: int

    def client(self, role: str | None = "customer") -> httpx.Client:
        """A client with the key of a role, or with none."""
        headers = {} if role is None else {"Authorization": f"Bearer {self.keys[role]}"}
        return httpx.Client(base_url=self.base, headers=headers, timeout=30)


def make_world(base: str, db: Database) -> World:
    """Make customers, people, keys and projects."""
    now = datetime.now(UTC)
    customer, other = (keys.create_customer(db, name, now) for name in ("ours", "theirs"))
    tokens = {"customer": keys.issue(db, "customer", customer, "k", now)}
    for role in ("labeler", "trusted", "auditor"):
        person = keys.create_labeler(db, f"a {role}", role, now)
        tokens[role] = keys.issue(db, role, person, "k", now)
    tokens["operator"] = keys.issue(db, "operator", None, "k", now)
    own = projects.create(db, customer, ProjectDraft("own", "Pick one."), now)
    foreign = projects.create(db, other, ProjectDraft("foreign", "Pick one."), now)
    other_key = keys.issue(db, "customer", other, "k", now)
    return World(base, db, tokens, customer, own.id, other_key, foreign.id)
