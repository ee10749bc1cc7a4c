"""``goldvein characteristic``: a table and sentences, JSON, a picture, and plain errors."""

import json
import sys
from pathlib import Path

import pytest

from goldvein.store.database import Database
from tests.cli.conftest import Run
from tests.services.town import Town


@pytest.fixture
def opened(database_url: str) -> None:
    """A project that is open with benchmarks made by hand."""
    with Database(database_url, pool_size=2) as db:
        Town(db).open_by_hand(30)


def test_it_prints_a_table_and_what_it_means(on_database: Run, opened: None) -> None:
    """One line for each ability and shortcut, then sentences."""
    output = on_database("characteristic", "1").output
    for text in ("random", "not good", "one logit over the bar", "would take", "dismissed"):
        assert text in output


def test_it_writes_json_and_a_picture(on_database: Run, opened: None, tmp_path: Path) -> None:
    """JSON alone on standard output; the picture where it was asked for."""
    pytest.importorskip("matplotlib")
    picture = tmp_path / "characteristic.svg"
    result = on_database("characteristic", "1", "--target", "0.1", "--json", "-", "--plot", str(picture))
    found = json.loads(result.stdout)
    assert found["target"] == 0.1
    assert "<svg" in picture.read_text("utf-8")


def test_errors_are_plain(
    on_database: Run, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No such project, one that has not opened, and no library for pictures: one line each."""
    with Database(database_url, pool_size=2) as db:
        Town(db)
    assert "no project 9" in on_database("characteristic", "9", code=1).output
    assert "not opened" in on_database("characteristic", "1", code=1).output
    monkeypatch.setitem(sys.modules, "matplotlib.backends.backend_agg", None)
    missing = on_database("characteristic", "1", "--plot", str(tmp_path / "a.png"), code=1)
    assert "goldvein[plot]" in missing.output
