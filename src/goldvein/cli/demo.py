"""``goldvein demo``: the whole operation on this machine, with simulated people."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import rich_click as click

from goldvein.cli.common import errors_for_people, json_option, percent, terminal, write_json

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator

    from goldvein.sim.demo.run import Pages, State


@click.command()
@click.option(
    "--minutes", type=click.FloatRange(0.1, 600), default=3, show_default=True, help="How long people work."
)
@click.option(
    "--people",
    type=click.IntRange(20, 2_000),
    default=300,
    show_default=True,
    help="How many there are at first.",
)
@click.option(
    "--think", type=click.FloatRange(0, 60), default=3, show_default=True, help="Mean seconds a task takes."
)
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, help="Port of the pages; default: a free one."
)
@click.option("--no-browser", is_flag=True, help="Do not open the operator's page in a browser.")
@click.option(
    "--seed", type=click.IntRange(0), default=1, show_default=True, help="Of all texts, people and draws."
)
@json_option
def demo(
    *,
    minutes: float,
    people: int,
    think: float,
    port: int,
    no_browser: bool,
    seed: int,
    json_path: str | None,
) -> None:
    """Watch a whole operation for three minutes, on a database of its own that is dropped in the end.

    A customer trains a model that continues stories, and asks people in rounds: "which continuation is the
    most descriptive?" Three hundred simulated people answer over HTTP, a third of them badly: at random,
    always the longest or the first option, or well until they are trusted; who is dismissed comes back under
    another name. The trusted among them mine benchmarks, the crowd is let in, a reward model learns from the
    labels that are delivered, and the texts become more descriptive. The pages are those of a real
    installation; links to them are printed. Ctrl-C ends it early and prints the report, a second one at once.
    """
    import threading

    _check_free(port)
    from goldvein.cli.logs import set_up_logs
    from goldvein.settings import read_settings
    from goldvein.sim.demo.run import Plan, run_demo
    from goldvein.sim.scratch import server_url

    set_up_logs("warning")
    console, stop = terminal(), threading.Event()
    plan = Plan(60 * minutes, people, think, seed, port)

    def ready(pages: Pages) -> None:
        for line in _welcome(pages):
            console.print(line, soft_wrap=True)
        if not no_browser:
            _open(pages.links["admin"])

    with (
        errors_for_people(),
        _signals_set(stop),
        console.status("starting PostgreSQL") as status,
        server_url(read_settings()) as server,
    ):
        report = run_demo(
            server,
            plan,
            ready=ready,
            show=lambda state: status.update(_line(state, plan.seconds)),
            stop=stop,
        )
    write_json(report, json_path)
    if json_path != "-":
        from goldvein.cli.demo_report import show_report

        show_report(report)
    if report["verify"] != "ok":
        raise SystemExit(1)


def _check_free(port: int) -> None:
    """Refuse a port that is taken before anything is started."""
    import socket

    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError as error:
        raise click.ClickException(
            f"port {port} cannot be used ({error.strerror}): choose another"
        ) from error


@contextlib.contextmanager
def _signals_set(stop: threading.Event) -> Iterator[None]:
    """Let the first Ctrl-C or SIGTERM set ``stop``, and the second end everything at once."""
    import signal

    def handle(*_: object) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, handle) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def _welcome(pages: Pages) -> list[str]:
    """Say where to look; each link signs in once, in place of whoever was signed in before."""
    who = {
        "admin": "operator, live",
        "customer": "customer",
        "auditor": "auditor",
        "labeler": "labeler: try the work",
    }
    return [
        f"The pages are at {pages.base_url}. A link signs in once; use private windows to be several people:",
        *(f"  {who[role]:22} {link}" for role, link in pages.links.items()),
        "",
    ]


def _open(link: str) -> None:
    """Open a link where there is a browser to look at; where there is none, the link was printed."""
    import os
    import sys
    import threading
    import webbrowser

    unix = sys.platform not in {"darwin", "win32"}
    if unix and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return  # what would open is a browser for terminals, in the middle of ours
    if unix and os.geteuid() == 0:
        return  # browsers refuse to run as root

    def attempt() -> None:
        with contextlib.suppress(webbrowser.Error, OSError):
            webbrowser.open(link)

    threading.Thread(target=attempt, name="demo-browser", daemon=True).start()


def _line(state: State, seconds: float) -> str:
    """One line of what goes on."""
    phase = "mining benchmarks" if state.opened_after is None else f"open since {state.opened_after:.0f} s"
    right = f", {percent(state.right / state.labels)} right" if state.labels else ""
    reward = "" if state.reward_accuracy is None else f"; reward model {percent(state.reward_accuracy)} right"
    details = "" if state.details is None else f", {state.details:.1f} details a text"
    return (
        f"{state.elapsed:3.0f} of {seconds:.0f} s  {phase}; round {state.rounds}{details}; "
        f"{state.answers:,} answers, {state.labels:,} labels{right}{reward}"
    )
