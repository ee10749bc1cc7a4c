"""What a labeler can derive from a task as received, its words aside: a row of numbers for each sighting."""

from __future__ import annotations

import base64
import json
import re
from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from goldvein.sim.attack.operation import CardsRead, Seen
    from goldvein.sim.attack.recording import Reply, Sighting
    from goldvein.stats.arrays import Array

COMMON = 8
"""Of a text that varies, as many values as get a column of their own."""
_AROUND = 25
"""Responses before and after, to whoever, that say how busy the service is just then."""
_LEVELS = (None, "out", "looked_at", "on_course", "trusted")
"""What a card can say, in an order that learners can use."""
_SKELETON = re.compile(rb'"(?:[^"\\]|\\.)*"')


def payload(seen: Sequence[Seen]) -> tuple[Array, list[str]]:
    """Columns for everything but the words and the place in the stream: (n, m) and their names.

    Sizes are taken without the content's own bytes, which are the customer's words; ``sizes`` has them whole.
    Option order is that shown against the pushed one, which a labeler could not even know.
    """
    columns: dict[str, Array] = {}
    for name, replies in (("given", [s.sighting.given for s in seen]), ("back", [_back(s) for s in seen])):
        columns |= _of_responses(name, replies, seen)
    columns |= _of_leases([s.sighting for s in seen])
    columns |= _of_order(seen)
    columns |= _times(seen)
    return _stacked(columns)


def stream(seen: Sequence[Seen], began_at: datetime) -> tuple[Array, list[str]]:
    """Columns for the place in the stream: the labeler's how manyth task, and times since."""
    first: dict[int, float] = {}
    last: dict[int, float] = {}
    rows = []
    for one in seen:
        at, labeler = one.sighting.given.came_at, one.sighting.labeler
        first.setdefault(labeler, at)
        rows.append(
            (
                one.sighting.number,
                at - first[labeler],
                at - last.get(labeler, at),
                (one.sighting.given.wall - began_at).total_seconds(),
            )
        )
        last[labeler] = at
    names = ["number", "seconds at work", "seconds since last", "project age"]
    return np.array(rows, dtype=float).reshape(-1, len(names)), names


def card(seen: Sequence[Seen], read: Sequence[CardsRead]) -> tuple[Array, list[str]]:
    """Columns for what the labeler's card said before and after, and when it changed: (n, m), and names."""
    at = np.array([one.at for one in read])
    rows = []
    for one in seen:
        place, labeler = int(np.searchsorted(at, one.sighting.given.came_at)), one.sighting.labeler
        said = [_LEVELS.index(day.levels.get(labeler)) for day in read]
        changes = [n for n in range(1, len(said)) if said[n] != said[n - 1]]
        before = said[place - 1] if place else 0
        after = said[place] if place < len(said) else before
        rows.append(
            (
                before,
                after,
                after - before,
                min((place - n for n in changes if n < place), default=-1),
                min((n - place for n in changes if n >= place), default=-1),
            )
        )
    names = ["card before", "card after", "card change", "refreshes since change", "refreshes until change"]
    return np.array(rows, dtype=float).reshape(-1, len(names)), names


def sizes(seen: Sequence[Seen]) -> Array:
    """(n,) bytes of the responses that brought the tasks: what a listener on an encrypted line learns."""
    return np.array([len(one.sighting.given.body) for one in seen], dtype=float)


def ages(seen: Sequence[Seen]) -> Array:
    """(n,) seconds since the task was pushed: nothing says so, but a serial number in it would."""
    return np.array([(s.serving.shown_at - s.serving.pushed_at).total_seconds() for s in seen])


def _back(one: Seen) -> Reply | None:
    return one.sighting.back


def _of_responses(name: str, replies: Sequence[Reply | None], seen: Sequence[Seen]) -> dict[str, Array]:
    """Status, headers, sizes and the form of the bodies."""
    heads = ["; ".join(f"{key!r}" for key, _ in reply.headers) if reply else "" for reply in replies]
    values = [_header_values(reply) if reply else "" for reply in replies]
    forms = [_form(reply.body) if reply and reply.body else "" for reply in replies]
    columns = {
        **_one_hot(f"{name} status", [str(reply.status) if reply else "none" for reply in replies]),
        **_one_hot(f"{name} headers", heads),
        **_one_hot(f"{name} header values", values),
        **_one_hot(f"{name} form", forms),
        f"{name} date behind": _here(np.array([_date_behind(reply) for reply in replies])),
        f"{name} length told": np.array([_length_told(reply) for reply in replies]),
    }
    if name == "given":
        columns |= _one_hot("via", [one.sighting.via for one in seen])
        columns["size around content"] = np.array([_around(one.sighting) for one in seen], dtype=float)
        columns |= _one_hot("project", [json.dumps(one.sighting.work.get("project")) for one in seen])
        columns |= _one_hot("extra", [_beside_words(one.sighting) for one in seen])
    else:
        columns |= _one_hot("did", [one.sighting.did for one in seen])
        for what in ("repeated", "renewed"):
            said = [getattr(one.sighting, what) for one in seen]
            columns |= _one_hot(what, [f"{reply.status}" if reply else "" for reply in said])
            columns |= _one_hot(f"{what} form", [_form(reply.body) if reply else "" for reply in said])
    return columns


def _header_values(reply: Reply) -> str:
    """Values of all headers that should not change from one response to the next."""
    changing = {b"date", b"content-length", b"retry-after"}
    return "; ".join(f"{k!r}: {v!r}" for k, v in reply.headers if k.lower() not in changing)


def _date_behind(reply: Reply | None) -> float:
    """Seconds that the service's clock, as told in whole seconds, is behind ours."""
    told = reply.header(b"date") if reply else ""
    if not told or reply is None:
        return -1.0
    at = datetime.strptime(told, "%a, %d %b %Y %H:%M:%S %Z").replace(tzinfo=reply.wall.tzinfo)
    return (reply.wall - at).total_seconds()


def _length_told(reply: Reply | None) -> float:
    """How far the header's length is from the body's."""
    return float(reply.header(b"content-length") or 0) - len(reply.body) if reply else 0.0


def _form(body: bytes) -> str:
    """Order and names of all fields, and what stands between them; texts and numbers cut out."""
    text = _SKELETON.sub(
        lambda found: found[0] if body[found.end() : found.end() + 1] == b":" else b'""', body
    )
    return re.sub(rb"\d+", b"0", text).decode("utf-8", "replace")


def _around(one: Sighting) -> int:
    """Bytes of the body around the content's own."""
    content = json.dumps(one.work["task"]["input"], ensure_ascii=False, separators=(",", ":"))
    return len(one.given.body) - len(content.encode())


def _beside_words(one: Sighting) -> str:
    """All fields of the work but id, time and words; the input by its fields and their types."""
    work: dict[str, Any] = json.loads(json.dumps(one.work))
    work["lease"] = dict.fromkeys(work["lease"], "") | {
        key: value for key, value in work["lease"].items() if key not in {"id", "expires_at"}
    }
    work["task"]["input"] = [
        (key, len(value) if isinstance(value, list) else type(value).__name__)
        for key, value in work["task"]["input"].items()
    ]
    return json.dumps(work)


def _of_leases(sightings: Sequence[Sighting]) -> dict[str, Array]:
    """Ids letter by letter and bit by bit, and when leases end."""
    ids = [one.lease for one in sightings]
    width = max(map(len, ids), default=0)
    letters = np.array([[ord(c) for c in one.ljust(width)] for one in ids], dtype=float).reshape(-1, width)
    raw = [base64.urlsafe_b64decode(one + "=" * (-len(one) % 4)) for one in ids]
    length = min(map(len, raw), default=0)
    bits = np.unpackbits(np.array([list(one[:length]) for one in raw], dtype=np.uint8), axis=1).astype(float)
    ends = [str(one.work["lease"]["expires_at"]) for one in sightings]
    until = [datetime.fromisoformat(end) for end in ends]
    left = [(end - one.given.wall).total_seconds() for end, one in zip(until, sightings, strict=True)]
    return {
        "id length": np.array([len(one) for one in ids], dtype=float),
        **{f"id letter {place}": letters[:, place] for place in range(width)},
        **{f"id bit {place}": bits[:, place] for place in range(bits.shape[1])},
        "id bits set": bits.sum(axis=1),
        "lease seconds": _here(np.array(left)),
        "lease microseconds": np.array([end.microsecond for end in until], dtype=float),
        "lease text": np.array([len(end) for end in ends], dtype=float),
    }


def _of_order(seen: Sequence[Seen]) -> dict[str, Array]:
    """Which pushed option stands at each position."""
    width = max((len(one.serving.shown) for one in seen), default=0)
    shown = np.array([list(one.serving.shown) + [-1] * (width - len(one.serving.shown)) for one in seen])
    shown = shown.reshape(-1, width)
    columns = {f"option at {place}": shown[:, place].astype(float) for place in range(width)}
    return columns | {"options in place": (shown == np.arange(width)).sum(axis=1).astype(float)}


def _times(seen: Sequence[Seen]) -> dict[str, Array]:
    """How long responses took, against those around them: alone they tell how busy it was, and so when."""
    columns = {}
    for name, replies in (("given", [s.sighting.given for s in seen]), ("back", [_back(s) for s in seen])):
        took = np.array([reply.took if reply else np.nan for reply in replies])
        logs = np.log(took)
        columns[f"{name} seconds"] = _here(logs)
    return columns


def _here(values: Array) -> Array:
    """(n,) values less the median of those around each."""
    filled = np.where(np.isnan(values), np.nanmedian(values) if (~np.isnan(values)).any() else 0.0, values)
    padded = np.pad(filled, _AROUND, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * _AROUND + 1)
    here: Array = values - np.median(windows, axis=1)
    return here


def _one_hot(name: str, values: Sequence[str]) -> dict[str, Array]:
    """A column for each common value, and one for how rare a value is; none where all are alike."""
    counts = Counter(values)
    if len(counts) < 2:
        return {}
    common = [value for value, _ in counts.most_common(COMMON)]
    columns = {
        f"{name} = {value[:60]}": np.array([one == value for one in values], dtype=float) for value in common
    }
    return columns | {f"{name} rarity": np.array([1 / counts[one] for one in values])}


def _stacked(columns: dict[str, Array]) -> tuple[Array, list[str]]:
    return np.column_stack(list(columns.values())), list(columns)
