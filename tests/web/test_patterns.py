"""The page of every component."""

import pytest

from tests.web.browsing import Browsers
from tests.web.conftest import Site


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("size", [(1280, 900), (390, 800)])
def test_every_component_is_accessible(
    browsers: Browsers, site: Site, dark: bool, size: tuple[int, int]
) -> None:
    """In both colour schemes, wide and narrow; nothing is wider than the screen."""
    with browsers.visit(site.accounts["operator"], dark=dark, size=size) as visit:
        page = visit.go("/patterns")
        page.get_by_text("your answer").wait_for()
        visit.check_accessible()
        visit.screenshot(f"patterns-{size[0]}{'-dark' if dark else ''}")
        visit.check_fits()
        page.get_by_role("button", name="Open a dialog").click()
        page.get_by_role("dialog").wait_for()
