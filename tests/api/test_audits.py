"""Audits over HTTP: tasks answered again, what the filter is worth, rulings."""

from __future__ import annotations

from goldvein.services import audits, filter_checks
from tests.api.world import World
from tests.services.test_audits import POLICY
from tests.services.town import Town, guesses, knows


def audited_town(world: World) -> Town:
    """People with ordinary work behind them, some of whom are audited."""
    town = Town(world.db, POLICY)
    town.open_by_hand(80)
    town.push(800)
    for n in range(5):
        town.hire(f"good {n} of {town.project.id}", knows(0.95))
    town.hire(f"bad of {town.project.id}", guesses)
    town.run(50)
    assert audits.draw(world.db, town.project.id, town.now)
    return town


def test_an_auditor_answers_again_over_http(world: World) -> None:
    """Taken in hand, renewed, answered once; what was given back is passed over; cursors are checked."""
    town = audited_town(world)
    project = town.project.id
    with world.client("auditor") as client:
        first = client.post("/v1/audit/work/next", json={"project": project}).json()
        assert set(first) == {
            "project", "piece", "instruction", "type", "input", "claimed_until", "place",
        }  # fmt: skip
        base = f"/v1/audit/work/{project}"
        renewed = client.post(f"{base}/{first['piece']}/renew")
        assert renewed.json()["claimed_until"] >= first["claimed_until"]
        for body in ({}, {"unclear": True, "answer": {"choice": 0}}, {"answer": {"choice": 99}}):
            assert client.post(f"{base}/{first['piece']}/answer", json=body).status_code == 422
        answered = client.post(f"{base}/{first['piece']}/answer", json={"answer": {"choice": 0}})
        assert answered.status_code == 204
        twice = client.post(f"{base}/{first['piece']}/answer", json={"unclear": True})
        assert (twice.status_code, twice.json()["code"]) == (404, "piece_unknown")
        second = client.post("/v1/audit/work/next", json={"project": project}).json()
        assert client.post(f"{base}/{second['piece']}/release").status_code == 204
        gone = client.post(f"{base}/{second['piece']}/renew")
        assert (gone.status_code, gone.json()["code"]) == (409, "piece_not_in_hand")
        third = client.post("/v1/audit/work/next", json={"project": project, "after": second["place"]}).json()
        assert third["piece"] != second["piece"]
        for cursor in ("x", "1~2", "nan~1~1", "5~1~1"):
            assert client.post("/v1/audit/work/next", json={"after": cursor}).status_code == 422
        assert client.post("/v1/audit/work/next", json={"project": world.project}).status_code == 204


def test_the_filter_is_read_and_people_are_ruled_on(world: World) -> None:
    """Estimates for those who watch; a ruling has a reason, and what is so already is refused."""
    town = audited_town(world)
    project, labeler = town.project.id, town.names[f"good 1 of {town.project.id}"]
    with world.client("auditor") as client:
        while (asked := client.post("/v1/audit/work/next", json={"project": project})).status_code == 200:
            texts = asked.json()["input"]["options"]
            right = next(at for at, text in enumerate(texts) if text.startswith("right"))
            path = f"/v1/audit/work/{project}/{asked.json()['piece']}/answer"
            assert client.post(path, json={"answer": {"choice": right}}).status_code == 204
    assert client_get(world, project) == []
    audits.settle_due(world.db, project, town.now)
    assert filter_checks.check(world.db, project, town.now) is not None
    (check,) = client_get(world, project)
    assert check["found"]["bad_delivering"]["low"] <= check["found"]["bad_delivering"]["high"]
    with world.client("operator") as client:
        path = f"/v1/projects/{project}/labelers/{labeler}/ruling"
        assert client.post(path, json={"ruling": "dismiss", "reason": ""}).status_code == 422
        assert client.post(path, json={"ruling": "dismiss", "reason": "shared an account"}).status_code == 204
        again = client.post(path, json={"ruling": "dismiss", "reason": "once more"})
        assert (again.status_code, again.json()["code"]) == (409, "ruling_needless")
        assert client.post(path, json={"ruling": "readmit", "reason": "cleared up"}).status_code == 204
        nobody = client.post(path.replace(str(labeler), "99999"), json={"ruling": "dismiss", "reason": "x"})
        assert nobody.status_code == 404


def client_get(world: World, project: int) -> list[dict[str, dict[str, dict[str, float]]]]:
    """Estimates, as operators read them."""
    with world.client("operator") as client:
        items: list[dict[str, dict[str, dict[str, float]]]] = client.get(
            f"/v1/projects/{project}/filter"
        ).json()["items"]
    return items


def test_nobody_rules_on_themselves(world: World) -> None:
    """An auditor works as well, and is judged as everybody is."""
    town = audited_town(world)
    (own,) = town.rows("SELECT id FROM labelers WHERE name = 'a auditor'")[0]
    place = f"/v1/projects/{town.project.id}/labelers/{own}/ruling"
    for ruling in ("readmit", "dismiss"):
        with world.client("auditor") as client:
            refused = client.post(place, json={"ruling": ruling, "reason": "I say so"})
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
        with world.client("operator") as client:
            assert client.post(place, json={"ruling": ruling, "reason": "y"}).status_code == 404
