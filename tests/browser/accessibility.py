"""What axe-core says of a page."""

from functools import cache
from importlib.resources import files

from playwright.sync_api import Page

_RULES = "{runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']}"


@cache
def _source() -> str:
    """axe-core as the package brings it; no page loads it, since none may load a script."""
    return (files("axe_playwright_python") / "axe.min.js").read_text("utf-8")


def violations(page: Page) -> list[str]:
    """Every violation: rule, where, and what would mend it."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(f"() => {{ {_source()}\n; }}")
    found = page.evaluate(f"axe.run(document, {_RULES}).then(result => result.violations)")
    return [
        f"{rule['id']} at {' '.join(node['target'])}: {node.get('failureSummary', '')}"
        for rule in found
        for node in rule["nodes"]
    ]
