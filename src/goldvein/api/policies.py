"""Versions of a project's policy: listed, and the way back. `PATCH /v1/projects/{project}` makes one."""

from datetime import datetime
from itertools import pairwise

import msgspec
from litestar import Response, get, post

from goldvein import wire
from goldvein.api import replies
from goldvein.api.access import CUSTOMERS, visible_project
from goldvein.api.bodies import decode, read
from goldvein.api.idempotent import Fingerprint, once
from goldvein.api.projects import ProjectId
from goldvein.api.service import Call, service_of
from goldvein.services import promoting
from goldvein.services.promoting import Turned
from goldvein.store.database import Database

_revert = msgspec.json.Decoder(wire.PolicyRevert)


@get(
    "/v1/projects/{project:int}/policy/versions",
    opt={"roles": CUSTOMERS, "returns": {200: wire.PolicyVersions}},
    operation_id="list_policy_versions",
    tags=["projects"],
)
async def list_policy_versions(request: Call, project: ProjectId) -> Response[bytes]:
    """List the versions of a project's policy, the latest first, each with what it turned."""
    await visible_project(request, project)
    return replies.reply(await service_of(request).call(_versions, project))


@post(
    "/v1/projects/{project:int}/policy/revert",
    opt={
        "roles": CUSTOMERS,
        "body": wire.PolicyRevert,
        "returns": {200: wire.PolicyTurned},
        "problems": {409: "nothing would change, or the policy was changed meanwhile"},
    },
    operation_id="revert_policy",
    tags=["projects"],
    status_code=200,
)
async def revert_policy(request: Call, project: ProjectId) -> Response[bytes]:
    """Give a project the values of an earlier version again, as a new version; the last but one unless named.

    Labels that were delivered meanwhile, and people who were dismissed, stay so.
    """
    content = await read(request)
    asked = decode(content, _revert)
    await visible_project(request, project)
    service, account = service_of(request), request.user.account

    async def act() -> Response[bytes]:
        made = await service.call(_reverted, project, service.now(), asked.version, account)
        return replies.reply(turned(made))

    return await once(request, Fingerprint(request, content), act)


def turned(made: Turned) -> wire.PolicyTurned:
    """Show what was turned."""
    return wire.PolicyTurned(
        project=made.project, version=made.version, before=made.before, turned=dict(made.knobs)
    )


def _reverted(db: Database, project: int, now: datetime, version: int | None, account: int | None) -> Turned:
    return promoting.revert(db, project, now, version, account)


def _versions(db: Database, project: int) -> wire.PolicyVersions:
    found = promoting.versions(db, project)
    shown = [
        wire.PolicyVersion(
            version=later.version,
            made_at=later.made_at,
            made_by=later.login,
            turned={
                name: (earlier.policy[name], value)
                for name, value in later.policy.items()
                if earlier.policy.get(name, value) != value
            },
        )
        for later, earlier in pairwise([*found, found[-1]])
    ]
    return wire.PolicyVersions(versions=shown)
