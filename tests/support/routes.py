"""Building applications quickly: most of it is compiling, for every route, code that is the same
each time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from werkzeug.routing import Rule


def compile_once() -> None:
    """Have all applications of this process share what their routes are compiled to: werkzeug
    binds it to each route as a method, so it depends on the route's text and defaults alone."""
    compile_builder = Rule._compile_builder
    made: dict[tuple[Any, ...], Callable[..., tuple[str, str]]] = {}

    def remembered(rule: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        defaults = repr(sorted((rule.defaults or {}).items()))
        key = (tuple(rule._trace), defaults, append_unknown)
        if key not in made:
            made[key] = compile_builder(rule, append_unknown)
        return made[key]

    Rule._compile_builder = remembered
