"""Benchmarks written by hand, in a browser: beside a preview, of a task, from a file."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from playwright.sync_api import Page, expect

from goldvein.domain.records import ProjectDraft, TaskDraft
from goldvein.services import curating, intake, projects
from tests.services.town import task_input
from tests.web.browsing import Browsers
from tests.web.conftest import Site


def make(site: Site, **more: object) -> int:
    draft = ProjectDraft("written", "Pick the most descriptive.", **more)  # type: ignore[arg-type]
    return projects.create(site.db, site.customer, draft, datetime.now(UTC)).id


def send(page: Page) -> None:
    page.get_by_role("button", name="Make it a benchmark").click()


def test_an_auditor_writes_one_beside_its_preview(browsers: Browsers, site: Site) -> None:
    """What is typed stands there as labelers see it; what is wrong stands beside its field; it is kept."""
    project = make(site)
    with browsers.visit(site.accounts["auditor"], expected=("422",)) as visit:
        page = visit.go("/audit/write")
        page.locator(f'a[href="/projects/{project}/benchmarks/new"]').click()
        page.get_by_label("What labelers read").fill("It rained.\n\nA lot.")
        options = page.locator(".option-row textarea")
        for place, text in enumerate(("Hard.", "On tin, on leaves, on us.", "Hard.")):
            options.nth(place).fill(text)
        expect(page.locator("#preview .task-prompt")).to_have_text("It rained.\n\nA lot.")
        expect(page.locator("#preview .task-option")).to_have_count(3)
        visit.check_accessible()
        visit.screenshot("writing")
        send(page)
        expect(page.locator("#key-hint")).to_have_text("say which option is right")
        page.get_by_label("Option 2 is right").check()
        send(page)
        expect(page.locator("#option_2-hint")).to_contain_text("the same text as another option")
        visit.screenshot("writing-wrong")
        visit.check_accessible()
        page.get_by_role("button", name="Remove option 3").click()
        page.get_by_role("button", name="Add an option").click()
        page.keyboard.type("Wetly.")
        page.get_by_label("How sure are you").fill("most")
        send(page)
        expect(page.locator("#key_right-hint")).to_contain_text("is no number")
        page.get_by_label("How sure are you").fill("99")
        page.get_by_label("Why is it right?").fill("It shows where.")
        send(page)
        page.get_by_text("is made").wait_for()
        (line,) = curating.page(site.db, project)
        assert page.url.endswith(f"?made={line.task}")
        page.get_by_label("What labelers read").fill("It rained.\n\nA lot.")
        for place, text in enumerate(("Hard.", "On tin, on leaves, on us.", "", "Wetly.")):
            options.nth(place).fill(text)
        page.get_by_label("Option 4 is right").check()
        send(page)
        expect(page.locator("#key-hint")).to_contain_text("a benchmark has this content already")
        page.get_by_label("Option 2 is right").check()
        send(page)
        page.get_by_text("was there already, with this key").wait_for()
    found = curating.look(site.db, project, line.task)
    assert found.benchmark.input == {
        "prompt": "It rained.\n\nA lot.", "options": ["Hard.", "On tin, on leaves, on us.", "Wetly."]
    }  # fmt: skip
    assert (found.key, found.key_right, found.benchmark.explanation) == (1, 0.99, "It shows where.")


def test_a_task_of_the_project_becomes_one(browsers: Browsers, site: Site) -> None:
    """By its name or number; its content stays as it is, and a task that waits has its label."""
    project = make(site)
    content = {**task_input(1, 0), "prompt": "two\r\nlines", "more": {"deep": [1]}}
    drafts = [TaskDraft(0, content, unique_id="mine"), TaskDraft(1, task_input(2, 0))]
    pushed = intake.push(site.db, project, drafts, None, datetime.now(UTC)).tasks
    with browsers.visit(site.accounts["customer"], expected=("422",)) as visit:
        page = visit.go(f"/projects/{project}/benchmarks/new")
        page.get_by_label("Its number, or your name for it").fill("nothing")
        page.get_by_role("button", name="Give its key").click()
        expect(page.locator("#from-hint")).to_contain_text("there is no task 'nothing'")
        page.get_by_label("Its number, or your name for it").fill("mine")
        page.keyboard.press("Enter")
        page.get_by_text("It waits for its label").wait_for()
        visit.check_accessible()
        visit.screenshot("writing-of-a-task")
        page.locator("#given-task").get_by_text("wrong 1-2").click()
        send(page)
        page.get_by_text(f"Benchmark {pushed[0].id} is made").wait_for()
        page = visit.go(f"/projects/{project}/benchmarks/new?from={pushed[0].id}")
        page.get_by_text("is a benchmark already").wait_for()
    label = intake.get_task(site.db, project, pushed[0].id).label
    assert label is not None
    assert (label.basis, label.answer["choice"]) == ("manual", 2)
    assert curating.look(site.db, project, pushed[0].id).benchmark.input == content


def test_classes_stand_where_options_would(browsers: Browsers, site: Site) -> None:
    """In a project with classes one writes what is read, and marks a class."""
    project = make(site, classes=("spam", "ham"))
    with browsers.visit(site.accounts["operator"]) as visit:
        page = visit.go(f"/projects/{project}/benchmarks/new")
        page.get_by_label("What labelers read").fill("buy now")
        expect(page.locator("#preview .task-option")).to_have_count(2)
        page.get_by_label("spam", exact=True).check()
        send(page)
        page.get_by_text("is made").wait_for()
        page.get_by_role("link", name="Look at it").click()
        page.locator("#task .task-option.right").wait_for()
    (line,) = curating.page(site.db, project)
    assert line.key == 0


def test_a_file_is_told_row_by_row(browsers: Browsers, site: Site) -> None:
    """Good ones are kept, bad ones named; a file that is none is said beside the field."""
    project = make(site)
    rows = [{"input": task_input(n, 0), "key": 0 if n else 9, "unique_id": f"f-{n}"} for n in range(3)]
    lines = "\n".join(json.dumps(row) for row in rows).encode()
    csv = b"prompt,option_0,option_1,key_value,explanation\nq,a,b,b,it is b\nq,a,b,a,\n"
    studio = [
        {
            "id": 1,
            "data": task_input(7, 0),
            "annotations": [
                {
                    "ground_truth": True,
                    "result": [{"type": "choices", "value": {"choices": ["right 7-0"]}}],
                }
            ],
        }
    ]
    files = [
        ("gold.jsonl", lines, (2, 0, 1)),
        ("gold.jsonl", lines, (0, 2, 1)),
        ("gold.csv", csv, (1, 0, 1)),
        ("export.json", json.dumps(studio).encode(), (1, 0, 0)),
    ]
    with browsers.visit(site.accounts["customer"], expected=("422",)) as visit:
        for name, content, counts in files:
            page = visit.go(f"/projects/{project}/benchmarks/new")
            page.get_by_label("JSONL, CSV").set_input_files(
                {"name": name, "mimeType": "application/octet-stream", "buffer": content}
            )
            page.get_by_role("button", name="Send the file").click()
            page.get_by_role("heading", name="What became of").wait_for()
            shown = page.locator(".stat dd").all_inner_texts()
            assert tuple(map(int, shown)) == counts, name
        visit.check_accessible()
        for name, content, words in (
            ("gold.xlsx", b"PK", "does not say what it is"),
            ("gold.csv", b"prompt,kee\n1,2\n", "the column 'kee' is none that is known"),
            ("gold.json", b"{", "not JSON"),
        ):
            page = visit.go(f"/projects/{project}/benchmarks/new")
            page.get_by_label("JSONL, CSV").set_input_files(
                {"name": name, "mimeType": "text/plain", "buffer": content}
            )
            page.get_by_role("button", name="Send the file").click()
            expect(page.locator("#file-hint")).to_contain_text(words)
            visit.check_accessible()
    by_csv = [line for line in curating.page(site.db, project) if line.key == 1]
    assert curating.look(site.db, project, by_csv[0].task).benchmark.explanation == "it is b"
