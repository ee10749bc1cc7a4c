"""Learning the instructions: practice tasks with feedback, and disputes."""

from typing import Annotated, Any

import msgspec

from goldvein.wire.base import NO_NUL, Id, Request, Response
from goldvein.wire.work import WorkProject, WorkTask


class PracticeAsk(Request):
    """A wish to practise the tasks of a project."""

    project: Id


class Practice(Response):
    """A task to learn by, in the order in which this labeler sees it; it counts for nothing."""

    practice: str
    project: WorkProject
    task: WorkTask


class PracticeAnswer(Request):
    """An answer: ``{"choice": POSITION}`` as shown, from 0, or ``{"unanswerable": true}``."""

    answer: dict[str, Any]


class Feedback(Response):
    """What is right, as a position as shown, and why, in the words of those who found it."""

    right: bool
    choice: int
    reasons: list[str]


class Dispute(Request):
    """What is wrong with a task: "unclear", say."""

    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=500, pattern=NO_NUL)]


class Disputed(Response):
    """The dispute is noted."""

    noted: bool
