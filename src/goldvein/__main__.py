"""``python -m goldvein`` is the command ``goldvein``."""

from goldvein.cli import main

main()
