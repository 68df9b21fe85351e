"""The formats of `check` by name. Choosing one imports no other, since a hook pays for every import."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from migrate.leftovers import CheckResult

Renderer = Callable[["CheckResult"], str]


def _of(module: str, function: str) -> Renderer:
    """A renderer that imports its module when it is called."""

    def render(result: CheckResult) -> str:
        renderer: Renderer = getattr(import_module(f"migrate.report.{module}"), function)
        return renderer(result)

    return render


FORMATS: dict[str, Renderer] = {
    "text": _of("annotated", "render_text"),
    "concise": _of("concise", "render_concise"),
    "json": _of("check_json", "render_json"),
    "sarif": _of("sarif", "render_sarif"),
    "github": _of("github", "render_github"),
    "gitlab": _of("gitlab", "render_gitlab"),
    "junit": _of("junit", "render_junit"),
    "markdown": _of("markdown", "render_markdown"),
}
render_statistics = _of("statistics", "render_statistics")
