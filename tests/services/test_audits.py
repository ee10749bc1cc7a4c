"""Audits of labelers: drawn, answered blindly, taken into standings, and proven by the log."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import numpy as np
import pytest

from goldvein.decisions.auditing import keeps_good_out, lets_bad_through
from goldvein.domain.errors import Conflict, GoldveinError, InvalidInput, NotFound
from goldvein.domain.policy import Policy
from goldvein.services import audits, cards, filter_checks, keys, projects, rulings
from goldvein.services.audits import Asked
from goldvein.services.explaining import explain
from goldvein.services.observing import Models
from goldvein.services.verification import verify
from goldvein.services.views import Views
from goldvein.stats.audits import People
from goldvein.store import audits as store
from goldvein.store import projects as store_projects
from goldvein.store import standings
from goldvein.store.audits import Ended
from goldvein.store.database import Database
from goldvein.store.standings import StandingLine
from tests.services.town import START, Town, guesses, knows
from tests.services.waiting import begin

POLICY = {
    "open_at": 20,
    "rate_ceiling": 0.5,
    "dismiss_at": 0.02,
    "audit_labelers": 6,
    "audit_answers": 6,
    "decoy_share": 0.0,
}


def working_town(db: Database, rounds: int = 60) -> Town:
    """People who know and people who guess, with ordinary work behind them."""
    town = Town(db, POLICY)
    town.open_by_hand(80)
    town.push(1500)
    for n in range(6):
        town.hire(f"good {n}", knows(0.95))
    for n in range(3):
        town.hire(f"bad {n}", guesses)
    town.run(rounds)
    return town


def hire_auditor(town: Town, name: str = "auditor") -> int:
    """Somebody of the quality team."""
    return keys.create_labeler(town.db, name, "auditor", town.now)


def right_choice(asked: Asked) -> dict[str, int]:
    """What somebody answers who knows: the place of the right option as shown."""
    options = asked.input["options"]
    (place,) = [at for at, text in enumerate(options) if "right" in text]
    return {"choice": place}


def audit_all(town: Town, auditor: int, limit: int = 500) -> int:
    """One auditor answers all that there is, and audits end; return how many answers that were."""
    for count in range(limit):
        asked = audits.next_(town.db, auditor, town.now)
        if asked is None:
            audits.settle_due(town.db, town.project.id, town.now)
            return count
        audits.answer(town.db, asked.project, asked.id, auditor, right_choice(asked), town.now)
    raise AssertionError("the queue has no end")


def audit_by_several(town: Town) -> None:
    """All that there is, until every audit has ended: nobody audits the same content twice."""
    while town.rows("SELECT FROM audits WHERE ended_at IS NULL"):
        assert audit_all(town, hire_auditor(town, f"auditor {len(town.rows('SELECT FROM labelers'))}"))


def test_audits_are_drawn_once_a_week_of_work_that_there_is(db: Database) -> None:
    """As many people as the policy says, each once, with ordinary answers of theirs; then none for a week."""
    town = working_town(db)
    assert audits.draw(db, 1, town.now) == 6
    assert audits.draw(db, 1, town.now) == 0, "some go on"
    lines = audits.latest(db, 1)
    assert len({line.labeler for line in lines}) == 6
    assert all(0 < one[0] <= 1 for one in town.rows("SELECT chance FROM audits"))
    per = town.rows("SELECT count(*) FROM second_answers WHERE NOT is_overlap GROUP BY audit")
    assert per == [(6,)] * 6
    strange = town.rows(
        "SELECT count(*) FROM second_answers s WHERE NOT EXISTS (SELECT FROM answers a "
        "WHERE a.project = s.project AND a.task = s.task AND a.labeler = s.labeler AND a.choice = s.choice)"
    )
    assert strange == [(0,)]
    of_benchmarks = town.rows("SELECT count(*) FROM second_answers JOIN benchmarks USING (project, task)")
    assert of_benchmarks == [(0,)]
    audit_all(town, hire_auditor(town))
    assert audits.draw(db, 1, town.now + timedelta(days=1)) == 0, "not before a week has gone"
    later = town.now + timedelta(days=8)
    audits.settle_due(db, 1, later)  # two people may have had the same task: no auditor answers it twice
    assert audits.draw(db, 1, later) == 6


def test_a_week_is_drawn_in_parts_each_by_what_the_last_one_found(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next part once most of the last has ended, nobody twice, and no more than a week's in all."""
    monkeypatch.setattr(audits, "PART", 4)
    monkeypatch.setattr(audits, "_MAY_GO_ON", 1)
    town = working_town(db)
    assert audits.draw(db, 1, town.now) == 4
    assert audits.draw(db, 1, town.now) == 0, "all four go on"
    with db.transaction() as tx:
        tx.execute(
            b"UPDATE second_answers SET said = choice, answered_at = drawn_at FROM audits "
            b"WHERE audits.id = audit AND audit <> (SELECT max(id) FROM audits)"
        )
    assert audits.settle_due(db, 1, town.now) == 3
    assert audits.draw(db, 1, town.now) == 2
    assert town.rows("SELECT count(DISTINCT labeler) FROM audits") == [(6,)]
    assert audits.draw(db, 1, town.now + timedelta(days=6)) == 0, "the week has its six"


def test_two_who_draw_at_once_draw_no_more_than_one(db: Database) -> None:
    """Two processes, a second apart by their clocks, so that each would draw other people."""
    town = working_town(db)
    projects.update(db, 1, None, policy={"audit_labelers": 3}, now=town.now)
    with ThreadPoolExecutor(4) as threads:
        moments = [town.now + timedelta(seconds=n) for n in range(4)]
        drawn = list(threads.map(lambda now: audits.draw(db, 1, now), moments))
    assert sorted(drawn) == [0, 0, 0, 3]
    assert town.rows("SELECT count(*) FROM audits") == [(3,)]


def test_who_draws_keeps_nobody_from_work(db: Database) -> None:
    """A group has the rows of labelers and comes to the project's: a drawing has not got that, and waits."""
    town = working_town(db)
    with db.transaction() as tx:
        tx.execute("SET LOCAL lock_timeout = '5s'")
        tx.execute("SELECT FROM labelers FOR UPDATE")
        drawing = begin(db, lambda: audits.draw(db, 1, town.now), 1)
        assert store_projects.next_revision(tx, 1)
    drawing.join(20)
    assert town.rows("SELECT count(*) FROM audits") == [(6,)]


def test_an_auditor_sees_neither_whose_work_it_is_nor_the_answer(db: Database) -> None:
    """Nothing but the task is told; nobody gets their own work, or a content that they have had."""
    town = working_town(db)
    audits.draw(db, 1, town.now)
    auditor, other = hire_auditor(town), hire_auditor(town, "another")
    asked = audits.next_(db, auditor, town.now)
    assert asked is not None
    assert set(asked.__slots__) == {
        "project", "id", "instruction", "type", "input", "classes", "claimed_until", "place",
    }  # fmt: skip
    assert set(asked.input) == {"prompt", "options"}
    again = audits.next_(db, auditor, town.now)
    assert again is not None
    assert again.id == asked.id, "what is in hand comes again"
    elsewhere = audits.next_(db, other, town.now)
    assert elsewhere is not None
    assert elsewhere.id != asked.id, "what is in hand is in one hand"
    assert audits.release(db, 1, asked.id, auditor)
    later = audits.next_(db, auditor, town.now)
    assert later is not None
    assert later.id != asked.id, "what was given back is somebody else's"
    with pytest.raises(Conflict) as refused:
        audits.answer(db, 1, asked.id, auditor, right_choice(asked), town.now)
    assert refused.value.code == "piece_not_in_hand"
    labeler = town.rows("SELECT labeler FROM audits LIMIT 1")[0][0]
    for _ in range(200):
        piece = audits.next_(db, labeler, town.now)
        if piece is None:
            break
        whose = town.rows(f"SELECT labeler FROM second_answers WHERE id = {piece.id}")
        assert whose != [(labeler,)], "nobody audits their own work"
        audits.answer(db, 1, piece.id, labeler, None, town.now)


def test_what_an_audit_finds_moves_the_standing_and_is_proven(db: Database) -> None:
    """Good work raises and guessing lowers what is thought of somebody; the log says by what, and replays."""
    town = working_town(db, rounds=24)
    audits.draw(db, 1, town.now)
    before = dict(town.rows("SELECT labeler, p_benchmarks FROM standings"))
    audit_by_several(town)
    steps = town.rows("SELECT labeler, p_benchmarks, detail FROM log WHERE kind = 'audited'")
    ended = town.rows("SELECT count(*) FROM audits WHERE ended_at IS NOT NULL")
    assert ended == [(len(steps),)]
    assert len(steps) == 6
    for labeler, p, detail in steps:
        share = detail["agreed"] / detail["of"]
        if share > 0.9:
            assert p >= before[labeler]
        if share < 0.5:
            assert p <= before[labeler]
    town.run(10)
    proof = verify(db)
    assert not proof.broken
    assert proof.bit_for_bit
    told = explain(db, f"labeler:{steps[0][0]}")
    assert any("was audited" in moment.text for moment in told.moments)


TAMPERING = {
    "a likelihood": "UPDATE log SET detail = jsonb_set(detail, '{likelihood,0}', '1') WHERE kind = 'audited'",
    "a count": "UPDATE log SET detail = jsonb_set(detail, '{agreed}', '99') WHERE kind = 'audited'",
    "a second answer": "UPDATE second_answers SET said = 3 - said WHERE NOT is_overlap AND said >= 0",
    "whose it was": "UPDATE audits SET labeler = 10000 - labeler "
    "WHERE id = (SELECT min(id) FROM audits WHERE ended_at IS NOT NULL)",
    "a state": "UPDATE log SET decision = 'dismissed' WHERE kind = 'audited'",
}


@pytest.mark.parametrize("what", TAMPERING)
def test_a_tampered_audit_is_found(db: Database, what: str) -> None:
    """What was changed afterwards no longer gives the standing, or what its second answers come to."""
    town = working_town(db, rounds=24)
    audits.draw(db, 1, town.now)
    audit_all(town, hire_auditor(town))
    with db.connection() as tx:
        tx.execute(b"ALTER TABLE audits DROP CONSTRAINT audits_labeler_fkey")
        assert tx.execute(TAMPERING[what].encode()).rowcount > 0
    assert verify(db).broken


def test_somebody_dismissed_is_let_in_again_to_show_it_anew(db: Database) -> None:
    """By a ruling with a reason: with no benchmarks to the account, from a posterior and not from zero."""
    town = working_town(db)
    labeler = town.names["good 0"]
    rulings.rule(db, 1, labeler, "dismiss", "was rude", town.now)
    assert town.rows(f"SELECT state FROM standings WHERE labeler = {labeler}") == [("dismissed",)]
    with pytest.raises(Conflict) as refused:
        rulings.rule(db, 1, labeler, "dismiss", "again", town.now)
    assert refused.value.code == "ruling_needless"
    with pytest.raises(InvalidInput):
        rulings.rule(db, 1, labeler, "readmit", "  ", town.now)
    with pytest.raises(NotFound):
        rulings.rule(db, 1, 9999, "readmit", "who is this", town.now)
    town.run(8)
    delivered = town.rows(f"SELECT count(*) FROM labels WHERE labeler = {labeler}")
    rulings.rule(db, 1, labeler, "readmit", "all is well", town.now)
    state, count, p, back = town.rows(
        f"SELECT state, benchmarks, p_benchmarks, readmitted_at FROM standings WHERE labeler = {labeler}"
    )[0]
    assert (state, count, back) == ("admitted", 0, town.now)
    assert 0.3 < p < 0.999, "between a newcomer and what was known"
    card = cards.read(db, labeler, town.now)
    assert card.projects[0].readmitted_at == town.now
    assert town.rows(f"SELECT count(*) FROM labels WHERE labeler = {labeler}") == delivered
    town.run(40)
    assert town.rows(f"SELECT count(*) FROM labels WHERE labeler = {labeler}") > delivered, "earned anew"
    proof = verify(db)
    assert not proof.broken
    assert proof.bit_for_bit
    assert any("was let in again" in m.text for m in explain(db, f"labeler:{labeler}").moments)


def test_an_audit_of_good_work_lets_somebody_in_again(db: Database) -> None:
    """Whom the filter dismissed wrongly is back once the audit makes good work more likely than not."""
    town = working_town(db)
    labeler = town.names["good 0"]
    rulings.rule(db, 1, labeler, "dismiss", "by mistake", town.now)
    audits.draw(db, 1, town.now)
    audited = {one[0] for one in town.rows("SELECT labeler FROM audits")}
    audit_all(town, hire_auditor(town))
    state = town.rows(f"SELECT state FROM standings WHERE labeler = {labeler}")
    assert state == [("admitted" if labeler in audited else "dismissed",)]
    assert not verify(db).broken


def test_how_often_the_filter_errs_is_estimated_with_intervals(db: Database) -> None:
    """Shares and their intervals, difficulty, auditors and bars, once audits have ended; kept over time."""
    town = working_town(db)
    assert filter_checks.check(db, 1, town.now) is None, "nobody was audited"
    audits.round_(db, 1, town.now)
    first, second = hire_auditor(town), hire_auditor(town, "second")
    audit_all(town, first)
    audit_all(town, second)
    audit_all(town, hire_auditor(town, "third"))  # pieces of one content, which both others have had
    audits.round_(db, 1, town.now)
    (check,) = filter_checks.checks(db, 1)
    found = check.found
    assert check.audits == 6
    for name in ("bad_delivering", "good_kept_out"):
        assert 0 <= found[name]["low"] <= found[name]["estimate"] <= found[name]["high"] <= 1
    assert found["bad_delivering"]["low"] < 0.2
    assert found["harder"]["low"] < found["harder"]["high"]
    assert found["overlap"][0] == found["overlap"][1] > 0, "both auditors know"
    delivering = {bar["at"]: bar["delivering"] for bar in found["bars"]}
    assert list(delivering.values()) == sorted(delivering.values(), reverse=True)
    assert delivering[found["deliver_at"]] == found["delivering"]
    pairs = {frozenset((one, other)): pair for one, other, pair in audits.pairs(db, 1, town.now)}
    assert frozenset(("auditor", "second")) in pairs
    assert all(pair.agreed == pair.of for pair in pairs.values())
    audits.round_(db, 1, town.now + timedelta(hours=1))
    assert len(filter_checks.checks(db, 1)) == 1, "nothing new, nothing estimated"


def judged(town: Town) -> tuple[list[int], People, list[Ended]]:
    """Labelers whom the filter has judged, as an estimate sees them, and the audits that ended."""
    with town.db.connection() as tx:
        view = Views().one(tx, 1)
        lines = filter_checks.tested(view, list(standings.list_project(tx, 1)))
        ended = store.ended(tx, 1, START)
        people = filter_checks.people_of(view, Models(tx, 1, view.models), lines, ended)
    return [line.labeler for line in lines], people, ended


def test_whoever_turns_after_an_audit_is_no_longer_as_it_was_found(db: Database) -> None:
    """At once it is the standing before the audit; later the one by now, with benchmarks since."""
    town = working_town(db, rounds=24)
    audits.draw(db, 1, town.now)
    audit_by_several(town)
    labelers, people, ended = judged(town)
    before = {one.labeler: np.frombuffer(one.posterior) for one in ended}
    assert len(before) == 6
    for place, labeler in enumerate(labelers):
        if labeler in before:
            assert people.audited[place] >= 0
            assert np.array_equal(people.posteriors[place], before[labeler])
    turned = next(one.labeler for one in ended if one.delivers)
    town.people[turned] = guesses
    town.run(40)
    labelers, people, ended = judged(town)
    place = labelers.index(turned)
    assert people.kept_out[place]
    assert people.audited[place] == -1, "what was found is in the standing"
    with db.connection() as tx:
        model = Views().one(tx, 1).model
    assert model is not None
    assert before[turned][model.space.good].sum() > 0.8
    assert people.posteriors[place][model.space.good].sum() < 0.3, "or it would count as good and kept out"


def test_another_bar_lets_nobody_through_whom_the_gate_suspects() -> None:
    """Whom another bar would let deliver is the gate's to say, by all evidence, state and tests."""
    policy = Policy(deliver_at=0.9, suspect_below=0.95, min_benchmarks=4)

    def line(p_benchmarks: float, p_all: float, state: str = "admitted", benchmarks: int = 9) -> StandingLine:
        return StandingLine(
            1, 1, "x", state, None, 9, p_benchmarks, p_all, benchmarks, 20, 0, 0, b"", 1
        )  # fmt: skip

    lines = [
        line(0.92, 0.97), line(0.92, 0.5), line(0.92, 0.97, "dismissed"), line(0.92, 0.97, benchmarks=3),
        line(0.6, 0.97), line(0.6, 0.97, "boundary"),
    ]  # fmt: skip
    over = filter_checks.let_through(policy, lines)
    assert over[0.5].tolist() == [True, False, False, False, True, True]
    assert over[0.9].tolist() == [True, False, False, False, False, True]
    assert over[0.95].tolist() == [False, False, False, False, False, True]


def test_an_audit_that_nobody_finishes_ends_with_what_there_is(db: Database) -> None:
    """After a week the answers given count, and the rest is asked no more."""
    town = working_town(db)
    audits.draw(db, 1, town.now)
    auditor = hire_auditor(town)
    for _ in range(3):
        asked = audits.next_(db, auditor, town.now)
        assert asked is not None
        audits.answer(db, 1, asked.id, auditor, right_choice(asked), town.now)
    assert audits.settle_due(db, 1, town.now + timedelta(days=1)) == 0
    assert audits.settle_due(db, 1, town.now + timedelta(days=7)) == 6
    assert audits.next_(db, auditor, town.now + timedelta(days=7)) is None
    assert not verify(db).broken


def test_nothing_waits_of_a_project_that_closed(db: Database) -> None:
    """Auditors are given none of it, and told of none."""
    town = working_town(db)
    audits.draw(db, 1, town.now)
    assert [one.project for one in audits.waiting(db, 100)] == [1]
    projects.update(db, 1, None, state="closed", now=town.now)
    assert audits.next_(db, hire_auditor(town), town.now) is None
    assert audits.waiting(db, 100) == []


def test_an_answer_that_is_none_is_refused(db: Database) -> None:
    """A place that is not shown is no answer; the piece stays in hand."""
    town = working_town(db, rounds=30)
    audits.draw(db, 1, town.now)
    auditor = hire_auditor(town)
    asked = audits.next_(db, auditor, town.now)
    assert asked is not None
    with pytest.raises(GoldveinError):
        audits.answer(db, 1, asked.id, auditor, {"choice": 77}, town.now)
    audits.answer(db, 1, asked.id, auditor, None, town.now)
    with pytest.raises(NotFound):
        audits.answer(db, 1, asked.id, auditor, None, town.now)


def test_the_alert_says_where_the_filter_surely_errs_and_ends() -> None:
    """Opened by the interval's end alone, and never by a few audits."""
    assert lets_bad_through(0.12, 0.9, 30)
    assert not lets_bad_through(0.12, 0.9, 5)
    assert not lets_bad_through(0.08, 0.9, 30)
    assert keeps_good_out(0.4, 0.2, 30)
    assert not keeps_good_out(0.22, 0.2, 30)
