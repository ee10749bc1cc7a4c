"""Files that forms send."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from litestar.datastructures import UploadFile

from goldvein.api.keyring import check_same_site
from goldvein.api.problems import BodyTooLarge
from goldvein.api.pushing import FileKind
from goldvein.api.service import Call
from goldvein.domain.errors import InvalidInput

_ENDINGS: Final[Mapping[str, FileKind]] = {"jsonl": "jsonl", "ndjson": "jsonl", "csv": "csv", "tsv": "csv"}


@dataclass(frozen=True, slots=True)
class Upload:
    """A file with what it is, and the form's other fields."""

    name: str
    kind: FileKind
    content: bytes
    fields: Mapping[str, str]


async def upload(request: Call, limit: int) -> Upload:
    """Read the form's ``file``.

    Raises
    ------
    CrossSite
        If another site sent it.
    BodyTooLarge
        If it is larger than ``limit`` bytes.
    InvalidInput
        If no file was chosen, or its name does not say what it is.
    """
    check_same_site(request.scope)
    if int(request.headers.get("content-length") or 0) > limit:
        raise BodyTooLarge(f"the file has more than {limit:,} bytes: send it in parts")
    sent = await request.form()
    file = sent.get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        raise InvalidInput("choose a file", code="invalid_input")
    content = await file.read()
    fields = {name: value for name, value in sent.multi_items() if isinstance(value, str)}
    return Upload(file.filename, _kind(file.filename, content), content, fields)


def _kind(name: str, content: bytes) -> FileKind:
    """Say what a file is, by the end of its name; JSON that is a list is Label Studio's."""
    ending = name.rpartition(".")[2].lower()
    if ending in _ENDINGS:
        return _ENDINGS[ending]
    if ending != "json":
        raise InvalidInput(
            f"{name[-60:]!r} does not say what it is: its name ends in .jsonl, .csv or .json",
            code="invalid_input",
        )
    return "label-studio" if content.lstrip()[:1] == b"[" else "json"
