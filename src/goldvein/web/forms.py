"""What a form sent, within bounds."""

from typing import Any

from litestar import Request

from goldvein.api.bodies import SMALL
from goldvein.api.keyring import check_same_site
from goldvein.api.problems import BodyTooLarge
from goldvein.domain.errors import InvalidInput


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
