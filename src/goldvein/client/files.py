"""Labels into a file, in any format, part by part: what broke off is gone on with."""

import contextlib
import os
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import parse_qs, urlsplit

import msgspec

from goldvein.client.http import Ask, Transport

Format = Literal["jsonl", "csv", "parquet", "trl", "openai", "label-studio"]
PART: Final = 1_000
"""Labels of one request; so many may have to be asked for again."""
_LISTS: Final = frozenset({"openai", "label-studio"})
_OPEN: Final = b"[\n"
_CLOSE: Final = b"\n]\n"


class _Progress(msgspec.Struct):
    """How far a file is: what was asked, the label to go on behind, and the bytes that are good."""

    asked: dict[str, Any]
    after: int = 0
    size: int = 0


class ExportCalls:
    """What a customer does with files of labels."""

    _transport: Transport

    def export_file(
        self,
        project: int,
        path: str | os.PathLike[str],
        *,
        file_format: Format = "jsonl",
        content: bool = False,
        pairs: Literal["all", "one"] = "all",
        batch: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        basis: Literal["labeler", "panel", "auditor", "manual"] | None = None,
        confidence_at_least: float | None = None,
        p_at_least: float | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> Path:
        """Write the current labels to a file; called again after it broke off, it goes on where it was.

        Until the file is whole it is called ``NAME.part``, and ``NAME.progress`` says how far it is. Parquet
        has its index at its end: it comes in one piece, and begins anew.

        Parameters
        ----------
        path : path
            Replaced if it is there.
        file_format, content, pairs, batch, since, until, basis, confidence_at_least, p_at_least
            As in the API.
        progress : callable, optional
            Called with the bytes written so far.
        """
        given: dict[str, Any] = {
            "format": file_format,
            "content": content or None,
            "pairs": pairs if file_format == "trl" else None,
            "batch": batch,
            "since": since.isoformat() if since else None,
            "until": until.isoformat() if until else None,
            "basis": basis,
            "confidence_at_least": confidence_at_least,
            "p_at_least": p_at_least,
        }
        asked = {name: value for name, value in given.items() if value is not None}
        address = f"/v1/projects/{project}/labels/export"
        whole = Path(path)
        part, note = (whole.with_name(whole.name + ending) for ending in (".part", ".progress"))
        if file_format == "parquet":
            _write(part, self._transport.chunks(Ask("GET", address, params=asked)), progress)
        else:
            self._write_parts(address, asked, part, note, progress)
        part.replace(whole)
        note.unlink(missing_ok=True)
        return whole

    def _write_parts(
        self,
        address: str,
        asked: dict[str, Any],
        part: Path,
        note: Path,
        progress: Callable[[int], None] | None,
    ) -> None:
        at = _read_note(note, part, {"address": address, **asked})
        is_list = asked["format"] in _LISTS
        with part.open("r+b" if at.size else "w+b") as file:
            file.seek(at.size)
            while True:
                ask = Ask("GET", address, params={**asked, "after": at.after, "limit": PART})
                response = self._transport.send(ask)
                file.write(_joined(response.content, first=at.size == 0) if is_list else response.content)
                file.flush()
                at.size = file.tell()
                if progress:
                    progress(at.size)
                link = response.links.get("next")
                if link is None:
                    break
                at.after = int(parse_qs(urlsplit(link["url"]).query)["after"][0])
                note.write_bytes(msgspec.json.encode(at))
            if is_list:
                file.write(_CLOSE)
            file.truncate()


def _read_note(note: Path, part: Path, asked: dict[str, Any]) -> _Progress:
    """Read how far a file is, if it is there and the same was asked."""
    with contextlib.suppress(OSError, msgspec.MsgspecError):
        found = msgspec.json.decode(note.read_bytes(), type=_Progress)
        if found.asked == asked and part.stat().st_size >= found.size:
            return found
    return _Progress(asked)


def _joined(content: bytes, *, first: bool) -> bytes:
    """One list of several: without what closes it, and what opens it where it goes on."""
    inner = content.removeprefix(b"[").removesuffix(_CLOSE).removeprefix(b"\n")
    return _OPEN + inner if first else b",\n" + inner if inner else b""


def _write(part: Path, chunks: Iterable[bytes], progress: Callable[[int], None] | None) -> None:
    with part.open("wb") as file:
        for chunk in chunks:
            file.write(chunk)
            if progress:
                progress(file.tell())
