"""The labeler's page, in a browser: by keyboard, through lost connections, reloads and second tabs."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Route, expect

from tests.web.browsing import Browsers, Visit
from tests.web.conftest import Site
from tests.web.workplace import Workplace, open_workplace

LOST = ("Failed to load resource", "net::ERR")


@pytest.fixture(scope="module")
def place(site: Site) -> Workplace:
    """An open project with work for all tests."""
    return open_workplace(site.db, "harbour", tasks=200)


@pytest.fixture
def somebody(
    browsers: Browsers, place: Workplace, request: pytest.FixtureRequest
) -> Iterator[tuple[Visit, int]]:
    """A labeler of the test's own, who sees the first task."""
    account = place.hire(re.sub("[^a-z0-9]", "-", request.node.name.lower())[:90])
    with browsers.visit(account, expected=LOST) as visit:
        first_task(visit.go("/work"))
        yield visit, account


def first_task(page: Page) -> str:
    """Wait for a task and give its prompt."""
    page.locator(".task-prompt").wait_for()
    return page.locator(".task-prompt").inner_text()


def answer(page: Page, key: str) -> str:
    """Answer by keyboard, wait for the next task, and give its prompt."""
    before = page.locator(".task-prompt").inner_text()
    page.keyboard.press(key)
    page.keyboard.press("Enter")
    expect(page.locator(".task-prompt")).not_to_have_text(before)
    return page.locator(".task-prompt").inner_text()


def test_work_by_keyboard_alone(somebody: tuple[Visit, int], place: Workplace) -> None:
    """A number picks, Enter submits, the next task is there; every answer is stored once, with its time."""
    visit, account = somebody
    page = visit.page
    visit.check_accessible()
    visit.screenshot("work")
    prompts = {first_task(page)} | {answer(page, str(1 + n % 4)) for n in range(5)}
    assert len(prompts) == 6
    stored = place.wait_for_answers(account, 5, page)
    assert len(stored) == 5
    assert all(focus is not None and 0 <= focus < 60_000 for _, focus in stored)
    expect(page.locator("[data-part=today]")).to_have_text("5 today")


def test_nothing_is_sent_without_a_pick(somebody: tuple[Visit, int]) -> None:
    """Enter alone says what is missing."""
    visit, _ = somebody
    visit.page.keyboard.press("Enter")
    expect(visit.page.locator("[data-part=told]")).to_have_text("Pick an option first.")


def test_undo_gives_the_last_task_back(somebody: tuple[Visit, int], place: Workplace) -> None:
    """Within seconds an answer can be taken back and given anew; the task after it waits meanwhile."""
    visit, account = somebody
    page = visit.page
    first = first_task(page)
    second = answer(page, "1")
    page.keyboard.press("z")
    expect(page.locator(".task-prompt")).to_have_text(first)
    assert page.locator("input[value='0']").is_checked()
    assert answer(page, "3") == second
    answer(page, "2")
    stored = place.wait_for_answers(account, 2, page)
    assert len(stored) == 2


def test_the_next_task_is_there_before_the_answer(somebody: tuple[Visit, int], place: Workplace) -> None:
    """It comes with the pick: Enter waits for nothing, not even for a connection."""
    visit, account = somebody
    page = visit.page
    before = first_task(page)
    with page.expect_response("**/defer"):
        page.keyboard.press("1")
    visit.context.set_offline(True)
    page.keyboard.press("2")
    page.keyboard.press("Enter")
    expect(page.locator(".task-prompt")).not_to_have_text(before)
    visit.context.set_offline(False)
    assert len(place.wait_for_answers(account, 1, page)) == 1
    with place.db.connection() as tx:
        query = "SELECT n.answer FROM answers n JOIN accounts c ON c.labeler = n.labeler WHERE c.id = %s"
        assert tx.execute(query, (account,)).fetchall() == [({"choice": 1},)], "what was picked last counts"


def test_undo_ends_with_the_next_pick(somebody: tuple[Visit, int], place: Workplace) -> None:
    """The answer before goes out with it; another pick of the same task asks for nothing more."""
    visit, account = somebody
    page = visit.page
    answer(page, "1")
    expect(page.locator("[data-part=undo]")).to_be_enabled()
    page.keyboard.press("1")
    expect(page.locator("[data-part=undo]")).to_be_disabled()
    assert len(place.wait_for_answers(account, 1, page)) == 1
    page.keyboard.press("2")
    answer(page, "3")
    assert len(place.wait_for_answers(account, 2, page)) == 2


def test_a_task_can_be_skipped_after_a_pick(somebody: tuple[Visit, int], place: Workplace) -> None:
    """The one that was fetched comes, and nothing of the skipped one is stored."""
    visit, account = somebody
    page = visit.page
    before = first_task(page)
    page.keyboard.press("1")
    page.keyboard.press("s")
    page.keyboard.press("Enter")
    expect(page.locator(".task-prompt")).not_to_have_text(before)
    answer(page, "2")
    assert len(place.wait_for_answers(account, 1, page)) == 1


def test_an_answer_goes_out_by_itself(somebody: tuple[Visit, int], place: Workplace) -> None:
    """Who stops after an answer has given it all the same, a few seconds later."""
    visit, account = somebody
    answer(visit.page, "1")
    assert place.answers(account) == []
    assert len(place.wait_for_answers(account, 1, visit.page)) == 1
    expect(visit.page.locator("[data-part=undo]")).to_be_disabled()


def test_a_closed_tab_loses_no_answer(browsers: Browsers, place: Workplace) -> None:
    """What was kept back goes out as the page goes."""
    account = place.hire("leaves-early")
    with browsers.visit(account) as visit:
        first_task(visit.go("/work"))
        answer(visit.page, "2")
        visit.page.close()
        other = visit.context.new_page()
        assert len(place.wait_for_answers(account, 1, other)) == 1


def test_a_reload_shows_the_same_task(somebody: tuple[Visit, int], place: Workplace) -> None:
    """The task in hand comes again; the answer before it is stored once."""
    visit, account = somebody
    second = answer(visit.page, "1")
    visit.page.reload()
    assert first_task(visit.page) == second
    assert len(place.wait_for_answers(account, 1, visit.page)) == 1


def test_a_lost_connection_keeps_the_answer(somebody: tuple[Visit, int], place: Workplace) -> None:
    """It says so, tries again, and goes on by itself; the answer counts once."""
    visit, account = somebody
    page = visit.page
    before = first_task(page)
    visit.context.set_offline(True)
    page.keyboard.press("2")
    page.keyboard.press("Enter")
    expect(page.locator("[data-part=told]")).to_contain_text("Your answer is kept")
    visit.check_accessible()
    visit.screenshot("work-offline")
    page.wait_for_timeout(5_000)  # the time to undo is over: the answer itself waits for the connection
    visit.context.set_offline(False)
    expect(page.locator(".task-prompt")).not_to_have_text(before)
    expect(page.locator("[data-part=told]")).to_contain_text("Connected again")
    assert len(place.wait_for_answers(account, 1, page)) == 1


def test_a_reload_without_connection_loses_nothing(somebody: tuple[Visit, int], place: Workplace) -> None:
    """An answer that never got out is sent when the page comes back."""
    visit, account = somebody
    page = visit.page

    def refuse(route: Route) -> None:
        route.abort()

    page.route("**/v1/work/*/*", refuse)
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    expect(page.locator("[data-part=told]")).to_contain_text("Your answer is kept")
    page.unroute("**/v1/work/*/*", refuse)
    page.reload()
    first_task(page)
    assert len(place.wait_for_answers(account, 1, page)) == 1


def test_one_tab_works_at_a_time(somebody: tuple[Visit, int], place: Workplace) -> None:
    """A second tab says so, and takes over on demand; then the first one rests."""
    visit, account = somebody
    page = visit.page
    second = answer(page, "1")
    other = visit.context.new_page()
    other.goto(visit.base + "/work")
    other.get_by_role("heading", name="You are working in another tab").wait_for()
    other.get_by_role("button", name="Continue here").click()
    assert first_task(other) == second
    page.get_by_role("heading", name="You are working in another tab").wait_for()
    answer(other, "2")
    assert len(place.wait_for_answers(account, 2, other)) == 2


def test_skip_and_unclear(somebody: tuple[Visit, int], place: Workplace) -> None:
    """A task goes back with a reason; an unclear one is noted and answered all the same."""
    visit, account = somebody
    page = visit.page
    before = first_task(page)
    page.keyboard.press("u")
    page.get_by_role("dialog").wait_for()
    visit.check_accessible()
    page.keyboard.press("Enter")
    expect(page.locator("[data-part=told]")).to_contain_text("it is noted")
    page.keyboard.press("s")
    page.locator("#skip-words").fill("I know the author")
    visit.screenshot("work-skip")
    page.keyboard.press("Enter")
    expect(page.locator(".task-prompt")).not_to_have_text(before)
    with place.db.connection() as tx:
        query = """SELECT (SELECT count(*) FROM disputes d WHERE d.labeler = c.labeler), l.detail ->> 'reason'
                   FROM accounts c JOIN log l ON l.labeler = c.labeler AND l.kind = 'skip' WHERE c.id = %s"""
        assert tx.execute(query, (account,)).fetchone() == (1, "I know the author")


def test_unanswerable_and_comment(somebody: tuple[Visit, int], place: Workplace) -> None:
    """0 says that nothing can be picked; a comment goes along."""
    visit, account = somebody
    page = visit.page
    page.keyboard.press("c")
    page.keyboard.type("all four are 2 bad")
    page.keyboard.press("Escape")
    answer(page, "0")
    answer(page, "1")
    assert place.wait_for_answers(account, 1, page)[0][0] == -1
    with place.db.connection() as tx:
        query = """SELECT comment FROM answers a JOIN accounts c ON c.labeler = a.labeler
                   WHERE c.id = %s ORDER BY comment"""
        assert tx.execute(query, (account,)).fetchone() == ("all four are 2 bad",)


def test_keys_can_be_changed(somebody: tuple[Visit, int]) -> None:
    """Another key does it from then on, is shown, and stays after a reload; one key has one use."""
    visit, _ = somebody
    page = visit.page
    page.keyboard.press("k")
    page.get_by_role("button", name="Pick option 1: 1.").click()
    page.keyboard.press("2")
    expect(page.get_by_text("2 is taken")).to_be_visible()
    page.get_by_role("button", name="Pick option 1: 1.").click()
    page.keyboard.press("q")
    visit.check_accessible()
    visit.screenshot("work-keys", full_page=False)
    page.keyboard.press("Escape")
    expect(page.locator(".task-option kbd").first).to_have_text("Q")
    page.reload()
    first_task(page)
    page.keyboard.press("q")
    assert page.locator("input[value='0']").is_checked()
    page.keyboard.press("1")
    assert page.locator("input[value='0']").is_checked()


def test_nothing_to_do_says_why(browsers: Browsers, site: Site, place: Workplace) -> None:
    """Without work the page says why, in words, and when it looks again."""
    account = place.hire("nothing-to-do")
    with browsers.visit(account) as visit:
        page = visit.go(f"/work?project={site.project}")
        page.get_by_role("heading", name="Not open yet").wait_for()
        expect(page.locator("[data-part=when]")).to_contain_text("looks again by itself, in 30 seconds")
        expect(page.get_by_role("button", name="Take my last answer back")).to_be_hidden()
        visit.check_accessible()
        visit.screenshot("work-nothing")


def test_a_session_that_ended_keeps_the_answer(somebody: tuple[Visit, int], place: Workplace) -> None:
    """The page says so and leads to the form; after signing in again the answer goes out."""
    visit, account = somebody
    page = visit.page
    cookies = visit.context.cookies()
    page.keyboard.press("1")
    visit.context.clear_cookies()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Your session has ended").wait_for()
    visit.context.add_cookies(cookies)  # type: ignore[arg-type]
    visit.go("/work")
    first_task(page)
    assert len(place.wait_for_answers(account, 1, page)) == 1
