"""Benchmarks by the client: from a list or a file, looked at and changed."""

import os
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from goldvein import wire
from goldvein.client.errors import ApiError
from goldvein.client.http import Ask, Transport
from goldvein.client.parts import add_up, nothing_pushed, parts, wholly_refused

Benchmark = wire.BenchmarkNew | Mapping[str, Any]
Format = Literal["json", "jsonl", "csv", "label-studio"]

FORMATS: Final[Mapping[str, Format]] = {
    ".csv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
}
"""What a file is, by its ending; Label Studio's export has to be named as such."""


class BenchmarkCalls:
    """What a customer, an auditor or an operator does with benchmarks."""

    _transport: Transport

    def add_benchmarks(
        self,
        project: int,
        benchmarks: Iterable[Benchmark] | str | os.PathLike[str],
        *,
        file_format: Format | None = None,
        chunk: int = 1_000,
        progress: Callable[[int], None] | None = None,
    ) -> wire.Pushed:
        """Add benchmarks by hand, from a list or a file (CSV, JSONL, JSON or Label Studio's JSON).

        It may be repeated: what is a benchmark already counts as ``existing``. Bad ones are in ``errors``.

        Parameters
        ----------
        benchmarks : iterable of benchmarks, or path
        file_format : str, optional
            What a file is; by its ending, where not given.
        chunk : int
            Benchmarks of a list that are sent together.
        progress : callable, optional
            Called with the number of benchmarks answered so far.
        """
        if not isinstance(benchmarks, str | os.PathLike):
            bodies = (
                (msgspec.json.encode({"benchmarks": part}), len(part)) for part in parts(benchmarks, chunk)
            )
            return self._send_parts(project, bodies, "application/json", progress)
        path = Path(benchmarks)
        kind = file_format or FORMATS.get(path.suffix.lower())
        if kind is None:
            raise ValueError(f"{path.name!r} has no ending that says what it is: give file_format")
        if kind == "jsonl":
            with path.open("rb") as lines:
                full = (line.rstrip(b"\n") for line in lines if line.strip())
                bodies = ((b"\n".join(part), len(part)) for part in parts(full, chunk))
                return self._send_parts(project, bodies, "application/x-ndjson", progress)
        params = {"format": "label-studio"} if kind == "label-studio" else {}
        media = "text/csv" if kind == "csv" else "application/json"
        pushed = self._send_benchmarks(project, path.read_bytes(), kind=media, **params)
        if progress:
            progress(pushed.created + pushed.existing + pushed.refused)
        return pushed

    def _send_parts(
        self,
        project: int,
        bodies: Iterable[tuple[bytes, int]],
        kind: str,
        progress: Callable[[int], None] | None,
    ) -> wire.Pushed:
        """Send one body after the other, each with how many benchmarks it has."""
        total, start = nothing_pushed(), 0
        for body, count in bodies:
            add_up(total, self._send_benchmarks(project, body, kind=kind), start)
            start += count
            if progress:
                progress(start)
        return total

    def _send_benchmarks(
        self, project: int, content: bytes, *, kind: str = "application/json", **params: str
    ) -> wire.Pushed:
        headers = {"Idempotency-Key": str(uuid.uuid4()), "Content-Type": kind}
        ask = Ask("POST", f"/v1/projects/{project}/benchmarks", msgspec.Raw(content), params, headers)
        try:
            return msgspec.json.decode(self._transport.send(ask).content, type=wire.Pushed)
        except ApiError as error:
            return wholly_refused(error)

    def benchmarks(
        self,
        project: int,
        *,
        state: wire.BenchmarkState | None = None,
        basis: wire.BenchmarkBasis | None = None,
        flagged: bool = False,
    ) -> Iterator[wire.BenchmarkLine]:
        """Iterate over benchmarks, and candidates on their way to become some."""
        asked: dict[str, Any] = {"state": state, "basis": basis, "flagged": "true" if flagged else None}
        params = {name: value for name, value in asked.items() if value is not None}
        after: int | None = 0
        while after is not None:
            ask = Ask(
                "GET", f"/v1/projects/{project}/benchmarks", params={**params, "after": after, "limit": 1_000}
            )
            page = msgspec.json.decode(self._transport.send(ask).content, type=wire.BenchmarkPage)
            yield from page.benchmarks
            after = page.next

    def benchmark(self, project: int, task: int) -> wire.Benchmark:
        """Read a benchmark with its life."""
        return self._benchmark(Ask("GET", f"/v1/projects/{project}/benchmarks/{task}"))

    def change_benchmark(
        self,
        project: int,
        task: int,
        *,
        key: int | None = None,
        key_right: float | None = None,
        action: Literal["confirm", "freeze", "retire"] | None = None,
        reason: str | None = None,
        explanation: str | None = None,
    ) -> wire.Benchmark:
        """Give a benchmark another key, with why it is right, or confirm, freeze or retire it."""
        change = wire.BenchmarkChange(
            key=key, key_right=key_right, action=action, reason=reason, explanation=explanation
        )
        return self._benchmark(Ask("PATCH", f"/v1/projects/{project}/benchmarks/{task}", change))

    def retire_benchmarks(
        self,
        project: int,
        tasks: Sequence[int] | None = None,
        *,
        meant: wire.BenchmarkFilter | None = None,
        reason: str | None = None,
    ) -> list[int]:
        """Retire benchmarks by their tasks, or all that a filter means; return those that were retired."""
        asked = wire.BenchmarkRetirement(
            tasks=list(tasks) if tasks is not None else None, filter=meant, reason=reason
        )
        gone: list[int] = []
        while True:
            headers = {"Idempotency-Key": str(uuid.uuid4())}
            ask = Ask("POST", f"/v1/projects/{project}/benchmarks/retire", asked, headers=headers)
            found = msgspec.json.decode(self._transport.send(ask).content, type=wire.BenchmarksRetired)
            gone += found.retired
            if not found.more or not found.retired:
                return gone

    def _benchmark(self, ask: Ask) -> wire.Benchmark:
        return msgspec.json.decode(self._transport.send(ask).content, type=wire.Benchmark)
