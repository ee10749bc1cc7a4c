"""Sandboxes, and versions of a policy: what is tried on a copy, put to work and taken back."""

from datetime import datetime
from typing import Annotated

import msgspec

from goldvein.wire.base import NO_NUL, Request, Response
from goldvein.wire.projects import PolicyOverrides

Turn = tuple[float, float]
"""A knob's value before, and after."""


class SandboxCreate(Request):
    """A copy of a project in which the knobs of ``policy`` are tried; the others are as there."""

    name: Annotated[
        str,
        msgspec.Meta(max_length=200, pattern=NO_NUL, description="As labelers see it; else the original's."),
    ] = ""
    tasks: Annotated[
        int, msgspec.Meta(ge=1, le=10_000, description="Tasks to copy: those labelled last.")
    ] = 1_000
    benchmarks: Annotated[
        int,
        msgspec.Meta(
            ge=1, le=10_000,
            description="Benchmarks to carry: the most worn. Who meets one there no more meets it here.",
        ),
    ] = 60  # fmt: skip
    policy: PolicyOverrides = msgspec.field(default_factory=dict)


class SandboxWarm(Request):
    """How many pieces of work people for whom nothing real waits may get a day; 0 ends it."""

    per_day: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]


class SandboxOutcome(Response):
    """What became of the answers of the last 30 days; shares are null where nothing was answered."""

    answers: int
    delivered_share: float | None
    benchmark_share: float | None
    pass_rate: float | None
    dismissals: int


class Sandbox(Response):
    """A sandbox: ``tries`` maps knobs to their value in the original and here; ``spent`` is today's work."""

    id: int
    name: str
    of: int
    state: str
    policy_version: int
    tries: dict[str, Turn]
    warm_per_day: int
    warm_on: bool
    spent: int
    simulated: int
    created_at: datetime
    outcome: SandboxOutcome


class Sandboxes(Response):
    """Sandboxes of a project, the latest first, beside what became of the project's own answers."""

    original: SandboxOutcome
    sandboxes: list[Sandbox]


class PolicyVersion(Response):
    """A version of a policy: ``turned`` maps knobs to their value before and in it; empty in the first."""

    version: int
    made_at: datetime
    made_by: str | None
    turned: dict[str, Turn]


class PolicyVersions(Response):
    """All versions, the latest first: that one is in force."""

    versions: list[PolicyVersion]


class PolicyRevert(Request):
    """The version whose values shall hold again; without one, the last but one."""

    version: Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)] | None = None


class PolicyTurned(Response):
    """A new version of a project's policy, the one ``before``, and what was turned."""

    project: int
    version: int
    before: int
    turned: dict[str, Turn]
