"""What a form sent, within bounds."""

from collections.abc import Mapping
from math import nan
from typing import Any, Final

from litestar import Request

from goldvein.api.bodies import SMALL
from goldvein.api.keyring import check_same_site
from goldvein.api.problems import BodyTooLarge
from goldvein.domain.errors import InvalidInput

_MOST: Final = 1e12


async def form(request: Request[Any, Any, Any], *, limit: int = SMALL) -> dict[str, str]:
    """Read a form's fields; of several of one name, the last.

    Raises
    ------
    CrossSite
        If another site sent it.
    BodyTooLarge
        If it is larger than ``limit`` bytes.
    InvalidInput
        ``nul_character``: PostgreSQL stores none.
    """
    check_same_site(request.scope)
    if int(request.headers.get("content-length") or 0) > limit:
        raise BodyTooLarge(f"the form has more than {limit:,} bytes")
    fields = {name: value for name, value in (await request.form()).multi_items() if isinstance(value, str)}
    if any("\x00" in value for value in fields.values()):
        raise InvalidInput("the form holds a NUL character: remove it", code="nul_character")
    return fields


def whole(fields: Mapping[str, str], name: str, words: str, *, least: int, most: int) -> int:
    """Read a field that holds a whole number.

    Raises
    ------
    InvalidInput
        If it holds something else, or the number is out of bounds.
    """
    text = fields.get(name, "").strip()
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= 10 else -1
    if not least <= number <= most:
        raise InvalidInput(f"{words} is a whole number from {least} to {most:,}, not {text[:20]!r}")
    return number


def number(text: str, name: str) -> float:
    """Read a number that somebody typed into a field, none of those that only floats know.

    Raises
    ------
    InvalidInput
        If it is something else, or larger than any field takes; ``pointer`` names the field.
    """
    try:
        value = float(text.strip())
    except ValueError:
        value = nan
    if not abs(value) < _MOST:
        raise InvalidInput(f"{text[:20]!r} is no number that can stand here", pointer=f"/{name}")
    return value


def named(fields: Mapping[str, str], name: str, words: str, *, most: int = 200) -> str:
    """Read a field that holds a name.

    Raises
    ------
    InvalidInput
        If it is empty or too long.
    """
    text = fields.get(name, "").strip()
    if not 1 <= len(text) <= most:
        raise InvalidInput(f"{words} has 1 to {most} characters, not {len(text)}")
    return text
