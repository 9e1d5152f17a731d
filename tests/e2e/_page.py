"""A browser page that notes what goes wrong: requests to the outside, console errors, errors of the page."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from playwright.sync_api import Page, sync_playwright

FLAGS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
READY = """() => { const open = window.jupyterapp?.shell.currentWidget;
  return !!(open?.context?.isReady && open.sessionContext?.isReady); }"""
RUN_ALL = """async () => { const open = window.jupyterapp.shell.currentWidget;
  await open.context.ready; await open.sessionContext.ready;
  await open.sessionContext.session.kernel.info;
  return window.jupyterapp.commands.execute('notebook:run-all-cells'); }"""
DRAWN = """() => { const all = document.querySelectorAll('[data-effnb-chart]');
  return all.length > 0 && [...all].every((chart) => chart.dataset.ready === '1'); }"""


@dataclass
class Watched:
    """A page and what was noticed while it was open."""

    page: Page
    base: str
    outside: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def open_notebook(self, name: str, *, timeout: float = 90_000) -> None:
        """Open a notebook of the served folder in JupyterLab and wait until its kernel answers."""
        self.page.goto(f"{self.base}/doc/tree/{name}?reset")
        self.page.wait_for_function(READY, timeout=timeout)

    def run_all(self) -> None:
        """Run every cell; returns when the last one is done."""
        self.page.evaluate(RUN_ALL)

    def wait_until_drawn(self, *, timeout: float = 60_000) -> int:
        """Wait until every chart of a report is drawn; how many there are."""
        self.page.wait_for_function(DRAWN, timeout=timeout)
        return self.page.locator("[data-effnb-chart]").count()


@contextmanager
def open_page(
    chromium: str, *, base: str = "file://", width: int = 1280, scheme: str = "light", zone: str = "UTC"
) -> Iterator[Watched]:
    """A fresh page of headless Chromium; requests that leave ``base`` and console errors are collected, not raised."""
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    with sync_playwright() as playwright:
        flags = [*FLAGS, "--no-sandbox"] if is_root else FLAGS
        browser = playwright.chromium.launch(executable_path=chromium, args=flags)
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, timezone_id=zone, bypass_csp=False
        )
        watched = Watched(context.new_page(), base)
        _watch(watched)
        try:
            yield watched
        finally:
            context.close()
            browser.close()


def _watch(watched: Watched) -> None:
    inside = (watched.base, watched.base.replace("http", "ws", 1), "data:", "blob:", "about:")

    def note(message: object) -> None:
        kinds = {"error": watched.errors, "warning": watched.warnings}
        if message.type in kinds:
            kinds[message.type].append(message.text)

    watched.page.on("request", lambda sent: None if sent.url.startswith(inside) else watched.outside.append(sent.url))
    watched.page.on("websocket", lambda made: None if made.url.startswith(inside) else watched.outside.append(made.url))
    watched.page.on("console", note)
    watched.page.on("pageerror", lambda error: watched.errors.append(str(error)))
