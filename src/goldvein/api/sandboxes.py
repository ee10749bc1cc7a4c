"""Sandboxes for programs of the operation: copies in which a policy is tried, kept warm, put to work."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Response, get, post
from litestar.params import PathParameter

from goldvein import wire
from goldvein.api import bodies, replies
from goldvein.api.access import OPERATORS
from goldvein.api.bodies import decode, read
from goldvein.api.idempotent import Fingerprint, once
from goldvein.api.policies import turned
from goldvein.api.projects import ProjectId
from goldvein.api.service import Call, service_of
from goldvein.services import projects, sandboxes
from goldvein.services.promoting import Turned
from goldvein.services.sandboxes import Outcome, SandboxDraft
from goldvein.store.database import Database
from goldvein.store.sandboxes import Sandbox

SandboxId = Annotated[int, PathParameter(ge=1, le=2**31 - 1, description="The sandbox's own id.")]
_create = msgspec.json.Decoder(wire.SandboxCreate)
_warm = msgspec.json.Decoder(wire.SandboxWarm)


@get(
    "/v1/projects/{project:int}/sandboxes",
    opt={"roles": OPERATORS, "returns": {200: wire.Sandboxes}},
    operation_id="list_sandboxes",
    tags=["sandboxes"],
)
async def list_sandboxes(request: Call, project: ProjectId) -> Response[bytes]:
    """List the sandboxes of a project beside the project itself; closed ones are left out."""
    service = service_of(request)
    return replies.reply(await service.call(_all, project, service.now()))


@post(
    "/v1/projects/{project:int}/sandboxes",
    opt={
        "roles": OPERATORS,
        "body": wire.SandboxCreate,
        "returns": {201: wire.Sandbox},
        "problems": {409: "the project is a sandbox, or has too little to copy"},
    },
    operation_id="create_sandbox",
    tags=["sandboxes"],
)
async def create_sandbox(request: Call, project: ProjectId) -> Response[bytes]:
    """Copy a project to try knobs of its policy on the copy: no customer sees it, nothing of it is delivered.

    It is a project with an id of its own; `{"state": "closed"}` ends it.
    """
    content = await read(request)
    asked = decode(content, _create)
    service = service_of(request)
    draft = SandboxDraft(asked.name, asked.tasks, asked.benchmarks, asked.policy)

    async def act() -> Response[bytes]:
        return replies.reply(await service.call(_made, project, draft, service.now()), 201)

    return await once(request, Fingerprint(request, content), act)


@post(
    "/v1/projects/{project:int}/sandboxes/{sandbox:int}/warm",
    opt={"roles": OPERATORS, "body": wire.SandboxWarm, "returns": {200: wire.Sandbox}},
    operation_id="warm_sandbox",
    tags=["sandboxes"],
    status_code=200,
)
async def warm_sandbox(request: Call, project: ProjectId, sandbox: SandboxId) -> Response[bytes]:
    """Give people the sandbox's work while no real work waits for them, within a day's budget; 0 ends it."""
    asked = await bodies.body(request, _warm)
    service = service_of(request)
    return replies.reply(await service.call(_warmed, project, sandbox, asked.per_day, service.now()))


@post(
    "/v1/projects/{project:int}/sandboxes/{sandbox:int}/promote",
    opt={
        "roles": OPERATORS,
        "returns": {200: wire.PolicyTurned},
        "problems": {409: "nothing would change, or the policy was changed meanwhile"},
    },
    operation_id="promote_sandbox",
    tags=["sandboxes"],
    status_code=200,
)
async def promote_sandbox(request: Call, project: ProjectId, sandbox: SandboxId) -> Response[bytes]:
    """Give the project the knobs that the sandbox tried, as a new version of its policy."""
    service, account = service_of(request), request.user.account

    async def act() -> Response[bytes]:
        made = await service.call(_promoted, project, sandbox, service.now(), account)
        return replies.reply(turned(made))

    return await once(request, Fingerprint(request), act)


def _all(db: Database, project: int, now: datetime) -> wire.Sandboxes:
    projects.get(db, project, None)  # or there is none
    original = sandboxes.outcome(db, project, now)
    found = sandboxes.list_(db, project, now)
    return wire.Sandboxes(original=_became(original), sandboxes=[_shown(db, one, now) for one in found])


def _made(db: Database, project: int, draft: SandboxDraft, now: datetime) -> wire.Sandbox:
    made = sandboxes.create(db, project, draft, now)
    return _shown(db, sandboxes.find(db, made.id, now), now)


def _warmed(db: Database, project: int, sandbox: int, per_day: int, now: datetime) -> wire.Sandbox:
    sandboxes.check_of(db, project, sandbox, now)
    sandboxes.set_warm(db, sandbox, per_day, now)
    return _shown(db, sandboxes.find(db, sandbox, now), now)


def _promoted(db: Database, project: int, sandbox: int, now: datetime, account: int | None) -> Turned:
    sandboxes.check_of(db, project, sandbox, now)
    return sandboxes.promote(db, sandbox, now, account)


def _shown(db: Database, found: Sandbox, now: datetime) -> wire.Sandbox:
    return wire.Sandbox(
        **asdict(found),
        tries=sandboxes.differences(db, found.id),
        outcome=_became(sandboxes.outcome(db, found.id, now)),
    )


def _became(found: Outcome) -> wire.SandboxOutcome:
    return wire.SandboxOutcome(**asdict(found))
