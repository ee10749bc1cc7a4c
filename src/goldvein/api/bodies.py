"""Bodies, read within bounds; what is wrong with them is said with its place."""

import re
from typing import Any, Final, TypeVar

import msgspec

from goldvein.api.problems import BodyTooLarge
from goldvein.api.service import Call
from goldvein.domain.errors import GoldveinError, InvalidInput
from goldvein.domain.records import ItemError

T = TypeVar("T")

SMALL: Final = 1_000_000
"""Bytes of an ordinary body."""
PUSH: Final = 64_000_000
"""Bytes of a JSON push."""
STREAM: Final = 512_000_000
"""Bytes of a push that is stored while it comes."""
LINE: Final = 1_000_000
"""Bytes of one item of such a push."""

_PLACE = re.compile(r" - at (?:`key` in )?`\$([^`]*)`$")
_STEP = re.compile(r"\[(\d+|\.\.\.)\]|\.([^.\[]+)")
# An escaped NUL: an odd number of backslashes before u0000. PostgreSQL stores none.
_ESCAPED = b"\\u0000"  # looked for first: nearly no body has it, and the pattern looks at every byte
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


class MalformedJson(GoldveinError):
    """The body is not JSON."""

    status = 400
    code = "malformed_json"


class UnsupportedMediaType(GoldveinError):
    """The body has a content type that this address does not take."""

    status = 415
    code = "unsupported_media_type"


def media_type(request: Call) -> str:
    """Name the body's type; none counts as JSON."""
    return request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()


async def read(request: Call, limit: int = SMALL, *, kind: str = "application/json") -> bytes:
    """Read a body, of JSON or another ``kind``, of at most ``limit`` bytes.

    Raises
    ------
    UnsupportedMediaType
        If it is not said to be of that kind.
    BodyTooLarge
        As soon as it is known to be larger.
    """
    if media_type(request) != kind:
        raise UnsupportedMediaType(f"a body of type {media_type(request)!r} is not taken here: send {kind}")
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise BodyTooLarge(f"the body has more than {limit:,} bytes: send it in several requests")
        parts.append(part)
    return b"".join(parts)


def decode(body: bytes, decoder: msgspec.json.Decoder[T], *, place: str = "") -> T:
    """Decode JSON into a shape.

    Parameters
    ----------
    place : str
        JSON pointer of the body within what was sent.

    Raises
    ------
    MalformedJson
        If it is not JSON.
    InvalidInput
        If it has another shape; ``pointer`` names the place.
    """
    try:
        value = decoder.decode(body)
    except msgspec.ValidationError as error:
        text = str(error)
        raise InvalidInput(_PLACE.sub("", text), pointer=place + pointer(text)) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MalformedJson(f"the body is not JSON: {error}") from error
    except RecursionError as error:
        raise InvalidInput("the body is nested too deeply: flatten it", pointer=place) from error
    if _ESCAPED in body and _NUL.search(body) and not isinstance(value, msgspec.Raw) and not _has_raw(value):
        raise InvalidInput(
            "the body holds a NUL character (\\u0000): remove it", code="nul_character", pointer=place
        )
    return value


async def body(request: Call, decoder: msgspec.json.Decoder[T], *, limit: int = SMALL) -> T:
    """Read and decode a JSON body."""
    return decode(await read(request, limit), decoder)


def pointer(message: str) -> str:
    """Turn the place in msgspec's message, such as ``$.tasks[1].input``, into a JSON pointer."""
    found = _PLACE.search(message)
    steps = _STEP.findall(found[1]) if found else []
    return "".join(f"/{(index or name).replace('~', '~0').replace('/', '~1')}" for index, name in steps)


def item_error(error: GoldveinError, index: int, place: str) -> ItemError:
    """Say what is wrong with one item of a list."""
    facts = {name: value for name, value in error.facts.items() if name != "pointer"}
    return ItemError(index, error.code, error.detail, str(error.facts.get("pointer", place)), facts)


def _has_raw(value: Any) -> bool:
    """Whether parts of it are read later, and looked at then."""
    return isinstance(value, msgspec.Struct) and any(
        isinstance(part, list) and part and isinstance(part[0], msgspec.Raw)
        for part in (getattr(value, name) for name in value.__struct_fields__)
    )
