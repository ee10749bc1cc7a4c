"""constraints.txt pins everything that is installed, and names no place to get it from."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
PINS = re.findall(
    r"^([a-z0-9-]+)==([^ \n]+)(.*(?:\n    .*)*)", (ROOT / "constraints.txt").read_text(), re.MULTILINE
)


def test_every_requirement_is_pinned() -> None:
    """What pyproject.toml asks for stands there by version; run `just constraints` after a change."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    lists = [*project["dependency-groups"].values(), *project["project"]["optional-dependencies"].values()]
    optional = [entry for entries in lists for entry in entries if isinstance(entry, str)]
    wanted = {
        re.split(r"[^A-Za-z0-9._-]", entry)[0].lower()
        for entry in project["project"]["dependencies"] + optional
    }
    assert wanted <= {name for name, _, _ in PINS}


def test_every_pin_has_a_hash() -> None:
    """An installation takes the very files that were pinned."""
    assert len(PINS) > 50
    assert [name for name, _, rest in PINS if "--hash=sha256:" not in rest] == []


def test_no_address_is_committed() -> None:
    """Where packages come from is the machine's affair."""
    assert "://" not in (ROOT / "constraints.txt").read_text()
