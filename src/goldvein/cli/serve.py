"""``goldvein serve`` and ``goldvein work``: the two processes of an installation."""

from __future__ import annotations

from dataclasses import replace

import rich_click as click

from goldvein.cli.common import errors_for_people


@click.command()
@click.option("--host", help="Address to listen on; default: `GOLDVEIN_HOST`, else 127.0.0.1.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port; default: `GOLDVEIN_PORT`, else 8000.")
def serve(host: str | None, port: int | None) -> None:
    """Serve the HTTP API until SIGTERM or Ctrl-C; requests that have begun are answered first.

    Any number of these may share a database. Run `goldvein work` beside it, and make keys with
    `goldvein admin`. The API describes itself at `/v1/openapi.json`.
    """
    from goldvein import bootstrap
    from goldvein.cli.logs import set_up_logs
    from goldvein.settings import read_settings

    with errors_for_people():
        settings = read_settings()
        settings = replace(settings, host=host or settings.host, port=settings.port if port is None else port)
        set_up_logs(settings.log_level, as_json=settings.log_json)
        bootstrap.serve(settings, lambda address: click.echo(f"listening on {address}", err=True))


@click.command()
def work() -> None:
    """Deliver webhooks, end held answers whose time is up, and do the daily upkeep.

    Any number of these may share a database. Stops at SIGTERM or Ctrl-C once what has begun is done.
    """
    import signal
    import threading

    from goldvein import bootstrap, jobs
    from goldvein.cli.logs import set_up_logs
    from goldvein.settings import read_settings

    stop = threading.Event()
    with errors_for_people():
        settings = read_settings()
        set_up_logs(settings.log_level, as_json=settings.log_json)
        with (
            bootstrap.traces(settings) as tracing,
            bootstrap.database(settings, patience_seconds=bootstrap.PATIENCE_SECONDS) as db,
        ):
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: stop.set())
            jobs.run(db, settings, stop, tracing)
