"""Projects, and what is said about them."""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec

from goldvein.wire.base import Choice, Id, Name, Request, Response, Text

Seconds = Annotated[int, msgspec.Meta(ge=1, le=31_536_000)]
PolicyOverrides = dict[str, float]


class Price(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a delivered label costs, as a decimal number in a text: nothing of it is rounded."""

    per_label: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,8}(\.[0-9]{1,6})?$")]
    currency: Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$", description="Such as EUR.")]


class ProjectCreate(Request):
    """A new project: ``classes`` for categorization, none where the options stand in each task.

    With ``copy_of``, what is left out is as in that project; without, it needs an ``instruction``.
    """

    name: Name
    instruction: Text | None = None
    type: Literal["choice"] = "choice"
    classes: Annotated[list[Choice], msgspec.Meta(min_length=2, max_length=20)] | None = None
    deadline_seconds: Seconds | None = None
    policy: PolicyOverrides = msgspec.field(default_factory=dict)
    state: Literal["draft", "mining"] = "mining"
    customer: Annotated[
        Id | None, msgspec.Meta(description="Whose project it is; asked of operators, left out by customers.")
    ] = None
    copy_of: Annotated[Id | None, msgspec.Meta(description="An earlier project of the same customer.")] = None
    carry_benchmarks: Annotated[
        bool,
        msgspec.Meta(description="With `copy_of`: its benchmarks in use come along."),
    ] = False


class ProjectChange(Request):
    """New values of a project; what is left out stays."""

    name: Name | msgspec.UnsetType = msgspec.UNSET
    instruction: Text | msgspec.UnsetType = msgspec.UNSET
    state: Literal["mining", "open", "paused", "closed"] | msgspec.UnsetType = msgspec.UNSET
    policy: PolicyOverrides | msgspec.UnsetType = msgspec.UNSET
    deadline_seconds: Seconds | msgspec.UnsetType = msgspec.UNSET
    price: Annotated[
        Price | msgspec.UnsetType,
        msgspec.Meta(description="Of labels delivered from now on; operators only."),
    ] = msgspec.UNSET


class ContentErasure(Request):
    """What erases the contents of a closed project: its name, so that none is erased by a slip."""

    name: Name


class Project(Response):
    """A project; ``policy`` holds every knob, with its default where nothing else was asked.

    ``carried`` counts the benchmarks that came from the project that it is a ``copy_of``; they count towards
    opening. ``contents``: whether what its tasks say is kept, or erased since it was closed.
    """

    id: int
    customer: int
    name: str
    instruction: str
    type: str
    classes: list[str] | None
    deadline_seconds: int | None
    state: Literal["draft", "mining", "open", "paused", "closed"]
    policy: dict[str, float]
    policy_version: int
    admitted: int
    supply_target: int
    created_at: datetime
    opened_at: datetime | None
    copy_of: int | None
    carried: int
    price: Price | None
    closed_at: datetime | None
    contents: Literal["kept", "erasing", "erased"]


class Projects(Response):
    """All projects that the key may see."""

    projects: list[Project]


Report = dict[str, Any]
"""Quality, and why no work is handed out: documents for people and dashboards."""
