"""Operators and auditors by the client: policies are tried, alerts and people looked after."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from goldvein import client as package
from goldvein.api.app import ROUTES
from goldvein.bootstrap import running_server
from goldvein.client import GoldveinClient, InvalidRequest, NotThere, Refused
from goldvein.services import keys
from goldvein.services.alarms import open_alarm
from goldvein.store.database import Database
from tests.services.town import Town, knows

NOT_ASKED = {
    "/v1/openapi.json",
    "/healthz",
    "/metrics",
    "/v1/projects/{}/labels/stream",  # the same events come by `events`
}


@pytest.fixture(scope="module")
def town(module_database_url: str) -> Iterator[Town]:
    """An open project with some labels."""
    with Database(module_database_url, pool_size=2) as db:
        policy = {"open_at": 12, "rate_ceiling": 0.4, "audit_labelers": 0}
        town = Town(db, policy, now=datetime.now(UTC) - timedelta(hours=1))
        town.open_by_hand(40)
        for n in range(5):
            town.hire(f"good {n}", knows(0.97))
        town.push(40)
        town.run(20)
        yield town


@pytest.fixture(scope="module")
def base(module_database_url: str, town: Town) -> Iterator[str]:
    with running_server(module_database_url, seed=1) as base:
        yield base


@pytest.fixture(scope="module")
def operator(town: Town, base: str) -> Iterator[GoldveinClient]:
    token = keys.issue(town.db, "operator", None, "k", datetime.now(UTC))
    with GoldveinClient(base, token) as client:
        yield client


def test_a_policy_is_tried_put_to_work_and_taken_back(
    operator: GoldveinClient, town: Town, base: str
) -> None:
    """A sandbox is made with knobs, listed beside its original, kept warm, promoted; versions tell of it."""
    project = town.project.id
    made = operator.create_sandbox(project, policy={"deliver_at": 0.8}, name="looser", tasks=20)
    assert (made.of, made.name, made.state, made.tries) == (
        project,
        "looser",
        "open",
        {"deliver_at": (0.9, 0.8)},
    )
    assert operator.warm_sandbox(project, made.id, per_day=300).warm_per_day == 300
    listed = operator.sandboxes(project)
    assert [one.id for one in listed.sandboxes] == [made.id]
    assert listed.sandboxes[0].outcome.answers == 0

    turned = operator.promote_sandbox(project, made.id)
    assert (turned.project, turned.before, turned.version) == (project, 1, 2)
    assert turned.turned == {"deliver_at": (0.9, 0.8)}
    token = keys.issue(town.db, "customer", town.customer, "k", datetime.now(UTC))
    with GoldveinClient(base, token) as customer:
        assert [one.turned for one in customer.policy_versions(project)] == [{"deliver_at": (0.9, 0.8)}, {}]
        assert customer.revert_policy(project).version == 3
        with pytest.raises(NotThere) as unknown:
            customer.revert_policy(project, version=9)
        assert unknown.value.code == "version_unknown"
    assert operator.project(project).policy["deliver_at"] == 0.9


def test_what_cannot_be_tried(operator: GoldveinClient, town: Town) -> None:
    """A copy of a copy, an unknown knob, a sandbox of another project, a project that there is not."""
    project = town.project.id
    made = operator.create_sandbox(project, tasks=5)
    with pytest.raises(Refused) as twice:
        operator.create_sandbox(made.id)
    with pytest.raises(InvalidRequest) as wrong:
        operator.create_sandbox(project, policy={"delivr_at": 0.9})
    with pytest.raises(NotThere) as elsewhere:
        operator.promote_sandbox(project + 1_000, made.id)
    with pytest.raises(NotThere) as nowhere:
        operator.sandboxes(999_999)
    codes = [one.value.code for one in (twice, wrong, elsewhere, nowhere)]
    assert codes == ["sandbox_of_sandbox", "policy_invalid", "no_sandbox", "project_unknown"]
    assert operator.change_project(made.id, state="closed").state == "closed"
    assert made.id not in [one.id for one in operator.sandboxes(project).sandboxes]


def test_alerts_rules_and_channels(operator: GoldveinClient, town: Town) -> None:
    """Listed, acknowledged and muted; rules are changed; who is told is added and taken away."""
    project = town.project.id
    with town.db.transaction() as tx:
        made = open_alarm(tx, project, "low", "agreement_raw", {"value": 0.5}, datetime.now(UTC))
    assert made is not None
    assert [one.id for one in operator.alerts(project, only_open=True)] == [made]
    assert operator.alert(project, made).notices == []
    assert operator.acknowledge_alert(project, made).acknowledged_by
    assert operator.mute_alert(project, made, hours=2).muted_until is not None

    version = operator.alert_rules(project).version
    changed = operator.change_alert_rules(project, {"held_share": {"on": False}}, version=version)
    assert changed.overrides == {"held_share": {"on": False}}
    with pytest.raises(Refused):
        operator.change_alert_rules(project, {"held_share": None}, version=version)

    with pytest.raises(InvalidRequest) as unreachable:
        operator.create_alert_channel("email", "ops@label.example", project=project)
    assert unreachable.value.code == "no_mail_server"
    assert operator.alert_channels() == []


def test_people_are_listed_page_by_page(operator: GoldveinClient, town: Town) -> None:
    """All of them, in the order of their ids; their standing is ruled on by hand."""
    made = operator.create_labelers([f"person {n}" for n in range(3)], keys=False)
    assert [one.name for one in made] == [one.name for one in operator.labelers()][-3:]
    assert town.customer in [one.id for one in operator.customers()]
    operator.rule(town.project.id, town.names["good 1"], "dismiss", reason="a test")
    operator.rule(town.project.id, town.names["good 1"], "readmit", reason="a test")
    assert operator.filter_checks(town.project.id) == []


def test_auditors_find_nothing_where_nothing_waits(town: Town, base: str) -> None:
    """None is a reply, no error."""
    auditor = keys.create_labeler(town.db, "an auditor", "auditor", datetime.now(UTC))
    token = keys.issue(town.db, "auditor", auditor, "k", datetime.now(UTC))
    with GoldveinClient(base, token) as client:
        assert client.next_doubt() is None
        assert client.next_second(project=town.project.id) is None


def test_the_client_reaches_every_address() -> None:
    """Whoever adds a route to the API adds a method to the client."""
    folder = Path(package.__file__).parent
    asked = {text for path in folder.glob("*.py") for text in _texts(ast.parse(path.read_text("utf-8")))}
    paths = {re.sub(r"\{[^}]*\}", "{}", path) for handler in ROUTES for path in handler.paths}
    assert paths - {text for text in asked if text.startswith("/v1/")} == NOT_ASKED


def _texts(tree: ast.AST) -> Iterator[str]:
    """Every text, with nothing in its gaps."""
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str(text)):
                yield text
            case ast.JoinedStr(values=parts):
                yield "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in parts)
