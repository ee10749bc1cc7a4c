"""Auditors' pages, in a browser: benchmarks judged blindly, who waits, and who may look."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

from goldvein.services import auditing, benchmarks, cards, curating
from goldvein.services.benchmarks import ManualBenchmark
from goldvein.services.keys import create_labeler
from goldvein.web.format import NOTHING
from tests.services.town import Town, guesses, task_input
from tests.web.browsing import Browsers
from tests.web.conftest import ROLES, Site
from tests.web.doubts import make_doubts


def wait_for_task(page: Page) -> None:
    page.locator("#asked").wait_for()


def press_right(page: Page) -> None:
    """Pick the option that says that it is right, by its number, and send it."""
    texts = page.locator("#task .task-option .task-text").all_text_contents()
    page.keyboard.press(str(1 + next(n for n, text in enumerate(texts) if text.startswith("right"))))
    page.keyboard.press("Enter")


def test_an_auditor_mends_a_wrong_key_by_keyboard_alone(browsers: Browsers, site: Site) -> None:
    """Blindly: only the answer brings the key and what others said; Enter brings the next one."""
    project, (wrong, right, unclear) = make_doubts(site, 2, 0, 0)
    with browsers.visit(site.accounts["auditor"]) as visit:
        page = visit.go(f"/audit/benchmarks?project={project}")
        wait_for_task(page)
        visit.check_accessible()
        visit.screenshot("judge-asked")
        assert "key in doubt" not in page.content()
        page.keyboard.press("Enter")
        expect(page.locator("#said")).to_contain_text("Pick an option first")
        press_right(page)
        expect(page.locator("#verdict")).to_have_text("You say otherwise: your answer is the key now")
        expect(page.locator("#reason")).to_contain_text("key in doubt")
        visit.check_accessible()
        visit.screenshot("judge-told")
        page.keyboard.press("Tab")
        page.locator("#comment-text").focus()
        page.keyboard.type("3 is only the longest")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.locator("#said")).to_contain_text("Your comment stands in the log")
        page.keyboard.press("Enter")
        wait_for_task(page)
        press_right(page)
        expect(page.locator("#verdict")).to_have_text("The key stands: you say the same")
        page.keyboard.press("Enter")
        wait_for_task(page)
        page.keyboard.press("0")
        page.keyboard.press("Enter")
        expect(page.locator("#verdict")).to_have_text("Retired: there is no clear answer")
        page.keyboard.press("Enter")
        page.get_by_text("No benchmark in doubt waits for you.").wait_for()
    mended = curating.look(site.db, project, wrong)
    assert (mended.key, mended.benchmark.flag) == (0, None)
    assert [step.decision for step in mended.life if step.kind == "audit"] == ["rekeyed", "comment"]
    assert curating.look(site.db, project, right).key == 0
    assert curating.look(site.db, project, unclear).benchmark.state == "retired"


def test_what_is_given_back_waits_for_others(browsers: Browsers, site: Site) -> None:
    """By a key, or by leaving: and the same one does not come again at once."""
    project, tasks = make_doubts(site, 0, 0)

    def claimed() -> list[int]:
        with site.db.connection() as tx:
            query = b"SELECT task FROM benchmarks WHERE project = %s AND claimed_by IS NOT NULL"
            return [task for (task,) in tx.execute(query, (project,))]

    with browsers.visit(site.accounts["auditor"], dark=True, size=(390, 844)) as visit:
        page = visit.go(f"/audit/benchmarks?project={project}")
        wait_for_task(page)
        assert claimed() == tasks[:1]
        visit.screenshot("judge-asked-phone-dark")
        visit.check_fits()
        visit.check_accessible()
        first = page.locator("#task").inner_text()
        page.keyboard.press("s")
        expect(page.locator("#task")).not_to_contain_text(first.splitlines()[0])
        assert claimed() == tasks[1:]
        page.keyboard.press("s")
        page.get_by_text("Those that you gave back still wait").wait_for()
        assert claimed() == []
        page.keyboard.press("Enter")
        wait_for_task(page)
        visit.go("/audit")
        page.wait_for_load_state()
        for _ in range(50):
            if not claimed():
                break
            page.wait_for_timeout(50)
        assert claimed() == []


def test_another_auditors_claim_is_said(browsers: Browsers, site: Site) -> None:
    """Whose time was over is told so, nothing is overwritten, and work goes on with the next one."""
    project, (first, second) = make_doubts(site, 2, 0)
    other = create_labeler(site.db, f"another auditor {project}", "auditor", datetime.now(UTC))
    with browsers.visit(site.accounts["auditor"], expected=("409",)) as visit:
        page = visit.go(f"/audit/benchmarks?project={project}")
        wait_for_task(page)
        with site.db.connection() as tx:
            tx.execute(
                b"UPDATE benchmarks SET claimed_by = %s WHERE project = %s AND task = %s",
                (other, project, first),
            )
        press_right(page)
        expect(page.locator("#said")).to_contain_text("another auditor has it now")
        wait_for_task(page)
        page = visit.go(f"/audit/benchmarks?project={project}&task={first}")
        expect(page.locator("#said")).to_contain_text("another auditor has benchmark")
        wait_for_task(page)
    assert curating.look(site.db, project, first).key == 2
    assert curating.look(site.db, project, second).benchmark.flag


def test_the_first_page_says_what_waits(browsers: Browsers, site: Site) -> None:
    """Doubts by project and reason, who stands at the boundary, and what was judged of late."""
    project, (task, _) = make_doubts(site, 0, 0, flag="good labelers miss it")
    with site.db.connection() as tx:
        (auditor,) = tx.execute(
            b"SELECT labeler FROM accounts WHERE id = %s", (site.accounts["auditor"],)
        ).fetchone() or (0,)
    auditing.answer(site.db, project, task, auditor, None, datetime.now(UTC))
    for role in ("auditor", "operator"):
        with browsers.visit(site.accounts[role]) as visit:
            page = visit.go("/audit")
            expect(page.get_by_role("cell", name="good labelers miss it")).to_be_visible()
            expect(page.get_by_role("cell", name="retired: no clear answer").first).to_be_visible()
            assert page.get_by_role("link", name="Judge benchmarks").count() == (role == "auditor")
            visit.check_accessible()
            visit.screenshot(f"audit-{role}")
            page.get_by_role("link", name="Write benchmarks").click()
            page.get_by_role("link", name="in doubt").first.click()
            page.wait_for_url(re.compile(r"/projects/\d+/benchmarks/new"))


def test_labelers_at_the_boundary_are_listed_with_what_is_known(browsers: Browsers, site: Site) -> None:
    """In words; operators get a link to all that is known of the person, which auditors may not read."""
    town = Town(site.db, {"open_at": 20})
    project = town.project.id
    items = [ManualBenchmark(n, task_input(10**7 + n, n % 4), n % 4) for n in range(40)]
    benchmarks.add_manual(site.db, project, items, town.now)
    town.push(100)
    person = town.hire("Ada <b>Lovelace</b>", guesses)
    town.run(15)
    with site.db.connection() as tx:
        tx.execute(b"UPDATE standings SET state = 'boundary' WHERE project = %s", (project,))
    with browsers.visit(site.accounts["auditor"], size=(390, 844)) as visit:
        page = visit.go("/audit")
        page.get_by_role("link", name="texts").click()
        row = page.get_by_role("row").nth(1)
        expect(row).to_contain_text("leave it open")
        expect(row).to_contain_text("If not good enough, then this person")
        expect(row).to_contain_text("Ada <b>Lovelace</b>")
        assert row.get_by_role("link", name="Ada").count() == 0
        visit.check_fits()
        visit.check_accessible()
        visit.screenshot("boundary-phone")
    with browsers.visit(site.accounts["operator"]) as visit:
        link = visit.go("/audit/labelers").get_by_role("link", name="Ada <b>Lovelace</b>")
        assert link.get_attribute("href") == f"/operate/{project}/labelers/{person}"


def test_who_was_dismissed_is_replied_to(browsers: Browsers, site: Site) -> None:
    """Whoever asks for another look is read, answered, and finds the reply on the card."""
    now = datetime.now(UTC)
    person = create_labeler(site.db, "Bo Out", "labeler", now)
    with site.db.connection() as tx:
        tx.execute(
            b"INSERT INTO standings (project, labeler, state, n, model_version, posterior, p_benchmarks,"
            b" p_all, benchmarks, answers, seen, admitted_at, updated_at)"
            b" VALUES (%s, %s, 'dismissed', 0, 1, '', 0, 0, 1, 1, '', now(), now())",
            (site.project, person),
        )
    cards.ask_for_look(site.db, site.project, person, "It was <b>late</b>.", now)
    with browsers.visit(site.accounts["auditor"], expected=("422", "404")) as visit:
        page = visit.go("/audit")
        page.get_by_role("link", name="1 person asks for another look").click()
        expect(page.get_by_text("It was <b>late</b>.")).to_be_visible()
        visit.check_accessible()
        visit.screenshot("looks")
        page.on("dialog", lambda dialog: dialog.accept())
        page.get_by_label("Reply").fill("   ")
        page.get_by_role("button", name="Reply").click()
        page.get_by_text("say it in 1 to 1,000 characters").wait_for()
        page.get_by_label("Reply").fill("We looked: two of three were ours.")
        page.get_by_role("button", name="Reply").click()
        page.get_by_text("Your reply stands on the labeler's card.").wait_for()
        assert page.get_by_role("button", name="Reply").count() == 0
    (look,) = cards.read(site.db, person, now).looks
    assert look.reply == "We looked: two of three were ours."


def test_an_auditor_is_told_nothing_of_a_doubt_before_it_is_judged(browsers: Browsers, site: Site) -> None:
    """Neither in the list nor on its page, which leads to the judgement."""
    project, (task,) = make_doubts(site, 2)
    with browsers.visit(site.accounts["auditor"], expected=("409",)) as visit:
        page = visit.go(f"/projects/{project}/benchmarks")
        row = page.get_by_role("row").nth(1)
        assert row.get_by_role("cell").nth(4).inner_text() == NOTHING
        assert "key in doubt" not in page.content()
        row.get_by_role("link").click()
        page.get_by_text("Before you judged it, nothing is told").wait_for()
        assert "right" not in page.locator("main").inner_text()
        visit.check_accessible()
        page.get_by_role("link", name="Judge it now").click()
        wait_for_task(page)
        press_right(page)
        page.get_by_role("link", name="All that is known of it").click()
        page.get_by_role("heading", name=f"Benchmark {task}").wait_for()
        page.locator("#task .task-option.right").wait_for()


@pytest.mark.parametrize("path", ["/audit", "/audit/benchmarks", "/audit/labelers", "/audit/write"])
def test_who_may_look(browsers: Browsers, site: Site, path: str) -> None:
    """Auditors and those who run the operation; judging is the auditors' alone."""
    for role in ROLES:
        allowed = role == "auditor" or (role in ("operator", "admin") and path != "/audit/benchmarks")
        with browsers.visit(site.accounts[role], expected=("403",)) as visit:
            answered = visit.page.goto(site.base + path)
            assert answered is not None
            assert answered.status == (200 if allowed else 403), (role, path)
