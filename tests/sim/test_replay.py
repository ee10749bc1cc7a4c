"""A recorded crowd goes through the whole loop, live over HTTP and as it was recorded."""

import os
from pathlib import Path
from typing import Any

import pytest

from goldvein.domain.errors import InvalidInput
from goldvein.sim.plan import Plan, check_mode
from goldvein.sim.recorded import load_crowd
from goldvein.sim.replay import replay
from goldvein.store.embedded import EmbeddedServer
from tests.sim.crowds import write_crowd

GOOD, BAD = 0.93, 0.3
CROWD = [GOOD] * 7 + [BAD] * 2
POLICY = {"quality_bar": 0.7, "open_at": 15}


def _replay(server: EmbeddedServer, path: Path, **plan: Any) -> dict[str, Any]:
    crowd = load_crowd(path)
    shown: list[tuple[str, int, int]] = []
    report = replay(
        server.url,
        Plan(crowd, check_mode(crowd, plan.pop("mode", None)), policy=POLICY, **plan),
        lambda what, done, total: shown.append((what, done, total)),
    )
    assert shown
    return report


def test_a_full_matrix_is_replayed_live(embedded_server: EmbeddedServer, tmp_path: Path) -> None:
    """Every task gets one label, better than the crowd's mean; nobody bad delivers; the proof holds."""
    report = _replay(embedded_server, write_crowd(tmp_path, CROWD), trusted_top=4, seed=1)

    assert report["mode"] == "live"
    assert report["verify"] == "ok", report["broken"]
    assert (report["left_over"], report["delivered"]) == (0, 120)
    assert report["accuracy_delivered"] > report["accuracy_all"] + 0.05
    assert report["gain"]["low"] > 0
    assert report["benchmarks"]["mined"] >= 15
    assert 0 < report["opened_after_answers"] < report["answers"]
    bad = [line for line in report["labelers"] if line["id"] in {"p7", "p8"}]
    assert all(line["p_good"] is None or line["p_good"] < 0.5 for line in bad)
    assert not {"p7", "p8"} & set(report["trusted"])


def test_a_report_has_every_key_that_readers_rely_on(embedded_server: EmbeddedServer, tmp_path: Path) -> None:
    """The keys are a contract."""
    report = _replay(
        embedded_server, write_crowd(tmp_path, CROWD, share=0.8), trusted_names=["p0", "p1", "p2", "p3"]
    )

    assert {
        "answers", "delivered", "held", "discarded", "accuracy_all", "accuracy_delivered", "benchmark_share",
        "benchmarks", "opened_after_answers", "skill_correlation", "labelers", "latency_seconds", "verify",
    } <= set(report)  # fmt: skip
    assert {"mined", "active", "wrong_keys"} <= set(report["benchmarks"])
    assert {"p50", "p95"} <= set(report["latency_seconds"])
    for line in report["labelers"]:
        assert {"id", "answers", "benchmarks", "accuracy", "estimate", "p_good", "state"} <= set(line)


@pytest.mark.parametrize("clock", [False, True])
def test_a_sparse_record_is_replayed_as_it_was(
    embedded_server: EmbeddedServer, tmp_path: Path, clock: bool
) -> None:
    """The first answer that passes the gate is the label; the rest is counted, and the proof holds."""
    path = write_crowd(tmp_path, CROWD * 2, share=0.6, clock=clock, tasks=150)

    report = _replay(embedded_server, path, trusted_top=8, seed=2)

    assert report["mode"] == "as-recorded"
    assert report["verify"] == "ok", report["broken"]
    assert sum(report["rows"].values()) == report["recorded_answers"]
    assert report["answers"] == report["recorded_answers"] - report["rows"]["ignored"]
    assert report["delivered"] > 50
    assert report["accuracy_delivered"] > report["accuracy_all"]


def test_as_recorded_with_one_seed_gives_one_report(embedded_server: EmbeddedServer, tmp_path: Path) -> None:
    """A replay can be repeated: only what a clock measured differs."""
    path = write_crowd(tmp_path, CROWD, share=0.8)
    first, second = (_replay(embedded_server, path, trusted_top=4, seed=5) for _ in range(2))

    assert {**first, "seconds": 0} == {**second, "seconds": 0}


def test_marked_benchmarks_test_people_without_a_panel(
    embedded_server: EmbeddedServer, tmp_path: Path
) -> None:
    """Tasks marked as benchmarks have their truth as a key by hand, and nobody needs to be trusted."""
    path = write_crowd(tmp_path, CROWD, share=0.9)
    lines = path.read_text(encoding="utf-8").splitlines()
    marked = [lines[0] + ",benchmark"] + [
        f"{line},{int(int(line.split(',')[0][1:]) < 30)}" for line in lines[1:]
    ]
    path.write_text("\n".join(marked) + "\n", encoding="utf-8")

    report = _replay(embedded_server, path, mode="as-recorded")

    assert report["verify"] == "ok", report["broken"]
    assert report["benchmarks"]["active"] >= 30
    assert report["opened_after_answers"] == 0
    assert report["delivered"] > 40


def test_nobody_to_trust_is_an_error_with_a_way_out(tmp_path: Path) -> None:
    """Without a panel and without benchmarks nobody could be tested."""
    plan = Plan(load_crowd(write_crowd(tmp_path, CROWD)), "live")

    with pytest.raises(InvalidInput, match="--trusted-top N"):
        plan.trusted(plan.ordered())


def test_a_sparse_record_cannot_be_live(tmp_path: Path) -> None:
    """A live replay may ask anybody for anything."""
    with pytest.raises(InvalidInput, match="use --mode as-recorded"):
        check_mode(load_crowd(write_crowd(tmp_path, CROWD, share=0.5)), "live")


def test_the_trusted_are_those_who_agree_most(tmp_path: Path) -> None:
    """One-coin agreement on the early answers finds the good ones without any truth."""
    plan = Plan(load_crowd(write_crowd(tmp_path, CROWD, tasks=300)), "live", trusted_top=5)

    assert set(plan.trusted(plan.ordered())) <= set(range(7))


def _data() -> Path:
    folder = Path(os.environ.get("GOLDVEIN_TEST_DATA", Path(__file__).parents[3] / "shared" / "data"))
    if not (folder / "object_recognition").is_dir():
        pytest.skip(f"the recorded crowds are not at {folder}: set GOLDVEIN_TEST_DATA to their folder")
    return folder


@pytest.mark.slow
def test_edge_is_replayed_with_a_gain(embedded_server: EmbeddedServer) -> None:
    """Real people: labels are better than the mean of all answers to the same tasks."""
    crowd = load_crowd(_data() / "object_recognition" / "edge.csv")
    plan = Plan(crowd, check_mode(crowd, None), seed=1, trusted_top=4, policy={"quality_bar": 0.76})

    report = replay(embedded_server.url, plan, lambda *_: None)

    assert report["verify"] == "ok", report["broken"]
    assert report["delivered"] == len(crowd.tasks)
    assert report["accuracy_delivered"] > report["accuracy_all"]


@pytest.mark.slow
def test_sentiment_is_replayed_as_recorded(embedded_server: EmbeddedServer) -> None:
    """Five classes, a hundred people, a sparse record: labels are better than the mean answer."""
    crowd = load_crowd(_data() / "sentiment" / "cf_amt.csv")
    plan = Plan(crowd, check_mode(crowd, None), seed=1, trusted_top=30, policy={"quality_bar": 0.7})

    report = replay(embedded_server.url, plan, lambda *_: None)

    assert report["verify"] == "ok", report["broken"]
    assert report["delivered"] > 250
    assert report["gain"]["low"] > 0
