"""What all wire shapes are made of."""

from typing import Annotated, Any

import msgspec

MAX_PUSH = 10_000
"""Tasks in one JSON push; more go as NDJSON, or in several pushes."""

MAX_LINES = 100_000
"""Lines in one NDJSON push."""

NO_NUL = "^[^\\u0000]*$"
"""PostgreSQL stores no NUL character, so no text may hold one."""

Id = Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]
BigId = Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=NO_NUL)]
NO_NUL_OR_SLASH = "^[^\\u0000/]*$"
"""What stands in an address is cut at slashes."""

BatchName = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=NO_NUL_OR_SLASH)]
"""A name that can stand in an address."""
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=20_000, pattern=NO_NUL)]
Note = Annotated[str, msgspec.Meta(max_length=500, pattern=NO_NUL)]
Choice = Annotated[str, msgspec.Meta(min_length=1, max_length=2_000, pattern=NO_NUL)]
Probability = Annotated[float, msgspec.Meta(ge=0, le=1)]
Content = dict[str, Any]


class Request(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A shape that comes in: a field that nobody reads is refused, since it is most often a typing error."""


class Response(msgspec.Struct, kw_only=True):
    """A shape that goes out: every field is there; readers ignore fields that they do not know."""
