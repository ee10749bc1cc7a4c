"""A copy of a project may carry its benchmarks: with age and wear, and to nobody who had them before."""

from __future__ import annotations

import pytest

from goldvein.domain.errors import Forbidden, InvalidInput, NotFound
from goldvein.domain.records import Project, Work
from goldvein.services import keys, lifecycle, projects, reuse
from goldvein.services.reuse import CopyDraft
from goldvein.store.database import Database
from tests.services.test_leases import has
from tests.services.town import Town, knows

POLICY = {"open_at": 20, "reserve": 20}


@pytest.fixture
def town(db: Database) -> Town:
    """A project that is open by forty benchmarks given by hand, on which three people worked."""
    town = Town(db, POLICY)
    town.open_by_hand()
    town.push(30)
    for n in range(3):
        town.hire(f"old hand {n}", knows(0.9))
    town.run(12)
    return town


def copy(town: Town, **more: object) -> Project:
    draft = CopyDraft("again", carries=True, **more)  # type: ignore[arg-type]
    return reuse.copy(town.db, 1, town.customer, draft, town.now)


def contents_of(town: Town, project: int, labeler: int) -> list[int]:
    return [
        row[0]
        for row in town.rows(
            f"SELECT content FROM attempts WHERE project = {project} AND labeler = {labeler}"
        )
    ]


def test_a_copy_is_as_its_original_was_and_opens_by_what_it_carries(town: Town) -> None:
    """What is carried is in use, counts towards opening, and the log says where it came from."""
    made = copy(town)
    assert (made.state, made.copy_of, made.carried) == ("open", 1, 40)
    assert made.instruction == town.project.instruction
    assert projects.policy(town.db, made.id) == projects.policy(town.db, 1)
    assert town.rows("SELECT state, basis, count(*) FROM benchmarks WHERE project = 2 GROUP BY 1, 2") == [
        ("active", "reused", 40)
    ]
    told = town.rows(
        "SELECT count(*), count(DISTINCT (detail ->> 'task')::bigint), min(detail ->> 'project') FROM log "
        "WHERE project = 2 AND kind = 'promote' AND decision = 'reused'"
    )
    assert told == [(40, 40, "1")]
    assert not town.proof()


def test_ages_and_exposures_go_on(town: Town) -> None:
    """Budgets are not renewed by a copy, and keys are believed a little less, the more worn the less."""
    town.wait(40 * 86_400)
    copy(town)
    rows = town.rows(
        "SELECT c.exposures = o.exposures, c.promoted_at = o.promoted_at, vo.key = vc.key, "
        "vo.key_right - vc.key_right, o.exposures FROM benchmarks c "
        "JOIN benchmarks o ON o.project = c.source_project AND o.task = c.source_task "
        "JOIN item_versions vo ON vo.project = 1 AND vo.task = o.task AND vo.version = o.item_version "
        "JOIN item_versions vc ON vc.project = 2 AND vc.task = c.task AND vc.version = 1"
    )
    assert len(rows) == 40
    assert sum(row[4] for row in rows) > 0
    assert all(row[:3] == (True, True, True) for row in rows)
    assert all(0.01 < row[3] < 0.04 for row in rows)


def test_nobody_gets_what_they_had_in_the_original_or_later(town: Town) -> None:
    """Neither in the copy nor, once the copy has it, in the original: by content, over both projects."""
    made = copy(town)
    town.push(200, start=1000)
    for seconds in range(160):
        project = (1, made.id)[seconds % 2]
        for labeler in town.people:
            work = town.ask(labeler, project)
            if isinstance(work, Work):
                town.answer(labeler, work)
        town.wait(5)
    assert town.rows("SELECT count(*) FROM attempts WHERE project = 2 AND stage = 'benchmark'")[0][0] > 0
    for labeler in town.people:
        had = contents_of(town, 1, labeler) + contents_of(town, made.id, labeler)
        assert len(had) == len(set(had)) > 20
    assert not town.proof()


def test_what_is_worn_in_doubt_or_out_of_use_stays_behind(town: Town) -> None:
    """Only what is in use, and has life left, goes on."""
    with town.db.transaction() as tx:
        lifecycle.retire(tx, 1, [1], "by hand", town.now)
        lifecycle.freeze(tx, 1, 2, "doubt", town.now)
        lifecycle.flag(tx, 1, 3, "doubt", town.now)
        tx.execute("UPDATE benchmarks SET exposures = 500 WHERE task = 4")
        tx.execute("UPDATE benchmarks SET promoted_at = promoted_at - interval '100 days' WHERE task = 5")
    assert copy(town).carried == 35
    left = town.rows(
        "SELECT task FROM benchmarks WHERE project = 1 AND task NOT IN "
        "(SELECT source_task FROM benchmarks WHERE project = 2) ORDER BY task"
    )
    assert left == [(1,), (2,), (3,), (4,), (5,)]


def test_a_copy_of_a_copy_is_of_the_same_family(town: Town) -> None:
    """Who had an item in the first project does not get it in the third."""
    second = copy(town)
    third = reuse.copy(town.db, second.id, None, CopyDraft("third", carries=True), town.now)
    assert town.rows("SELECT id, family, carried FROM projects ORDER BY id") == [
        (1, 1, 0), (2, 1, 40), (3, 1, 40),
    ]  # fmt: skip
    (labeler, *_) = town.people
    seen = set(contents_of(town, 1, labeler))
    for _ in range(30):
        work = town.ask(labeler, third.id)
        if not isinstance(work, Work):
            break
        town.answer(labeler, work)
        town.wait(3)
    assert contents_of(town, third.id, labeler)
    assert not seen & set(contents_of(town, third.id, labeler))


def test_another_instruction_or_another_customer_carries_nothing(town: Town) -> None:
    """Keys are those of one instruction and one set of classes, and of one customer."""
    stranger = keys.create_customer(town.db, "stranger", town.now)
    with pytest.raises(NotFound):
        reuse.copy(town.db, 1, stranger, CopyDraft("mine"), town.now)
    with pytest.raises(Forbidden):
        reuse.copy(town.db, 1, None, CopyDraft("mine"), town.now, owner=stranger)
    with pytest.raises(InvalidInput) as refused:
        copy(town, instruction="Pick the wrong one.")
    assert refused.value.code == "instruction_differs"
    with pytest.raises(InvalidInput) as refused:
        copy(town, classes=("a", "b"))
    assert refused.value.code == "classes_differ"
    assert town.rows("SELECT count(*) FROM projects") == [(1,)]
    bare = reuse.copy(
        town.db, 1, town.customer, CopyDraft("bare", "Pick another.", policy={"reserve": 9}), town.now
    )
    assert (bare.state, bare.carried, bare.family) == ("mining", 0, None)
    assert projects.policy(town.db, bare.id).open_at == 20
    assert projects.policy(town.db, bare.id).reserve == 9


def test_a_new_hand_is_given_what_was_carried(town: Town) -> None:
    """Somebody who was in neither project is tested on it."""
    made = town.project = copy(town)
    town.push(20, start=500)
    fresh = town.hire("fresh", knows(0.9))
    stages = set()
    for _ in range(10):
        work = has(town.ask(fresh, made.id))
        stages |= {row[0] for row in town.rows("SELECT stage FROM attempts WHERE state = 'leased'")}
        town.answer(fresh, work)
    assert "benchmark" in stages
