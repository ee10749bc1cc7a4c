"""Bodies cut into pieces as they come: lines, rows of a CSV file, elements of a JSON list.

However large a body is, what is kept of it is the piece that is not yet whole.
"""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from goldvein.api.bodies import LINE, STREAM
from goldvein.api.problems import BodyTooLarge
from goldvein.domain.errors import InvalidInput
from goldvein.services.tables import Row, Rows

Chunks = AsyncIterator[bytes]
_TOKEN: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"|["\[\]{},]', re.DOTALL)
"""A whole text, or what opens, closes and parts: the beginning of a text that goes on is a quote alone."""


async def lines(chunks: Chunks) -> AsyncIterator[tuple[bytes, bool]]:
    """Split a streamed body into lines, each with whether it is too long (then it is cut, and empty).

    Raises
    ------
    BodyTooLarge
        If there is more than ``STREAM`` bytes of them.
    """
    rest, size, skipping = b"", 0, False
    async for chunk in chunks:
        size += len(chunk)
        if size > STREAM:
            raise BodyTooLarge(
                f"the body has more than {STREAM:,} bytes: send the tasks that are missing in another request"
            )
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield (b"", True) if skipping or len(line) > LINE else (line, False)
            skipping = False
        if len(rest) > LINE:
            rest, skipping = b"", True
    if rest.strip() or skipping:
        yield (b"", True) if skipping else (rest, False)


async def rows(chunks: Chunks) -> AsyncIterator[Row | None]:
    """Split a streamed CSV file into rows, the first with its columns; None stands for one too long."""
    found = Rows()
    async for line, too_long in lines(chunks):
        if too_long:
            for row in found.end():
                yield row
            found.lines += 1
            yield None
        else:
            for row in found.add(line):
                yield row
    for row in found.end():
        yield row


async def elements(chunks: Chunks) -> AsyncIterator[tuple[bytes, bool]]:
    """Split a streamed JSON list into its elements, each with whether it is too long (then it is empty).

    Raises
    ------
    InvalidInput
        ``json_list``: it is no list, does not end, or goes on behind its end; what came before is given.
    """
    listing, size = Elements(), 0
    async for chunk in chunks:
        size += len(chunk)
        if size > STREAM:
            raise BodyTooLarge(f"the body has more than {STREAM:,} bytes: send the rest in another request")
        for element in listing.feed(chunk):
            yield element
    listing.end()


@dataclass(slots=True)
class Elements:
    """The elements of one JSON list, cut out of its text as it comes; what they hold is not looked at."""

    _text: bytes = b""
    _place: int = 0
    _depth: int = 0
    _any: bool = False
    _skipping: bool = False
    _ended: bool = False

    def feed(self, chunk: bytes) -> list[tuple[bytes, bool]]:
        """Take the next part of the text; give the elements that end in it."""
        self._text += chunk
        if self._depth == 0 and not self._begin():
            return []
        found = list[tuple[bytes, bool]]()
        start = 0
        while not self._ended and (token := _TOKEN.search(self._text, self._place)):
            mark = token[0]
            if mark == b'"':  # a text that goes on in the next chunk
                self._place = token.start()
                break
            self._place = token.end()
            if mark in b"[{":
                self._depth += 1
            elif mark in b"]}":
                self._depth -= 1
            if self._depth == 0 or (self._depth == 1 and mark == b","):
                found += self._cut(start, token.start(), last=self._depth == 0)
                start = token.end()
        else:
            self._place = len(self._text)
        self._keep(start)
        return found

    def end(self) -> None:
        """Say that there is no more text.

        Raises
        ------
        InvalidInput
            ``json_list``.
        """
        if not self._ended:
            raise _no_list("it does not end: the file was cut off, or a bracket or quote is missing")

    def _begin(self) -> bool:
        """Pass over the bracket that opens the list, once it is there."""
        text = self._text.removeprefix(b"\xef\xbb\xbf").lstrip()
        if self._ended:
            if text:
                raise _no_list("something follows behind its end")
            self._text = b""
            return False
        if text and not text.startswith(b"["):
            raise _no_list(f"it begins with {text[:10].decode(errors='replace')!r}, not with a bracket")
        self._text, self._place, self._depth = text[1:], 0, int(text != b"")
        return text != b""

    def _cut(self, start: int, end: int, *, last: bool) -> list[tuple[bytes, bool]]:
        piece, skipping = self._text[start:end].strip(), self._skipping
        self._skipping = False
        self._ended = last
        if last and not piece and not skipping and not self._any:
            return []  # an empty list
        self._any = True
        too_long = skipping or len(piece) > LINE
        return [(b"" if too_long else piece, too_long)]

    def _keep(self, start: int) -> None:
        """Forget what is behind, and of an element that is too long all but where it goes on."""
        self._text, self._place = self._text[start:], self._place - start
        if self._ended:
            if self._text.strip():
                raise _no_list("something follows behind its end")
            self._text, self._place = b"", 0
        elif len(self._text) > LINE:
            self._skipping = True
            rest = self._text[self._place :]
            if rest.startswith(b'"'):  # inside a text: whether the next byte is escaped must be known
                slashes = len(rest) - len(rest.rstrip(b"\\"))
                rest = b'"' + b"\\" * (slashes % 2)
            self._text, self._place = rest, 0


def _no_list(why: str) -> InvalidInput:
    return InvalidInput(f"the body is no JSON list: {why}", code="json_list")
