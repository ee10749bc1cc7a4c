"""The commands."""

import rich_click as click

from goldvein import __version__


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="goldvein")
def main() -> None:
    """Run an online human-labelling operation that tests its labelers with benchmarks it mines itself."""
