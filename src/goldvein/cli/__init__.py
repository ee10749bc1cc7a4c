"""The commands. Heavy imports happen inside them, so that ``goldvein --help`` is quick."""

import rich_click as click

from goldvein import __version__
from goldvein.cli.admin import admin
from goldvein.cli.attack import attack_benchmarks
from goldvein.cli.characteristic import characteristic
from goldvein.cli.demo import demo
from goldvein.cli.explain import explain
from goldvein.cli.export import export
from goldvein.cli.person import person
from goldvein.cli.replay import replay
from goldvein.cli.reweigh import reweigh
from goldvein.cli.sandbox import sandbox
from goldvein.cli.serve import serve, work
from goldvein.cli.simulate import simulate
from goldvein.cli.tune import tune
from goldvein.cli.twin import twin
from goldvein.cli.verify import verify
from goldvein.cli.whatif import whatif

click.rich_click.TEXT_MARKUP = "markdown"
click.rich_click.COMMAND_GROUPS = {
    "goldvein": [
        {"name": "Try it", "commands": ["demo", "replay", "simulate"]},
        {"name": "Run it", "commands": ["serve", "work", "admin", "export", "person"]},
        {"name": "Trust it", "commands": ["verify", "explain", "characteristic", "attack-benchmarks"]},
        {"name": "Tune it", "commands": ["whatif", "reweigh", "twin", "tune", "sandbox"]},
        {"name": "About it", "commands": ["version"]},
    ]
}


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="goldvein")
def main() -> None:
    """Run a human-labelling operation that tests its labelers with benchmarks it mines itself.

    Push tasks over HTTP; people answer them once each; only labels of people who have shown on benchmarks
    that they are good enough reach you. `goldvein demo` shows all of it in three minutes on this machine,
    with simulated people.

    Without `GOLDVEIN_DATABASE_URL` everything runs on an embedded PostgreSQL in `GOLDVEIN_HOME`.
    """


@main.command()
def version() -> None:
    """Print the version."""
    print(__version__)


main.add_command(admin)
main.add_command(attack_benchmarks)
main.add_command(characteristic)
main.add_command(demo)
main.add_command(explain)
main.add_command(export)
main.add_command(person)
main.add_command(replay)
main.add_command(reweigh)
main.add_command(sandbox)
main.add_command(serve)
main.add_command(simulate)
main.add_command(tune)
main.add_command(twin)
main.add_command(verify)
main.add_command(whatif)
main.add_command(work)
