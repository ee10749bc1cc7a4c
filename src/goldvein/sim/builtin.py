"""The scenarios that come with Goldvein, by name."""

from __future__ import annotations

from itertools import takewhile
from pathlib import Path
from typing import Final

SCENARIOS: Final = Path(__file__).parent / "scenarios"


def names() -> list[str]:
    """List the scenarios that come along: ``example`` first, those of mining as ``mining/mixed``."""
    files = SCENARIOS.rglob("*.toml")
    found = sorted(path.relative_to(SCENARIOS).with_suffix("").as_posix() for path in files)
    return sorted(found, key=lambda name: (name != "example", "/" in name))


def about(name: str) -> str:
    """Say what one of them is for: the comment that its file begins with."""
    lines = path_of(name).read_text(encoding="utf-8").splitlines()
    comment = takewhile(lambda line: line.startswith("#"), lines)
    return " ".join(line.removeprefix("#").strip() for line in comment)


def path_of(name: str) -> Path:
    """Where one of them stands; it need not be there."""
    return SCENARIOS / f"{name}.toml"
