"""What if: the log under another gate, against what happened and against the log's own numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from goldvein.domain.errors import Conflict, InvalidInput, NotFound
from goldvein.domain.records import ProjectDraft
from goldvein.services import audits, intake, projects, rulings
from goldvein.services.sweeps import sweep
from goldvein.services.whatif import Answered, share_of, what_if
from goldvein.stats.intervals import student_95
from goldvein.store.database import Database
from tests.services.test_audits import audit_all, hire_auditor, working_town
from tests.services.town import START, Town, guesses, knows

Rows = list[tuple[Any, ...]]


@pytest.fixture(scope="module")
def town(module_database_url: str) -> Iterator[Town]:
    """Months in minutes: holds, releases, dismissals, a new policy, a cancelled task, time that runs out."""
    with Database(module_database_url) as db:
        town = Town(db, {"rate_ceiling": 0.6, "hold_seconds": 20, "dismiss_at": 0.01, "decoy_share": 0.1})
        town.open_by_hand(60)
        town.push(1500)
        for n in range(8):
            town.hire(f"good {n}", knows(0.95))
        for n in range(3):
            town.hire(f"fair {n}", knows(0.75))
        for n in range(4):
            town.hire(f"bad {n}", guesses)
        for n in range(12):
            town.run(8)
            sweep(db, town.now)
            if n == 1:
                held = "SELECT task FROM holds WHERE project = 1 ORDER BY attempt DESC LIMIT 1"
                intake.cancel_task(db, 1, town.rows(held)[0][0], town.now)
            if n == 6:
                projects.update(db, 1, None, policy={"deliver_at": 0.85}, now=town.now)
        yield town


def counted(town: Town, query: str) -> Counter[str]:
    """Rows of the log by their first column."""
    return Counter(dict(town.rows(query)))


def test_its_own_gate_does_what_was_logged(town: Town) -> None:
    """Under the policies that were in force the replay gives every label, hold and discard of the log."""
    found = what_if(town.db, 1, {}, town.now)
    logged = counted(
        town, "SELECT decision, count(*) FROM log WHERE kind = 'answer' AND stage = 'label' GROUP BY 1"
    )
    ended = counted(town, "SELECT kind, count(*) FROM log WHERE kind IN ('release', 'discard') GROUP BY 1")
    cancelled = town.rows(
        "SELECT 1 FROM log h JOIN log c ON c.task = h.task AND c.kind = 'cancel' AND c.at >= h.at "
        "WHERE h.kind = 'answer' AND h.decision = 'hold' AND NOT EXISTS (SELECT FROM log e "
        "WHERE e.attempt = h.attempt AND e.kind IN ('release', 'discard'))"
    )
    assert min(logged["deliver"], logged["hold"], ended["release"], ended["discard"]) > 5
    assert cancelled
    for column in (found["was"], found["would"]):
        assert column["delivered"] == logged["deliver"]
        assert column["released"] == ended["release"]
        assert column["discarded"] == logged["discard"] + ended["discard"] + len(cancelled)
        assert column["held"] == town.rows("SELECT count(*) FROM holds")[0][0]
        assert (
            column["labels"]
            == town.rows("SELECT count(DISTINCT task) FROM labels WHERE basis = 'labeler'")[0][0]
        )
    dismissed = town.rows("SELECT count(*) FROM standings WHERE state = 'dismissed'")[0][0]
    assert found["was"]["labelers_dismissed"] == dismissed > 0
    assert found["moved"]["gained"] == found["moved"]["lost"] == found["moved"]["by_another_answer"] == 0


def test_another_deliver_at_is_what_logged_probabilities_say(town: Town) -> None:
    """Answers delivered at once are those whose logged probability reaches the other threshold."""
    asked = 0.97
    found = what_if(town.db, 1, {"deliver_at": asked}, town.now)
    rows = town.rows(
        "SELECT p_benchmarks, p_all, benchmarks FROM log WHERE kind = 'answer' AND stage = 'label' "
        "AND choice >= 0"
    )
    delivered = sum(b >= asked and everything >= 0.95 and n >= 4 for b, everything, n in rows)
    assert found["would"]["delivered"] == delivered < found["was"]["delivered"]
    assert found["moved"]["lost"] > 0
    assert found["would"]["bad_share"]["estimate"] < found["was"]["bad_share"]["estimate"]
    assert found["would"]["asked_share"] > found["was"]["asked_share"]


def test_an_earlier_dismissal_saves_work(town: Town) -> None:
    """Who is dismissed sooner answers no more: fewer answers and benchmarks are counted."""
    found = what_if(town.db, 1, {"dismiss_at": 0.2}, town.now)
    was, would = found["was"], found["would"]
    assert would["labelers_dismissed"] >= was["labelers_dismissed"]
    assert would["answers"] < was["answers"]
    assert would["benchmarks"] < was["benchmarks"]


def test_a_longer_hold_lets_more_out(town: Town) -> None:
    """Answers that time ran out for are released where more of it is given, and none is lost by that."""
    short, long = (what_if(town.db, 1, {"hold_seconds": s}, town.now)["would"] for s in (0, 600))
    assert short["released"] == 0
    assert long["released"] > what_if(town.db, 1, {}, town.now)["was"]["released"]


def test_a_higher_bar_asks_more_of_people(town: Town) -> None:
    """Under a higher bar fewer answers go out, and more of the labels that went out lie under it."""
    found = what_if(town.db, 1, {"quality_bar": 0.84}, town.now)
    assert found["bar"]["present"] < found["bar"]["nearest"]
    assert found["bar"]["present"] == pytest.approx(0.70, abs=1e-6)
    assert found["would"]["delivered"] < found["was"]["delivered"]
    assert found["was"]["bad_share_by_bar_asked"]["estimate"] > found["was"]["bad_share"]["estimate"]


def test_only_the_time_asked_about_is_counted(town: Town) -> None:
    """Both halves of the log make up the whole."""
    half = START + (town.now - START) / 2
    later = what_if(town.db, 1, {}, town.now, half)["was"]
    whole = what_if(town.db, 1, {}, town.now)["was"]
    rows = town.rows(
        f"SELECT count(*) FROM log WHERE kind = 'answer' AND n IS NOT NULL AND at >= '{half.isoformat()}'"
    )
    assert later["answers"] == rows[0][0] < whole["answers"]
    assert what_if(town.db, 1, {}, town.now, town.now + timedelta(seconds=1))["was"]["answers"] == 0


def test_what_the_log_cannot_tell_is_refused(town: Town) -> None:
    """Another rate, an impossible value, an unknown project and one that has not opened: each by an error."""
    with pytest.raises(InvalidInput, match="reweigh"):
        what_if(town.db, 1, {"rate_floor": 0.1}, town.now)
    with pytest.raises(InvalidInput, match="twin"):
        what_if(town.db, 1, {"best_of": 8}, town.now)
    with pytest.raises(InvalidInput, match="deliver_at"):
        what_if(town.db, 1, {"deliver_at": 2.0}, town.now)
    with pytest.raises(InvalidInput, match=r"choose a bar|move it less"):
        what_if(town.db, 1, {"quality_bar": 0.06}, town.now)
    with pytest.raises(NotFound):
        what_if(town.db, 99, {}, town.now)
    shut = projects.create(town.db, town.customer, ProjectDraft("shut", "Pick."), town.now)
    with pytest.raises(Conflict, match="opened"):
        what_if(town.db, shut.id, {}, town.now)


def test_audits_and_rulings_are_replayed(db: Database) -> None:
    """What moved standings beside answers moves them in a replay too, or all that came after is amiss."""
    town = working_town(db, rounds=30)
    rude, wronged = town.names["good 0"], town.names["good 1"]
    rulings.rule(db, 1, wronged, "dismiss", "by mistake", town.now)
    audits.draw(db, 1, town.now)
    audit_all(town, hire_auditor(town))
    rulings.rule(db, 1, rude, "dismiss", "was rude", town.now)
    town.run(8)
    rulings.rule(db, 1, rude, "readmit", "said sorry", town.now)
    town.run(30)
    assert counted(town, "SELECT kind, count(*) FROM log GROUP BY 1").keys() >= {"audited", "ruling"}
    found = what_if(db, 1, {}, town.now)
    logged = counted(
        town, "SELECT decision, count(*) FROM log WHERE kind = 'answer' AND stage = 'label' GROUP BY 1"
    )
    ended = counted(town, "SELECT kind, count(*) FROM log WHERE kind IN ('release', 'discard') GROUP BY 1")
    for column in (found["was"], found["would"]):
        assert column["delivered"] == logged["deliver"]
        assert column["released"] == ended["release"]
        assert column["labelers_dismissed"] == len(
            town.rows("SELECT 1 FROM standings WHERE state = 'dismissed'")
        )


def test_nobody_is_let_in_again_who_was_never_out(db: Database) -> None:
    """Under a gate that dismisses nobody a return starts no count anew, whatever the log says of it."""
    town = working_town(db)
    bad = town.names["bad 0"]
    out = [labeler for (labeler,) in town.rows("SELECT labeler FROM standings WHERE state = 'dismissed'")]
    assert bad in out
    rulings.rule(db, 1, bad, "readmit", "to try anew", town.now)
    late = what_if(db, 1, {"dismiss_at": 0.0}, town.now)["would"]
    assert late["labelers_dismissed"] == 0
    assert what_if(db, 1, {}, town.now)["was"]["labelers_dismissed"] == len(out) - 1


def test_what_a_ruling_takes_from_somebody_in_doubt_was_discarded(db: Database) -> None:
    """Answers that were held when their labeler was dismissed beside the answers have an end too."""
    town = working_town(db, rounds=6)
    who, held = town.rows("SELECT labeler, count(*) FROM holds GROUP BY 1 ORDER BY 2 DESC LIMIT 1")[0]
    before = what_if(db, 1, {}, town.now)["was"]["discarded"]
    rulings.rule(db, 1, who, "dismiss", "was rude", town.now)
    found = what_if(db, 1, {}, town.now)
    assert found["was"]["discarded"] == found["would"]["discarded"] == before + held


@pytest.mark.parametrize("labelers", [2, 5, 40])
def test_a_share_of_labels_has_students_interval_over_labelers(labelers: int) -> None:
    """Of people with as many labels each it is that of their shares, however few they are."""
    shares = np.random.default_rng(labelers).beta(2, 20, labelers)
    labels = [
        Answered(0, who, START, 1 - bad, 1 - bad, "", "") for who, bad in enumerate(shares) for _ in range(9)
    ]
    found = share_of(labels, [1 - one.good for one in labels])
    half = student_95(labelers - 1) * shares.std(ddof=1) / np.sqrt(labelers)
    assert found["estimate"] == pytest.approx(shares.mean())
    assert found["interval"] == pytest.approx(
        [max(0.0, shares.mean() - half), min(1.0, shares.mean() + half)]
    )


def test_one_labeler_tells_nothing_of_how_labelers_differ() -> None:
    """Its interval is no point."""
    labels = [Answered(0, 7, START, 0.9, 0.9, "", "")] * 50
    assert share_of(labels, [0.1] * 50) == {"estimate": pytest.approx(0.1), "interval": [0.0, 1.0]}
