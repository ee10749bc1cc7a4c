"""docs/api.md cannot fall behind: every error code and every reason stands in it."""

import ast
import itertools
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
SERVER = ("api", "decisions", "domain", "services", "store", "tasktypes")
PIECES = {  # what stands in the gaps of codes that are put together
    "many": ("options", "classes"),
    "one": ("option", "class"),
    "name": ("input", "metadata"),
}
NOT_SENT = {"embedded_server"}  # for the person at the terminal


def _texts(value: ast.expr) -> Iterator[str]:
    match value:
        case ast.Constant(value=str(text)):
            yield text
        case ast.IfExp(body=body, orelse=orelse):
            yield from _texts(body)
            yield from _texts(orelse)
        case ast.JoinedStr(values=parts):
            choices = [
                (str(part.value),)
                if isinstance(part, ast.Constant)
                else PIECES[ast.unparse(part).strip("f'{}")]
                for part in parts
            ]
            yield from map("".join, itertools.product(*choices))


def _codes(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.keyword(arg="code", value=value):
                yield from _texts(value)
            case ast.Assign(targets=[ast.Name(id="code")], value=value):
                yield from _texts(value)
            case ast.AnnAssign(target=ast.Name(id="code"), value=ast.expr() as value):
                yield from _texts(value)
            case ast.Call(func=ast.Name(id="ItemError"), args=[_, value, *_]):
                yield from _texts(value)


def codes_in_code() -> set[str]:
    """Every code that the server's rooms can send."""
    found: set[str] = set()
    for room in SERVER:
        for path in (ROOT / "src" / "goldvein" / room).rglob("*.py"):
            found |= set(_codes(ast.parse(path.read_text("utf-8"))))
    return found - NOT_SENT


def codes_in_docs() -> set[str]:
    """Every code in the first column of the table."""
    text = (ROOT / "docs" / "api.md").read_text("utf-8")
    rows = re.findall(r"^\| (`.+?) \| [\d, ]+ \|", text, re.MULTILINE)
    return {code for row in rows for code in re.findall(r"`(\w+)`", row)}


def test_every_code_is_documented() -> None:
    """Whoever adds an error adds its line to the table, in the same change."""
    assert codes_in_code() - codes_in_docs() == set()


def test_no_documented_code_is_gone() -> None:
    """A table that lists what never happens is not read for long."""
    assert codes_in_docs() - codes_in_code() == set()


def test_every_reason_is_documented() -> None:
    """The reasons why no work is handed out are few, and all in the page."""
    text = (ROOT / "docs" / "api.md").read_text("utf-8")
    services = (ROOT / "src" / "goldvein" / "services").glob("*.py")
    used = {
        reason
        for path in services
        for reason in re.findall(r'(?:NoWork|_no_work)\(\s*"(\w+)"', path.read_text("utf-8"))
    }
    assert used
    assert {reason for reason in used if f"`{reason}`" not in text} == set()
