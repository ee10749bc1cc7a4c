"""Scripts and styles, from this package and from installed ones: nothing comes from elsewhere."""

import gzip
import mimetypes
from dataclasses import dataclass
from functools import lru_cache, partial
from importlib import resources
from typing import Annotated, Any, Final

from litestar import Request, Response, get
from litestar.params import PathParameter

from goldvein.api.access import EVERYBODY
from goldvein.api.service import service_of
from goldvein.domain.errors import NotFound

_VENDORED: Final = {"plotly.min.js": ("plotly", "package_data/plotly.min.js")}
"""Name under /static/vendor: the installed package, and the file in it."""
_KEPT: Final = {"Cache-Control": "public, max-age=3600", "X-Content-Type-Options": "nosniff"}


@dataclass(frozen=True, slots=True)
class Asset:
    """One file, as it is and packed."""

    content: bytes
    packed: bytes
    media_type: str


@lru_cache(256)
def asset(name: str) -> Asset | None:
    """Read a file under ``static``, or a vendored script."""
    folder, _, file = name.rpartition("/")
    if ".." in folder or not file:
        return None
    if folder == "vendor" and file in _VENDORED:
        package, path = _VENDORED[file]
        place = resources.files(package).joinpath(path)
    else:
        place = resources.files("goldvein.web").joinpath("static", name)
    if not place.is_file():
        return None
    content = place.read_bytes()
    media_type = mimetypes.guess_type(file)[0] or "application/octet-stream"
    return Asset(content, gzip.compress(content, 6), media_type)


@get("/static/{name:path}", opt={"roles": EVERYBODY}, include_in_schema=False)
async def static(request: Request[Any, Any, Any], name: Annotated[str, PathParameter()]) -> Response[bytes]:
    """Serve one file."""
    found = await service_of(request).run(partial(asset, name.lstrip("/")))
    if found is None:
        raise NotFound("there is no such file")
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers = _KEPT | {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
        return Response(found.packed, headers=headers, media_type=found.media_type)
    return Response(found.content, headers=_KEPT, media_type=found.media_type)
