"""A person's data as a file: whole, in order, and the same for every kind of task."""

from __future__ import annotations

import io
import json
import zipfile
from collections import Counter

import pytest

from goldvein.domain.errors import NotFound
from goldvein.services import personal
from goldvein.store.database import Database
from tests.services.outspoken import NAME, SAID, outspoken_town
from tests.services.town import Town


@pytest.fixture
def town(db: Database) -> Town:
    """An operation with one person who has said much."""
    return outspoken_town(db)


def told(db: Database, name: str, of_town: Town) -> list[personal.Line]:
    """All lines of a person."""
    return list(personal.lines(db, *personal.of_name(db, name), of_town.now))


def test_everything_is_told(db: Database, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each answer is there once with its task as shown, however large a page; so is all that was said."""
    lines = told(db, NAME, town)
    labeler = town.names[NAME]
    kinds = Counter(line["kind"] for line in lines)
    ((answers,),) = town.rows(f"SELECT count(*) FROM answers WHERE labeler = {labeler}")
    assert answers > 20
    assert kinds["answer"] == answers
    assert (kinds["account"], kinds["session"], kinds["key"], kinds["dispute"]) == (1, 1, 1, 6)
    assert kinds["skip"] == 6
    for what in ("comment", "dispute", "skip", "browser"):
        assert any(f"{SAID} {what}" in json.dumps(line, default=str) for line in lines)
    monkeypatch.setattr(personal, "_PAGE", 3)
    assert told(db, NAME, town) == lines
    blocks = list(personal.encoded(db, *personal.of_name(db, NAME), town.now))
    assert len(blocks) > 3
    assert [json.loads(line)["kind"] for line in b"".join(blocks).splitlines()] == [
        line["kind"] for line in lines
    ]


def test_no_benchmark_can_be_told(db: Database, town: Town) -> None:
    """Answers to benchmarks are there, by the same fields as others, in the order of time alone."""
    labeler = town.names[NAME]
    answered = f"FROM attempts WHERE labeler = {labeler} AND state = 'answered'"
    stages = dict(town.rows(f"SELECT stage, count(*) {answered} GROUP BY stage"))
    assert stages["benchmark"] > 3
    assert stages["label"] > 3
    answers = [line for line in told(db, NAME, town) if line["kind"] == "answer"]
    fields = "kind project task answer shown_at answered_at milliseconds_in_focus comment"
    assert {" ".join(line) for line in answers} == {fields}
    assert {tuple(line["task"]) for line in answers} == {("prompt", "options")}
    times = [line["answered_at"] for line in answers]
    assert times == sorted(times)
    words = json.dumps(told(db, NAME, town), default=str)
    assert not any(word in words for word in ("benchmark", "decoy", "stage", "key_right", "attempt"))


def test_it_fits_into_a_zip(db: Database, town: Town) -> None:
    """A file for each kind, whose lines are those told."""
    lines = told(db, NAME, town)
    file = io.BytesIO()
    personal.write_zip(file, iter(lines))
    with zipfile.ZipFile(file) as archive:
        names = archive.namelist()
        assert [name.split("-", 1)[1] for name in names][:2] == ["account.jsonl", "session.jsonl"]
        assert sum(len(archive.read(name).splitlines()) for name in names) == len(lines)


def test_a_labeler_without_an_account_and_nobody(db: Database, town: Town) -> None:
    """Whoever works by a key alone is told as much of the work; of nobody nothing is told."""
    lines = told(db, "good 0", town)
    assert {line["kind"] for line in lines} >= {"labeler", "answer", "standing"}
    assert not {"account", "session"} & {line["kind"] for line in lines}
    with pytest.raises(NotFound):
        personal.of_name(db, "nobody at all")
