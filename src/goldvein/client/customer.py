"""The customer's client: open a project, push tasks, wait, read labels.

Operators and auditors use it as well, for what only they may do.
"""

import time
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, Self, TypeVar
from urllib.parse import quote

import httpx
import msgspec

from goldvein import wire
from goldvein.client.auditing import AuditCalls
from goldvein.client.benchmarks import BenchmarkCalls
from goldvein.client.errors import ApiError
from goldvein.client.files import ExportCalls
from goldvein.client.http import Ask, Transport
from goldvein.client.operating import OperatorCalls
from goldvein.client.parts import add_up, nothing_pushed, parts, wholly_refused

T = TypeVar("T")
Item = wire.TaskNew | Mapping[str, Any]
_LONGEST_WAIT = 30.0
"""Seconds of one blocking call; a proxy between seldom allows 60."""


class GoldveinClient(AuditCalls, BenchmarkCalls, ExportCalls, OperatorCalls):
    """A customer's view of one server, or an operator's or an auditor's.

    Parameters
    ----------
    base_url : str
        Such as ``http://127.0.0.1:8000``.
    api_key : str
        A key of the customer, operator or auditor.
    patience : float
        Seconds for which a broken connection or a busy server is tried again.
    """

    def __init__(
        self, base_url: str, api_key: str, *, patience: float = 30.0, http: httpx.Client | None = None
    ) -> None:
        self._transport = Transport(base_url, api_key, patience=patience, http=http)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    # --- projects ---------------------------------------------------------------------------------

    def create_project(
        self,
        name: str,
        instruction: str | None = None,
        *,
        classes: Sequence[str] | None = None,
        deadline_seconds: int | None = None,
        policy: Mapping[str, float] | None = None,
        state: Literal["draft", "mining"] = "mining",
        customer: int | None = None,
        copy_of: int | None = None,
        carry_benchmarks: bool = False,
    ) -> wire.Project:
        """Open a project; without ``classes``, the options stand in each task; a draft hands nothing out.

        With ``copy_of``, what is not given is as in that project; its benchmarks can come along.
        """
        shape = wire.ProjectCreate(
            name=name,
            instruction=instruction,
            classes=list(classes) if classes is not None else None,
            deadline_seconds=deadline_seconds,
            policy=dict(policy or {}),
            state=state,
            customer=customer,
            copy_of=copy_of,
            carry_benchmarks=carry_benchmarks,
        )
        return self._safely("/v1/projects", wire.Project, shape)

    def project(self, project: int) -> wire.Project:
        """Read a project."""
        return self._get(f"/v1/projects/{project}", wire.Project)

    def projects(self) -> list[wire.Project]:
        """List the projects that you may see."""
        return self._get("/v1/projects", wire.Projects).projects

    def change_project(self, project: int, **changes: Any) -> wire.Project:
        """Change ``name``, ``instruction``, ``state``, ``policy`` or ``deadline_seconds``.

        An operator changes ``price``, too.
        """
        return self._read(Ask("PATCH", f"/v1/projects/{project}", changes), wire.Project)

    def erase_contents(self, project: int, name: str) -> wire.Project:
        """Erase for good what the tasks of a closed project say; ``name`` is the project's, against slips."""
        return self._safely(f"/v1/projects/{project}/erase", wire.Project, wire.ContentErasure(name=name))

    def quality(self, project: int, *, characteristic: bool = False) -> dict[str, Any]:
        """Read the report on standings, benchmarks and shortcuts, and the operating characteristic."""
        asked = {"characteristic": "true"} if characteristic else {}
        return self._get(f"/v1/projects/{project}/quality", dict[str, Any], **asked)

    def why_empty(self, project: int) -> dict[str, Any]:
        """Read why no work is handed out right now."""
        return self._get(f"/v1/projects/{project}/why-empty", dict[str, Any])

    def metrics(
        self, project: int, *names: str, since: datetime | None = None, until: datetime | None = None,
        span: int = 60,
    ) -> wire.Metrics:  # fmt: skip
        """Read metrics over time, all of them where none is named, by spans of so many minutes; of a day.

        Moments have a zone: ``datetime.now(UTC) - timedelta(days=7)``.
        """
        asked: dict[str, Any] = {"span": span}
        if names:
            asked["names"] = ",".join(names)
        asked |= {
            name: moment.isoformat()
            for name, moment in (("since", since), ("until", until))
            if moment is not None
        }
        return self._get(f"/v1/projects/{project}/metrics", wire.Metrics, **asked)

    def push_reference(
        self, project: int, tasks: Iterable[Mapping[str, Any]], *, whole: bool = False
    ) -> wire.ReferencePushed:
        """Give tasks with your own answers, by which the workforce is checked every day; it may be repeated.

        Parameters
        ----------
        tasks : iterable of mappings
            Each with ``input``, ``key`` and, if you like, ``unique_id``; 2,000 at most.
        whole : bool
            Whether this is the whole set: what is not in it leaves it.
        """
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        asked = {"whole": "true"} if whole else {}
        body = {"tasks": list(tasks)}
        ask = Ask("POST", f"/v1/projects/{project}/reference", body, asked, headers)
        return self._read(ask, wire.ReferencePushed)

    def reference(self, project: int, *, limit: int = 30) -> wire.Reference:
        """Read how the workforce does on your own sample: the latest checks, and what they say."""
        return self._get(f"/v1/projects/{project}/reference", wire.Reference, limit=limit)

    # --- tasks and batches ------------------------------------------------------------------------

    def push(
        self, project: int, tasks: Iterable[Item], *, batch: str | None = None, chunk: int = 1_000
    ) -> wire.Pushed:
        """Push any number of tasks, in chunks; bad ones are in ``errors``, by their index among all.

        Give each task a ``unique_id``, and a push that broke off can simply be repeated: what is stored
        already counts as ``existing``.
        """
        total, start = nothing_pushed(batch), 0
        for part in parts(tasks, chunk):
            add_up(total, self._push_chunk(project, part, batch), start)
            start += len(part)
        return total

    def _push_chunk(self, project: int, part: Sequence[Item], batch: str | None) -> wire.Pushed:
        body = {"tasks": part} if batch is None else {"tasks": part, "batch": batch}
        # A name makes a task one task however often it is sent; only without does the server keep its answer.
        headers = {} if all(map(_named, part)) else {"Idempotency-Key": str(uuid.uuid4())}
        try:
            return self._read(
                Ask("POST", f"/v1/projects/{project}/tasks", body, headers=headers), wire.Pushed
            )
        except ApiError as error:
            return wholly_refused(error, batch)

    def task(self, project: int, task: int) -> wire.Task:
        """Read a task with its current label."""
        return self._get(f"/v1/projects/{project}/tasks/{task}", wire.Task)

    def cancel_task(self, project: int, task: int) -> wire.Task:
        """Take a task back."""
        return self._safely(f"/v1/projects/{project}/tasks/{task}/cancel", wire.Task)

    def batch(self, project: int, batch: str, *, wait: float = 0) -> wire.Batch:
        """Read the progress of a batch; ``wait`` seconds at most until it is done."""
        return self._get(f"/v1/projects/{project}/batches/{_quoted(batch)}", wire.Batch, wait=wait)

    def cancel_batch(self, project: int, batch: str) -> wire.Batch:
        """Take back what has no label yet."""
        return self._safely(f"/v1/projects/{project}/batches/{_quoted(batch)}/cancel", wire.Batch)

    def wait_for_batch(self, project: int, batch: str, *, timeout: float | None = None) -> wire.Batch:
        """Block until a batch is done; once per training round.

        Raises
        ------
        TimeoutError
            If it is not done after ``timeout`` seconds.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            left = _LONGEST_WAIT if deadline is None else deadline - time.monotonic()
            progress = self.batch(project, batch, wait=max(0.0, min(left, _LONGEST_WAIT)))
            if progress.done:
                return progress
            if left <= 0:
                raise TimeoutError(f"batch {batch!r} has {progress.queued} of {progress.total} tasks to go")

    # --- labels -----------------------------------------------------------------------------------

    def events_page(self, project: int, *, after: int = 0, limit: int = 100, wait: float = 0) -> wire.Events:
        """Read events after a cursor; ``wait`` seconds at most for the first."""
        return self._get(f"/v1/projects/{project}/labels", wire.Events, after=after, limit=limit, wait=wait)

    def events(self, project: int, *, after: int = 0, follow: bool = True) -> Iterator[wire.Event]:
        """Iterate over events, each once; ``after`` the last ``position`` you have seen.

        A label can be taken back by a later ``label.withdrawn``; the one that is delivered in its place
        ``replaces`` it.
        With ``follow`` it waits for more for ever; without, it ends with the last event there is.
        """
        while True:
            page = self.events_page(project, after=after, limit=1_000, wait=_LONGEST_WAIT if follow else 0)
            yield from page.events
            if not page.events and not follow:
                return
            after = page.next

    def export(self, project: int) -> Iterator[wire.Label]:
        """Iterate over the current labels."""
        decoder = msgspec.json.Decoder(wire.Label)
        for line in self._transport.lines(Ask("GET", f"/v1/projects/{project}/labels/export")):
            if line:
                yield decoder.decode(line)

    # --- webhooks ---------------------------------------------------------------------------------

    def create_webhook(
        self, project: int, url: str, *, events: Sequence[wire.EventName] | None = None
    ) -> wire.Webhook:
        """Have events sent to an address; keep the ``secret``, it is shown this once."""
        shape = wire.WebhookCreate(
            project=project, url=url, events=list(events) if events is not None else None
        )
        return self._safely("/v1/webhooks", wire.Webhook, shape)

    def webhooks(self, project: int) -> list[wire.Webhook]:
        """List the webhooks of a project."""
        return self._get(f"/v1/projects/{project}/webhooks", wire.Webhooks).webhooks

    def delete_webhook(self, webhook: int) -> None:
        """Remove a webhook."""
        self._transport.send(Ask("DELETE", f"/v1/webhooks/{webhook}"))

    def test_webhook(self, webhook: int) -> wire.Delivery:
        """Send a test message now."""
        return self._safely(f"/v1/webhooks/{webhook}/test", wire.Delivery)

    def replay_webhook(self, webhook: int, *, after: int) -> wire.Webhook:
        """Have everything after a position sent again."""
        return self._safely(f"/v1/webhooks/{webhook}/replay", wire.Webhook, wire.WebhookReplay(after=after))

    def deliveries(self, webhook: int, *, limit: int = 100) -> list[wire.Delivery]:
        """List the latest tries to deliver, newest first."""
        return self._get(f"/v1/webhooks/{webhook}/deliveries", wire.Deliveries, limit=limit).deliveries

    # ----------------------------------------------------------------------------------------------

    def _get(self, path: str, shape: type[T], **params: Any) -> T:
        return self._read(Ask("GET", path, params=params), shape)


def _quoted(name: str) -> str:
    """Write a name so that it is one step of an address; dots alone would be steps, too."""
    return quote(name, safe="").replace(".", "%2E")


def _named(item: Item) -> bool:
    """Whether a task has a ``unique_id``."""
    return (item.unique_id if isinstance(item, wire.TaskNew) else item.get("unique_id")) is not None
