"""Accuracy on benchmarks and on traffic, and the operating characteristic, on the services' own data."""

import json

import pytest

from goldvein.domain.errors import NotFound
from goldvein.domain.policy import Policy
from goldvein.services import quality
from goldvein.services.characteristic import Busy, _kept, operating_characteristic
from goldvein.store.database import Database
from tests.services.town import Town, guesses, knows


def mined_town(db: Database) -> Town:
    """A project that mined its benchmarks from its own tasks, with people who deliver."""
    town = Town(db, {"open_at": 12, "benchmarks_per_labeler": 8})
    town.push(160)
    for n in range(5):
        town.hire(f"trusted {n}", knows(0.95), "trusted")
    for n in range(4):
        town.hire(f"good {n}", knows(0.95))
    town.hire("clicker", guesses)
    town.run(45)
    return town


def test_accuracy_on_traffic_comes_from_all_that_was_mined(db: Database) -> None:
    """With its interval, beside that on benchmarks; the same question gets the same answer."""
    town = mined_town(db)
    report = json.loads(json.dumps(quality.report(db, 1, town.now)))
    standings = report["standings"]
    assert standings["delivering"] >= 3
    for name in ("benchmarks", "traffic"):
        low, high = standings[f"accuracy_on_{name}_interval"]
        assert low <= standings[f"accuracy_on_{name}"] <= high
        assert standings[f"accuracy_on_{name}_reason"] is None
        assert 0.8 < standings[f"accuracy_on_{name}"] <= 1
    assert standings["accuracy_on_traffic"] < standings["accuracy_on_benchmarks"] + 0.02
    assert report["operating_characteristic"] is None
    assert quality.report(db, 1, town.now)["standings"] == standings


def test_too_little_is_said_to_be_too_little(db: Database) -> None:
    """Null with the reason: not opened, nobody delivers, nothing mined."""
    town = Town(db)
    before = quality.report(db, 1, town.now)["standings"]
    assert before["accuracy_on_benchmarks"] is None
    assert "not opened" in before["accuracy_on_traffic_reason"]
    town.open_by_hand(50)
    waiting = quality.report(db, 1, town.now)["standings"]
    assert "nobody delivers" in waiting["accuracy_on_benchmarks_reason"]
    town.push(60)
    town.hire("good", knows(1.0))
    town.run(40)
    by_hand = quality.report(db, 1, town.now)["standings"]
    assert by_hand["accuracy_on_benchmarks"] > 0.8
    assert by_hand["accuracy_on_traffic"] is None
    assert "0 tasks" in by_hand["accuracy_on_traffic_reason"]


def test_the_operating_characteristic_of_a_project(db: Database) -> None:
    """Computed on demand, kept while nothing changes, in plain JSON; refused while another is under way."""
    town = Town(db)
    early = operating_characteristic(db, 1)
    assert not early["computed"]
    assert "not opened" in early["reason"]
    town.open_by_hand(40)
    found = operating_characteristic(db, 1)
    assert json.loads(json.dumps(found)) == found
    assert operating_characteristic(db, 1) == found
    assert found["benchmarks"] == 40
    assert found["target"] == pytest.approx(1 - Policy().deliver_at)
    assert found["simulated"]["benchmarks_each"] == 40
    assert found["versions"] == {"policy": 1, "model": 1}
    asked = quality.report(db, 1, town.now, characteristic=True)["operating_characteristic"]
    assert asked == found
    with _kept._working, pytest.raises(Busy):
        operating_characteristic(db, 1, target=0.03)
    with pytest.raises(NotFound):
        operating_characteristic(db, 99)
