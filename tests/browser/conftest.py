"""A real browser (Debian's Chromium, headless) on the reference page, opened from its file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.needs import missing, need

import vmcsgen
from vmcsgen.site.site import Site
from vmcsgen.specfile.cpus import KnownCpus, load_cpus
from vmcsgen.targets.manifest import load_target
from vmcsgen.targets.render import render

# Chromium runs as root here and must not ask for anything outside.
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip

PHONE = {"width": 360, "height": 780}


@pytest.fixture(scope="session")
def known(spec: vmcsgen.Spec, checkout: Path) -> KnownCpus:
    """The CPUs and errata of this checkout."""
    return load_cpus(spec, checkout / "spec", cache=False)


@pytest.fixture(scope="session")
def reference(spec: vmcsgen.Spec, checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The reference page as this checkout generates it."""
    target = load_target("html", checkout / "templates")
    (rendered,) = render(spec, target, site=Site(spec, checkout / "spec"))
    path = tmp_path_factory.mktemp("html") / rendered.output.path
    path.write_text(rendered.text, "utf-8")
    return path


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A headless Chromium."""
    chromium = need("chromium", "chromium")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing("needs Playwright: pip install 'vmcsgen[browser]'")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        yield launched
        launched.close()


@pytest.fixture
def open_page(browser: Any, reference: Path) -> Iterator[Callable[..., Any]]:
    """``open_page("#map", color_scheme="dark")``: the page in a context of its own.

    Afterwards: the console must have been silent, and no request but that for the file made.
    """
    contexts: list[Any] = []
    trouble: list[str] = []

    def request(asked: Any) -> None:
        url = asked.url.partition("#")[0]
        if url != reference.as_uri() and not url.startswith("data:image/svg+xml,"):
            trouble.append(f"request for {url}")

    def opener(address: str = "", **options: Any) -> Any:
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: trouble.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: trouble.append(f"exception: {error}"))
        page.on("request", request)
        page.goto(reference.as_uri() + address)
        return page

    yield opener
    for context in contexts:
        context.close()
    assert trouble == []


def arrived(page: Any, address: str) -> None:
    """Waits until the page shows what an address asks for: a browser tells of it in its own time.

    To be called where a link, a key or a script changed the part after ``#``.
    """
    page.wait_for_function("(address) => vmcs.followed() === address", arg=address)


def visit(page: Any, address: str) -> None:
    """Changes the part of the address after ``#`` and waits until the page has followed."""
    page.evaluate("(address) => { location.hash = address }", address)
    arrived(page, address)


@pytest.fixture
def page(open_page: Callable[..., Any]) -> Any:
    """The page as it opens first."""
    return open_page()
