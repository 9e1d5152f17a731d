"""A person goes from a finding to an applied fix by mouse, opens the file, and takes the fix out again."""

from __future__ import annotations

import subprocess

import pytest
from _lab import lab_server
from _page import open_page
from playwright.sync_api import expect

from effnb.verify import best_sandbox, probe

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(best_sandbox() is None, reason=f"no strong sandbox: {probe().reason}"),
]
WAIT = 30_000
PROOF = 240_000


@pytest.fixture(scope="module")
def lab(demo):
    with lab_server(demo) as server:
        yield server


def changed(lab):
    done = subprocess.run(
        ["git", "-C", str(lab.folder / "storefront"), "diff", "--name-only"], capture_output=True, text=True, check=True
    )
    return done.stdout.split()


def shown(page):
    return page.evaluate("() => window.jupyterapp.shell.currentWidget?.context?.path ?? ''")


def prove_apply_and_undo(page, lab):
    notebook = shown(page)
    page.locator("button.eff-resolve").click()
    card = page.locator(".eff-fix-card")
    expect(card.locator(".eff-verdict")).to_have_text("Verified", timeout=PROOF)
    expect(card.locator("table.eff-gate tbody tr").first).to_be_visible()
    expect(card.locator("table.eff-diff td.eff-come").first).to_be_visible()

    card.locator("button.eff-fix-apply").click()
    expect(card.locator(".eff-delivered").first).to_contain_text("applied", timeout=WAIT)
    (path,) = changed(lab)
    card.locator("button.eff-fix-open").click()
    page.wait_for_function(f"() => window.jupyterapp.shell.currentWidget?.context?.path === 'storefront/{path}'")
    page.evaluate("path => window.jupyterapp.commands.execute('docmanager:open', { path })", notebook)

    card.locator("button.eff-fix-undo").click()
    expect(card.locator(".eff-delivered").first).to_contain_text("undone", timeout=WAIT)
    assert changed(lab) == []


def test_from_an_opportunity_to_an_applied_fix_and_back(lab, chromium):
    with open_page(chromium, base=lab.base) as watched:
        watched.open_notebook("notebooks/03_resolve_opportunity.ipynb")
        watched.run_all()
        assert watched.page.locator("[data-mime-type='application/vnd.jupyter.error']").count() == 0
        offered = watched.page.locator(".eff-subject select")
        label = next(text for text in offered.locator("option").all_inner_texts() if text.endswith(":slugify"))
        offered.select_option(label=label)
        prove_apply_and_undo(watched.page, lab)
        assert (watched.outside, watched.errors) == ([], [])


def test_from_a_regression_to_an_applied_fix_and_back(lab, chromium, summary):
    code = next(one for one in summary["regressions"] if one["function"].endswith(":line_record"))
    notebook = lab.folder / "notebooks" / "02_investigate_regression.ipynb"
    chosen = notebook.read_text().replace('regression: str = \\"\\"', f'regression: str = \\"{code["id"]}\\"')
    assert code["id"] in chosen
    notebook.write_text(chosen)
    with open_page(chromium, base=lab.base) as watched:
        watched.open_notebook("notebooks/02_investigate_regression.ipynb")
        watched.run_all()
        prove_apply_and_undo(watched.page, lab)
        assert (watched.outside, watched.errors) == ([], [])
