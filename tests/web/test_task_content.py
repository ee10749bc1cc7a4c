"""Whatever stands in a task is shown as text, whole, readable and without moving the page."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.web.browsing import Browsers
from tests.web.conftest import Site
from tests.web.workplace import Workplace, open_workplace

_HTML = (
    "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script><b>bold</b> & &amp;"
)
CONTENTS: dict[str, dict[str, Any]] = {
    "html": {
        "prompt": _HTML,
        "options": [_HTML, "</textarea></script><h1>big</h1>", "javascript:alert(1)", "plain"],
    },
    "long-words": {
        "prompt": "w" * 3_000,
        "options": ["x" * 900, "https://label.example/" + "y" * 700, "short"],
    },
    "right-to-left": {
        "prompt": "أي تتمة هي الأكثر وصفاً؟ The harbour كان هادئاً.",
        "options": ["مطر على الرصيف", "עברית עם English באמצע", "left to right"],
    },
    "emoji": {"prompt": "👩‍👩‍👧‍👦 🏴󠁧󠁢󠁳󠁣󠁴󠁿 e\u0301 Z̸̢̛͔̣a̴l̶g̵o̸", "options": ["🌧️🌧️🌧️", "👍🏽", "日本語の文章", "👎"]},
    "ten-thousand": {
        "prompt": "The rain fell on the harbour. " * 334,
        "options": ["short", "The end. " * 200],
    },
    "nine-options": {"prompt": "Nine of them:", "options": [f"option number {n}" for n in range(9)]},
    "twenty-options": {"prompt": "Twenty:", "options": [f"option number {n}" for n in range(20)]},
    "other-parts": {
        "prompt": "Which summary?",
        "article_text": "Line one.\n\n  Indented line two.",
        "facts": {"year": 2019, "list": [1, 2]},
        "options": ["a summary", "another one"],
    },
}
SIZES = {"wide": (1280, 800), "phone": (390, 800), "zoomed": (640, 400)}
"""Zoomed: what a window of 1280 by 800 has left at 200%."""


@pytest.fixture(scope="module")
def place(site: Site) -> Workplace:
    """A project whose tasks are pushed by each test."""
    return open_workplace(site.db, "contents", tasks=0)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", CONTENTS)
def test_content_is_text(browsers: Browsers, place: Workplace, name: str, size: str) -> None:
    """Every text is there as it was pushed; nothing runs, nothing is too wide, all can be reached."""
    content = CONTENTS[name]
    account = place.hire(f"{name}-{size}")
    with browsers.visit(account, dark=size == "phone", size=SIZES[size]) as visit:
        page = visit.go("/patterns")
        show(page, content)
        assert shown(page, ".task-prompt") == [content["prompt"]]
        assert shown(page, ".task-option .task-text") == content["options"]
        assert page.title() == "Patterns · Goldvein"
        visit.check_fits()
        for option in page.locator(".task-option").all():
            option.scroll_into_view_if_needed()
            box = option.bounding_box()
            assert box is not None
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= SIZES[size][0]
        visit.check_accessible()
        visit.screenshot(f"content-{name}-{size}")


def test_work_with_such_content(browsers: Browsers, place: Workplace) -> None:
    """The labeler's page itself: a long prompt scrolls, the actions stay in sight, nine options have keys."""
    place.push([CONTENTS["ten-thousand"], CONTENTS["nine-options"], CONTENTS["html"]])
    account = place.hire("reads-all")
    with browsers.visit(account, size=SIZES["phone"]) as visit:
        page = visit.go("/work")
        page.locator(".task-prompt").wait_for()
        for number in range(8):
            expect(page.get_by_role("button", name=re.compile("Submit"))).to_be_in_viewport()
            visit.screenshot(f"work-phone-{number}", full_page=False)
            visit.check_accessible("target-size")  # an option that is half under the actions is small to axe
            page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
            visit.check_accessible()
            page.keyboard.press("2")
            before = page.locator(".task-prompt").inner_text()
            page.keyboard.press("Enter")
            expect(page.locator(".task-prompt")).not_to_have_text(before)


def show(page: Page, content: dict[str, Any]) -> None:
    """Show one task in place of all else on a page, by the module that shows every task."""
    page.evaluate(
        """async (input) => {
            const { TaskView } = await import("/static/task.js");
            const main = document.querySelector("main");
            main.replaceChildren(Object.assign(document.createElement("h1"), { textContent: "A task" }));
            const root = main.appendChild(document.createElement("div"));
            new TaskView(root, { type: "choice", input });
        }""",
        content,
    )
    page.locator(".task-prompt").wait_for()


def shown(page: Page, selector: str) -> list[str]:
    """The texts as they stand in the page."""
    return [
        text or ""
        for text in page.locator(selector).evaluate_all("nodes => nodes.map(node => node.textContent)")
    ]
