"""Traces by OpenTelemetry, where the extra ``otel`` is installed and the setting ``tracing`` asks for them.

What is traced is wrapped when a process is put together: where there are no traces nothing is wrapped, and
nothing is paid. A span tells a route and never an address, which may hold a lease's token; counts and never
contents. A caller's own trace is not gone on with: whoever may send a request could else choose what is kept.
"""

import re
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from typing import Any, Final, ParamSpec, TypeVar

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import Span, SpanKind, Status, StatusCode

from goldvein import __version__

P = ParamSpec("P")
R = TypeVar("R")
App = Callable[[Any, Any, Any], Any]
"""An ASGI application."""
_WORK: Final = re.compile(r"/v1/work/(?:next|[^/]+/(answer|skip|renew|defer))")


class Tracing:
    """Wraps what is to be traced.

    Parameters
    ----------
    provider : TracerProvider
        Where spans go.
    """

    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("goldvein", __version__)

    def app(self, app: App) -> App:
        """Wrap an ASGI application: a span for each request, named by its route."""

        async def traced(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] != "http":
                await app(scope, receive, send)
                return
            with self._span(scope["method"], kind=SpanKind.SERVER) as span:

                async def noting(message: Any) -> None:
                    if message["type"] == "http.response.start":
                        span.set_attribute("http.response.status_code", message["status"])
                        if message["status"] >= 500:
                            span.set_status(Status(StatusCode.ERROR))
                    await send(message)

                span.set_attribute("http.request.method", scope["method"])
                try:
                    await app(scope, receive, noting)
                finally:
                    if (route := _route(scope)) is not None:
                        span.update_name(f"{scope['method']} {route}")
                        span.set_attribute("http.route", route)

        return traced

    def group(self, handle: Callable[[Sequence[Any]], Sequence[R]]) -> Callable[[Sequence[Any]], Sequence[R]]:
        """Wrap what carries out a group of labelers' requests: a span says how many of which kind."""

        def traced(requests: Sequence[Any]) -> Sequence[R]:
            with self._span("group") as span:
                for kind, count in Counter(request.kind for request in requests).items():
                    span.set_attribute(f"goldvein.requests.{kind}", count)
                outcomes = handle(requests)
                refused = sum(isinstance(outcome, Exception) for outcome in outcomes)
                span.set_attribute("goldvein.refused", refused)
                return outcomes

        return traced

    def loop(self, name: str, work: Callable[P, R]) -> Callable[P, R]:
        """Wrap what a loop repeats: a span for each turn."""

        @wraps(work)
        def traced(*args: P.args, **kwargs: P.kwargs) -> R:
            with self._span(f"loop {name}"):
                return work(*args, **kwargs)

        return traced

    async def job(self, go_on: Callable[[], Awaitable[Any]], context: Any, _worker: Any) -> Any:
        """Around a scheduled job, as a middleware of procrastinate's worker."""
        with self._span(f"job {context.task.name}"):
            return await go_on()

    @contextmanager
    def _span(self, name: str, kind: SpanKind = SpanKind.INTERNAL) -> Iterator[Span]:
        """A span that tells what kind of error ended it, not the error's words: they may hold contents."""
        with self._tracer.start_as_current_span(
            name, kind=kind, record_exception=False, set_status_on_exception=False
        ) as span:
            try:
                yield span
            except Exception as error:
                span.set_status(Status(StatusCode.ERROR))
                span.set_attribute("error.type", type(error).__qualname__)
                raise

    def close(self) -> None:
        """Send what was not sent yet."""
        self._provider.shutdown()


def to_collector() -> Tracing:
    """Send spans to a collector by OTLP over HTTP; ``OTEL_...`` variables say where to, and how many.

    Raises
    ------
    ImportError
        Without the extra ``otel``.
    """
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    named = {"service.name": "goldvein", "service.version": __version__}
    provider = TracerProvider(resource=Resource(named).merge(Resource.create()), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return Tracing(provider)


def _route(scope: Any) -> str | None:
    """The route of a request as it is described; of the labelers' hot path, which no router sees, by hand."""
    template: str | None = scope.get("path_template")
    if template is None and (found := _WORK.fullmatch(scope["path"])):
        return f"/v1/work/{{lease}}/{found[1]}" if found[1] else "/v1/work/next"
    return template
