"""Building applications quickly: most of it is compiling, for every route, what is the same each
time."""

from __future__ import annotations

from typing import Any

from werkzeug.routing import Map, Rule

_COMPILED = ("_parts", "_trace", "_converters", "arguments", "_build", "_build_unknown")


def compile_once() -> None:
    """Have all applications of this process share what their routes are compiled to."""
    compile_rule = Rule.compile
    made: dict[tuple[Any, ...], dict[str, Any]] = {}

    def remembered(rule: Rule) -> None:
        assert rule.map is not None
        key = _what_decides(rule, rule.map)
        if key not in made:
            compile_rule(rule)
            made[key] = {name: getattr(rule, name) for name in _COMPILED}
        vars(rule).update(made[key])

    Rule.compile = remembered


def _what_decides(rule: Rule, around: Map) -> tuple[Any, ...]:
    """All that compiling reads."""
    domain = rule.host if around.host_matching else rule.subdomain
    defaults = repr(sorted((rule.defaults or {}).items()))
    return rule.rule, domain, rule.merge_slashes, defaults, *around.converters.values()
