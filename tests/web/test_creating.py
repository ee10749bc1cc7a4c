"""New projects, in a browser: from a template, with the labeler's page beside the form."""

from goldvein.services import projects
from tests.web.browsing import Browsers
from tests.web.conftest import Site


def test_a_customer_makes_a_project_and_sees_the_labelers_page_while_writing(
    browsers: Browsers, site: Site
) -> None:
    """The preview follows every word, shows pasted rows as text, and what is made is what was shown."""
    with browsers.visit(site.accounts["customer"]) as visit:
        page = visit.go("/projects/new")
        visit.check_accessible()
        visit.screenshot("projects-templates")
        page.get_by_role("link", name="Most descriptive continuation").click()
        preview = page.locator("[data-preview]")
        assert "corridor" in preview.inner_text()
        page.get_by_role("button", name="Next example").click()
        assert "market" in preview.inner_text()
        page.fill("#name", "Which door?")
        page.fill("#instruction", "Pick the <b>door</b>.")
        page.fill("#rows", '{"prompt": "A door <img src=x>", "options": ["oak", "steel"]}')
        assert "Pick the <b>door</b>." in preview.inner_text()
        assert "A door <img src=x>" in preview.inner_text()
        assert preview.get_by_role("radio").count() == 2
        page.fill("#classes", "open\nshut\najar")
        assert preview.get_by_role("radio").count() == 3
        page.fill("#classes", "")
        page.fill("#quality_bar", "80")
        assert "80% is careful" in page.locator("[data-bar-words]").inner_text()
        page.fill("#deadline_minutes", "45")
        page.locator("#start-everybody").check()
        visit.check_accessible()
        visit.screenshot("projects-new")
        page.get_by_role("button", name="Make the project").click()
        page.wait_for_url("**/projects/*")
        made = int(page.url.rsplit("/", 1)[1])
    found, policy = projects.get(site.db, made, site.customer), projects.policy(site.db, made)
    assert (found.name, found.instruction, found.state) == ("Which door?", "Pick the <b>door</b>.", "mining")
    assert found.deadline_seconds == 45 * 60
    assert (policy.quality_bar, policy.bootstrap_tasks) == (0.8, 150)


def test_what_is_wrong_stands_beside_its_field(browsers: Browsers, site: Site) -> None:
    """Nothing that was written is lost, and nothing is made."""
    before = len(projects.list_(site.db, site.customer))
    with browsers.visit(site.accounts["customer"], expected=("422",)) as visit:
        page = visit.go("/projects/new?template=sentiment")
        page.fill("#classes", "only one")
        page.get_by_role("button", name="Make the project").click()
        page.locator(".field.wrong").wait_for()
        assert "2 to 20 classes" in page.locator("#classes-hint").inner_text()
        assert page.input_value("#classes") == "only one"
        visit.check_accessible()
        visit.screenshot("projects-new-wrong")
        page.fill("#classes", "one\ntwo")
        page.fill("#rows", "A text.")
        page.get_by_role("button", name="Show the preview").click()
        page.locator("[data-preview]").get_by_text("A text.").wait_for()
    assert len(projects.list_(site.db, site.customer)) == before


def test_an_operator_says_whose_project_it_is(browsers: Browsers, site: Site) -> None:
    """Operators make projects for a customer; the list names it."""
    with browsers.visit(site.accounts["operator"], dark=True, size=(390, 844)) as visit:
        page = visit.go("/projects/new?template=toxic")
        page.select_option("#customer", str(site.other_customer))
        page.fill("#name", "Made for theirs")
        page.locator("#state").check()
        visit.check_accessible()
        visit.screenshot("projects-new-phone-dark")
        page.get_by_role("button", name="Make the project").click()
        page.wait_for_url("**/projects/*")
        page = visit.go("/projects?state=draft")
        row = page.get_by_role("row").filter(has_text="Made for theirs")
        assert "theirs" in row.inner_text()
        visit.check_accessible()
        visit.screenshot("projects-list-phone-dark")
    (made,) = [one for one in projects.list_(site.db, site.other_customer) if one.name == "Made for theirs"]
    assert (made.state, made.classes) == ("draft", ("yes", "no"))


def test_a_copy_begins_as_its_original(browsers: Browsers, site: Site) -> None:
    """A copy takes what the original says; another customer's project cannot be copied, nor seen."""
    with browsers.visit(site.accounts["customer"], expected=("404",)) as visit:
        page = visit.go("/projects/new")
        page.select_option("#copy_of", str(site.project))
        page.get_by_role("button", name="Make a copy").click()
        assert page.input_value("#instruction") == "Pick the most descriptive."
        page.get_by_role("button", name="Make the project").click()
        page.wait_for_url("**/projects/*")
        assert "new" not in page.url
        page = visit.go(f"/projects/new?copy_of={site.other_project}")
        page.get_by_text("There is no project").or_(page.get_by_text("there is no project")).first.wait_for()
    assert [one.copy_of for one in projects.list_(site.db, site.customer)][-1] == site.project


def test_without_scripts_the_form_works(browsers: Browsers, site: Site) -> None:
    """Preview and errors come from the server as well."""
    with browsers.visit(site.accounts["customer"]) as visit:
        cookies = visit.context.cookies()
        context = browsers.browser.new_context(java_script_enabled=False)
        context.add_cookies(cookies)  # type: ignore[arg-type]  # what one context gave, another takes
        page = context.new_page()
        page.goto(f"{site.base}/projects/new?template=toxic")
        page.fill("#rows", "You are all fools.")
        page.get_by_role("button", name="Show the preview").click()
        page.locator(".task-prompt").get_by_text("You are all fools.").wait_for()
        context.close()
