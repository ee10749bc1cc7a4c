"""Operating by the client: people and keys, alerts, the filter, policies that are tried."""

import uuid
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal, TypeVar

import msgspec

from goldvein import wire
from goldvein.client.http import Ask, Transport
from goldvein.client.parts import parts

T = TypeVar("T")


class OperatorCalls:
    """What operators do beside what customers may; versions of a policy are customers' too."""

    _transport: Transport

    # --- people and keys --------------------------------------------------------------------------

    def create_customer(self, name: str) -> wire.Customer:
        """Make a customer."""
        return self._once("/v1/customers", wire.Customer, wire.CustomerCreate(name=name))

    def customers(self) -> Iterator[wire.Customer]:
        """Iterate over customers by id."""
        after: int | None = 0
        while after is not None:
            page = self._read(Ask("GET", "/v1/customers", params={"after": after}), wire.Customers)
            yield from page.customers
            after = page.next

    def create_labelers(
        self, names: Iterable[str], *, role: wire.LabelerRole = "labeler", keys: bool = True
    ) -> list[wire.Labeler]:
        """Make labelers of one role; with ``keys``, each with a key that is shown this once."""
        made: list[wire.Labeler] = []
        for part in parts(names, 1_000):
            shape = wire.LabelerCreate(
                labelers=[wire.LabelerNew(name=name, role=role) for name in part], keys=keys
            )
            made += self._once("/v1/labelers", wire.Labelers, shape).labelers
        return made

    def labelers(self) -> Iterator[wire.Labeler]:
        """Iterate over labelers by id."""
        after: int | None = 0
        while after is not None:
            page = self._read(Ask("GET", "/v1/labelers", params={"after": after}), wire.Labelers)
            yield from page.labelers
            after = page.next

    def change_labeler(self, labeler: int, role: wire.LabelerRole) -> wire.Labeler:
        """Give a labeler another role."""
        shape = wire.LabelerChange(role=role)
        return self._read(Ask("PATCH", f"/v1/labelers/{labeler}", shape), wire.Labeler)

    def create_key(
        self,
        name: str,
        *,
        customer: int | None = None,
        labeler: int | None = None,
    ) -> wire.Key:
        """Make a key of one customer or one labeler; one of an operator is an admin's to make."""
        shape = wire.KeyCreate(name=name, customer=customer, labeler=labeler)
        return self._once("/v1/keys", wire.Key, shape)

    def revoke_key(self, key: int) -> None:
        """End a key."""
        self._transport.send(Ask("DELETE", f"/v1/keys/{key}"))

    # --- the filter -------------------------------------------------------------------------------

    def filter_checks(self, project: int, *, limit: int = 100) -> list[wire.FilterCheck]:
        """Read how often the filter erred by audits, with intervals, the latest estimate first."""
        ask = Ask("GET", f"/v1/projects/{project}/filter", params={"limit": limit})
        return self._read(ask, wire.FilterChecks).items

    def rule(self, project: int, labeler: int, ruling: Literal["readmit", "dismiss"], *, reason: str) -> None:
        """Let somebody in again who was dismissed, or dismiss somebody; the reason stands in the log."""
        shape = wire.Ruling(ruling=ruling, reason=reason)
        self._transport.send(
            Ask("POST", f"/v1/projects/{project}/labelers/{labeler}/ruling", shape, repeatable=False)
        )

    # --- alerts -----------------------------------------------------------------------------------

    def alerts(self, project: int | None = None, *, only_open: bool = False) -> Iterator[wire.WatchedAlert]:
        """Iterate over alerts, the latest first."""
        params: dict[str, Any] = {"limit": 200, "open": "true" if only_open else "false"}
        if project is not None:
            params["project"] = project
        while True:
            page = self._read(Ask("GET", "/v1/alerts", params=params), wire.WatchedAlerts)
            yield from page.alerts
            if page.next is None:
                return
            params["before"] = page.next

    def alert(self, project: int, alert: int) -> wire.AlertLook:
        """Read an alert, and whom it was told to."""
        return self._read(Ask("GET", f"/v1/projects/{project}/alerts/{alert}"), wire.AlertLook)

    def acknowledge_alert(self, project: int, alert: int) -> wire.WatchedAlert:
        """Say that you look after an alert; whoever said so first stays."""
        ask = Ask("POST", f"/v1/projects/{project}/alerts/{alert}/acknowledge")
        return self._read(ask, wire.WatchedAlert)

    def mute_alert(self, project: int, alert: int, *, hours: float) -> wire.WatchedAlert:
        """Let no channel be told of alerts like this one for some hours; 0 ends that."""
        ask = Ask("POST", f"/v1/projects/{project}/alerts/{alert}/mute", wire.AlertMute(hours=hours))
        return self._read(ask, wire.WatchedAlert)

    def alert_rules(self, project: int) -> wire.AlertRules:
        """Read which metrics are watched, and what their ranges rest upon."""
        return self._read(Ask("GET", f"/v1/projects/{project}/alert-rules"), wire.AlertRules)

    def change_alert_rules(
        self, project: int, rules: Mapping[str, Mapping[str, Any] | None], *, version: int | None = None
    ) -> wire.AlertRules:
        """Change the rules that you name, such as ``{"held_share": {"on": False}}``; None: the default again.

        With ``version``, only if nobody has changed them since you read that one.
        """
        body = {"rules": rules} if version is None else {"rules": rules, "version": version}
        return self._read(Ask("PATCH", f"/v1/projects/{project}/alert-rules", body), wire.AlertRules)

    def alert_channels(self) -> list[wire.Channel]:
        """List who is told of alerts, without secrets."""
        return self._read(Ask("GET", "/v1/alert-channels"), wire.Channels).channels

    def create_alert_channel(
        self, kind: Literal["email", "apprise"], target: str, *, project: int | None = None
    ) -> wire.Channel:
        """Have alerts of a project, or of all, told from now on."""
        shape = wire.ChannelCreate(kind=kind, target=target, project=project)
        return self._safely("/v1/alert-channels", wire.Channel, shape)

    def delete_alert_channel(self, channel: int) -> None:
        """Tell a channel nothing any more."""
        self._transport.send(Ask("DELETE", f"/v1/alert-channels/{channel}"))

    def test_alert_channel(self, channel: int) -> str | None:
        """Send a test message now; what went wrong, or None where it was taken."""
        return self._safely(f"/v1/alert-channels/{channel}/test", wire.ChannelTest).error

    # --- policies, and sandboxes to try one -------------------------------------------------------

    def policy_versions(self, project: int) -> list[wire.PolicyVersion]:
        """List the versions of a project's policy, the latest first; ``change_project`` makes one."""
        ask = Ask("GET", f"/v1/projects/{project}/policy/versions")
        return self._read(ask, wire.PolicyVersions).versions

    def revert_policy(self, project: int, *, version: int | None = None) -> wire.PolicyTurned:
        """Give a project the policy of an earlier version again: the last but one, unless you name it."""
        shape = wire.PolicyRevert(version=version)
        return self._safely(f"/v1/projects/{project}/policy/revert", wire.PolicyTurned, shape)

    def sandboxes(self, project: int) -> wire.Sandboxes:
        """List the sandboxes of a project beside the project itself."""
        return self._read(Ask("GET", f"/v1/projects/{project}/sandboxes"), wire.Sandboxes)

    def create_sandbox(
        self, project: int, *, policy: Mapping[str, float] | None = None, name: str = "",
        tasks: int = 1_000, benchmarks: int = 60,
    ) -> wire.Sandbox:  # fmt: skip
        """Copy a project to try knobs of its policy on the copy; no customer sees it."""
        shape = wire.SandboxCreate(name=name, tasks=tasks, benchmarks=benchmarks, policy=dict(policy or {}))
        return self._safely(f"/v1/projects/{project}/sandboxes", wire.Sandbox, shape)

    def warm_sandbox(self, project: int, sandbox: int, *, per_day: int) -> wire.Sandbox:
        """Give people its work while no real work waits for them, so much a day; 0 ends it."""
        ask = Ask(
            "POST", f"/v1/projects/{project}/sandboxes/{sandbox}/warm", wire.SandboxWarm(per_day=per_day)
        )
        return self._read(ask, wire.Sandbox)

    def promote_sandbox(self, project: int, sandbox: int) -> wire.PolicyTurned:
        """Give the project the knobs that the sandbox tried, as a new version of its policy."""
        return self._safely(f"/v1/projects/{project}/sandboxes/{sandbox}/promote", wire.PolicyTurned)

    # ----------------------------------------------------------------------------------------------

    def _once(self, path: str, shape: type[T], body: Any) -> T:
        """Send a POST whose answer may hold a key: the server keeps no copy that a second try could get."""
        return self._read(Ask("POST", path, body, repeatable=False), shape)

    def _safely(self, path: str, shape: type[T], body: Any = None) -> T:
        """Send a POST that may be sent again."""
        return self._read(Ask("POST", path, body, headers={"Idempotency-Key": str(uuid.uuid4())}), shape)

    def _read(self, ask: Ask, shape: type[T]) -> T:
        return msgspec.json.decode(self._transport.send(ask).content, type=shape)
