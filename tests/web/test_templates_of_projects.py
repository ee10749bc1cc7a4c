"""Templates of projects: each makes a project, and its examples are tasks of it."""

import pytest

from goldvein.domain.records import ProjectDraft
from goldvein.services import keys, projects
from goldvein.store.database import Database
from goldvein.tasktypes import choice
from goldvein.web.project_templates import BLANK, Template, templates
from tests.services.town import START


@pytest.mark.parametrize("template", templates().values(), ids=templates())
def test_a_templates_examples_could_be_pushed(template: Template) -> None:
    """Whoever previews sees what a push would take."""
    assert template.examples
    for example in template.examples:
        choice.check_input(example, tuple(template.classes) or None)


def test_every_template_makes_a_project(db: Database) -> None:
    """All that a template says is within the rules; the empty one only lacks an instruction."""
    customer = keys.create_customer(db, "lab", START)
    for one in templates().values():
        draft = ProjectDraft(
            one.name, one.instruction or "Pick.", classes=tuple(one.classes) or None,
            deadline_seconds=one.deadline_minutes and 60 * one.deadline_minutes, policy=one.policy,
        )  # fmt: skip
        assert projects.create(db, customer, draft, START).state == "mining"
    assert [one.key for one in templates().values() if not one.instruction] == [BLANK]
