"""Rounds: every policy meets the same people; peers are brought to the same overhead; pictures are drawn."""

import sys
from pathlib import Path

import numpy as np
import pytest

from goldvein.sim.contest import table
from goldvein.sim.contest.figures import figures
from goldvein.sim.contest.plot import PlotError, check_plot, draw_contest, still_delivering, told_apart
from goldvein.sim.contest.rounds import (
    MATCHED,
    OURS,
    POLICIES,
    Contest,
    UnknownPolicyError,
    chosen,
    match_scale,
    play_round,
)
from goldvein.sim.contest.scenario import Scenario, scenario_from_dict

GROUPS = [
    {"kind": "honest", "share": 0.7, "accuracy": [0.75, 0.95]},
    {"kind": "random", "share": 0.15},
    {"kind": "sleeper", "share": 0.15, "accuracy": [0.75, 0.95], "after": 60, "becomes": "random"},
]


def small(size: int = 60, answers: int = 150) -> Scenario:
    return scenario_from_dict(
        {
            "seed": 5,
            "population": {"size": size, "answers_each": answers},
            "project": {"benchmarks": 120, "item_parameters": "given"},
            "labelers": GROUPS,
        },
        "small",
    )


def nothing(_what: str, _done: int) -> None:
    """Show no progress."""


@pytest.mark.parametrize("name", POLICIES)
def test_every_policy_plays(name: str) -> None:
    """Each policy goes through a contest, and nobody answers after a dismissal."""
    record = play_round(small(), name, 5)
    gone = record.dismissed_at >= 0
    after = np.arange(len(record.fate))[:, None] > np.where(gone, record.dismissed_at, len(record.fate))
    assert (record.fate[after] == 0).all()
    assert (record.fate[~after] != 0).all()


def test_a_seed_decides_all() -> None:
    """The same seed gives the same run; another one gives another."""
    first, again, other = (play_round(small(), "window", seed) for seed in (5, 5, 6))
    assert (first.fate == again.fate).all()
    assert (first.correct == again.correct).all()
    assert (first.fate != other.fate).any()


def test_policies_meet_the_same_people() -> None:
    """Kinds and changes do not depend on who plays."""
    ours, potato = (play_round(small(), name, 5) for name in (OURS, "potato"))
    assert (ours.kind_of == potato.kind_of).all()
    assert (ours.changed_at == potato.changed_at).all()


def test_a_contest_reports_what_was_played() -> None:
    """Every policy has its figures, every peer once more at our share of benchmarks."""
    contest = Contest(small(), ("potato", "fixed-rate"), 2, matched=True)
    saved: list[set[str]] = []
    contest.play(nothing, lambda report: saved.append(set(report["policies"])))
    report = contest.report()
    assert list(report["policies"]) == [OURS, "potato", "fixed-rate", "potato matched", "fixed-rate matched"]
    assert report["seeds"] == [5, 6]
    assert [len(names) for names in saved] == [1, 2, 3, 4, 5]
    ours = report["policies"][OURS]["benchmark_share"]
    assert report["policies"]["potato" + MATCHED]["benchmark_share"] == pytest.approx(ours, rel=0.25)
    for found in report["policies"].values():
        for name in table.COLUMNS:
            low, high = found["intervals"][name]
            assert np.isnan(found[name]) or low <= found[name] <= high


def test_progress_ends_where_it_said() -> None:
    """What is shown as done rises to what was announced."""
    contest = Contest(small(), ("fixed-rate", "potato"), 2)
    seen: list[int] = []
    contest.play(lambda _what, done: seen.append(done))
    assert seen == sorted(seen)
    assert seen[-1] == contest.answers == 2 * 2 * 60 * 150


def test_matching_finds_the_share() -> None:
    """A scale is found within few tries; what cannot be reached ends at the nearest end of the range."""
    tries: list[float] = []

    def share_at(scale: float) -> float:
        tries.append(scale)
        return 0.02 + 0.1 * float(scale**0.8)

    scale, share = match_scale(share_at, 0.06)
    assert share == pytest.approx(0.06, rel=0.02)
    assert share_at(scale) == share
    assert len(tries) < 7
    assert match_scale(share_at, 0.001)[0] < 0.12


def test_unknown_policies_are_named() -> None:
    """A wrong name is refused with the right ones; `all` is every policy."""
    assert chosen(("window", "window")) == ("window",)
    assert chosen(("window", "all")) == POLICIES
    with pytest.raises(UnknownPolicyError, match=r"potatoe.*mephisto"):
        chosen(("potatoe",))


def test_a_picture_is_drawn(tmp_path: Path) -> None:
    """The contest becomes a picture in the format of the file's ending."""
    contest = Contest(small(), ("fixed-rate", "window"), 1)
    contest.play(nothing)
    for ending, start in (("png", b"\x89PNG"), ("svg", b"<?xml")):
        path = tmp_path / f"contest.{ending}"
        check_plot(path)
        draw_contest(contest.runs, "small", path)
        assert path.read_bytes().startswith(start)


def test_a_picture_that_cannot_be_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An ending that is no picture, a folder that is not there, a library that is missing: said at once."""
    with pytest.raises(PlotError, match="png"):
        check_plot(tmp_path / "contest.doc")
    with pytest.raises(PlotError, match="no folder"):
        check_plot(tmp_path / "nowhere" / "contest.png")
    monkeypatch.setitem(sys.modules, "matplotlib.backends.backend_agg", None)
    with pytest.raises(PlotError, match=r"goldvein\[plot\]"):
        check_plot(tmp_path / "contest.png")


def test_curves_of_the_picture() -> None:
    """Sleepers leave one by one; a policy that tells all apart goes through the upper left corner."""
    answers, share = still_delivering(np.array([0.0, 4.0, 4.0, 10.0]))
    assert answers.tolist() == [0, 0, 4, 10]
    assert share.tolist() == [1, 0.75, 0.25, 0]
    contest = Contest(small(), (OURS,), 1)
    contest.play(nothing)
    bad, good = told_apart(contest.runs[OURS])
    assert (bad[0], good[0], bad[-1], good[-1]) == (0, 0, 1, 1)
    assert good[bad == 0].max() > 0.8


def test_where_ours_is_not_ahead_is_found() -> None:
    """A peer that is better in a figure is named with it, and whether the intervals part."""
    contest = Contest(small(), ("potato", "fixed-rate"), 2)
    contest.play(nothing)
    potato, fixed = (figures(contest.runs[name]) for name in ("potato", "fixed-rate"))
    assert "false_rejection" in table.not_ahead(fixed, potato)
    assert "false_acceptance" not in table.not_ahead(fixed, potato)
    assert table.apart(fixed, potato, "false_acceptance")


def test_every_figure_of_the_table_is_compared() -> None:
    """Who holds nothing back is ahead in that, and who takes everything back in what is kept."""
    contest = Contest(small(), (OURS, "fixed-rate"), 1)
    contest.play(nothing)
    ours, peer = (figures(contest.runs[name]) for name in (OURS, "fixed-rate"))
    assert peer["held_honest"] == 0 < ours["held_honest"]
    assert "held_honest" in table.not_ahead(ours, peer)
    assert ours["bad_share_kept"] < peer["bad_share_kept"] < peer["bad_share"]
    assert "bad_share_kept" not in table.not_ahead(ours, peer)
    assert "bad_share_kept" in table.not_ahead(ours, {**peer, "bad_share_kept": 0.0})
    assert {*table.LOWER_IS_BETTER, *table.HIGHER_IS_BETTER, "benchmark_share"} == set(table.COLUMNS)
