"""What a new project can begin with: read from ``project_templates.toml``."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any, Final

BLANK: Final = "blank"


@dataclass(frozen=True, slots=True)
class Template:
    """A draft of a project, and tasks by which to see how it looks."""

    key: str
    name: str
    summary: str
    instruction: str
    examples: Sequence[Mapping[str, Any]]
    policy: Mapping[str, float]
    classes: Sequence[str] = field(default=())
    deadline_minutes: int | None = None


@cache
def templates() -> dict[str, Template]:
    """All templates by their key, in the order in which they are offered."""
    text = resources.files("goldvein.web").joinpath("project_templates.toml").read_text("utf-8")
    found = (Template(**one) for one in tomllib.loads(text)["template"])
    return {
        one.key: Template(
            one.key, one.name, one.summary, one.instruction.strip(), one.examples, one.policy, one.classes,
            one.deadline_minutes,
        )
        for one in found
    }  # fmt: skip
