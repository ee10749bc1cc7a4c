"""A person with an account who has worked and said much: for what is told of them, and forgotten."""

from __future__ import annotations

from goldvein.domain.records import Work, WorkRequest, WorkResult
from goldvein.services import accounts, invitations, keys, practice, trusting
from goldvein.services.invitations import Invitation
from goldvein.services.people import TERMINAL
from goldvein.services.sweeps import sweep
from goldvein.store.database import Database
from tests.services.town import Town, knows

NAME = "zerlina.quux@example.org"
SAID = "zq-own-words"
PASSWORD = "correct horse battery"


def outspoken_town(db: Database) -> Town:
    """An operation in which a person with an account has worked, and has said much."""
    town = Town(db, {"rate_ceiling": 0.6, "open_at": 12, "lease_seconds": 600})
    town.push(400)
    for n in range(4):
        town.hire(f"trusted {n}", knows(0.97), "trusted")
    account = accounts.create(db, NAME, PASSWORD, "labeler", town.now)
    labeler = accounts.get(db, account).labeler
    assert labeler is not None
    for n in range(4):
        town.hire(f"good {n}", knows(0.95))
    town.people[labeler], town.names[NAME] = knows(0.95), labeler
    town.run(45)
    sweep(db, town.now)
    speak(town, labeler)
    accounts.begin_session(db, account, f"{SAID} browser", town.now)
    keys.issue_for_labeler(db, labeler, f"key of {NAME}", town.now)
    invitations.invite(db, TERMINAL, Invitation("labeler", note=f"for {NAME.upper()}"), town.now)
    trusting.appoint(db, 1, labeler, f"{SAID} convinced me", town.now)
    return town


def speak(town: Town, labeler: int) -> None:
    """Comment on an answer, dispute, skip, with words each; a task is in hand at the end."""
    for _ in range(6):
        work = town.leases.pop(labeler, None) or town.ask(labeler)
        assert isinstance(work, Work)
        practice.dispute(town.db, labeler, work.lease, f"{SAID} dispute", town.now)
        town.wait(5)
        answer = town.people[labeler](work, town.rng)
        request = WorkRequest(labeler, "answer", None, work.lease, answer, 1234, comment=f"{SAID} comment")
        (answered,) = town.handle(request)
        assert isinstance(answered, WorkResult)
        assert isinstance(answered.next, Work)
        town.wait(5)
        skip = WorkRequest(labeler, "skip", lease=answered.next.lease, reason=f"{SAID} skip")
        (skipped,) = town.handle(skip)
        assert isinstance(skipped, WorkResult)
        if isinstance(skipped.next, Work):
            town.leases[labeler] = skipped.next
