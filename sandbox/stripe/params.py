"""Stripe's form encoding, checked against the typed params of the official SDK."""

from __future__ import annotations

import re
import typing
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import stripe._request_options
from stripe._stripe_object import UntypedStripeObject
from typing_extensions import is_typeddict

_OPTIONS = frozenset(stripe._request_options.RequestOptions.__annotations__)
_NAMES = {"StripeContext": object, "HTTPClient": object, "Mapping": typing.Mapping}
_KEY = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")


class BadParameter(Exception):
    """A parameter that Stripe would refuse."""

    def __init__(self, code: str, message: str, param: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.param = param


def decode(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Nested dictionaries and lists from ``a[b][0][c]=…`` pairs."""
    tree: dict[str, Any] = {}
    for key, value in pairs:
        match = _KEY.fullmatch(key)
        if match is None:
            raise BadParameter("parameter_unknown", f"Invalid parameter name: {key}", key)
        path = [match[1], *re.findall(r"\[([^\[\]]*)\]", match[2])]
        place = tree
        for step in path[:-1]:
            place = place.setdefault(step or str(len(place)), {})
            if not isinstance(place, dict):
                raise BadParameter("parameter_invalid", f"Invalid value for {key}", key)
        place[path[-1] or str(len(place))] = value
    return tree


def check(given: Mapping[str, Any], schema: Any) -> dict[str, Any]:
    """The parameters with their types, or ``BadParameter`` naming the first that is wrong."""
    return _typed_dict(given, schema, "")


def _typed_dict(given: Any, schema: Any, path: str) -> dict[str, Any]:
    if not isinstance(given, Mapping):
        raise BadParameter("parameter_invalid_object", f"Invalid object: {path}", path)
    hints = {
        name: hint
        for name, hint in get_type_hints(schema, localns=_NAMES).items()
        if path or name not in _OPTIONS
    }
    result = {}
    for name, value in given.items():
        inner = f"{path}[{name}]" if path else name
        if name not in hints:
            raise BadParameter("parameter_unknown", f"Received unknown parameter: {inner}", inner)
        result[name] = _value(value, hints[name], inner)
    missing = [name for name in schema.__required_keys__ if name in hints and name not in given]
    if missing:
        inner = f"{path}[{missing[0]}]" if path else missing[0]
        raise BadParameter("parameter_missing", f"Missing required param: {inner}.", inner)
    return result


def _value(value: Any, hint: Any, path: str) -> Any:
    origin = get_origin(hint)
    if origin in {Union, UnionType}:
        return _first_that_fits(value, get_args(hint), path)
    if origin is Literal:
        if value not in get_args(hint):
            raise BadParameter("parameter_invalid", f"Invalid {path}: {value!r}", path)
        return value
    if origin is list:
        if not isinstance(value, Mapping):
            raise BadParameter("parameter_invalid_array", f"Invalid array: {path}", path)
        inner = get_args(hint)[0]
        return [_value(each, inner, f"{path}[{index}]") for index, each in value.items()]
    if origin is dict:
        if not isinstance(value, Mapping) or any(
            isinstance(each, Mapping) for each in value.values()
        ):
            raise BadParameter("parameter_invalid_hash", f"Invalid hash: {path}", path)
        return dict(value)
    if is_typeddict(hint):
        return _typed_dict(value, hint, path)
    return _scalar(value, hint, path)


def _first_that_fits(value: Any, hints: tuple[Any, ...], path: str) -> Any:
    # Where any text is allowed next to known words, only the known words are real today.
    closed = [hint for hint in hints if get_origin(hint) is Literal]
    candidates = [hint for hint in hints if not (closed and hint is str)]
    problem: BadParameter | None = None
    for hint in candidates:
        if get_origin(hint) is UntypedStripeObject or hint is UntypedStripeObject:
            continue
        try:
            return _value(value, hint, path)
        except BadParameter as found:
            problem = found
    raise problem or BadParameter("parameter_invalid", f"Invalid {path}", path)


def _scalar(value: Any, hint: Any, path: str) -> Any:
    if not isinstance(value, str):
        raise BadParameter("parameter_invalid", f"Invalid {path}", path)
    if hint is int:
        if not re.fullmatch(r"-?\d{1,18}", value):
            raise BadParameter("parameter_invalid_integer", f"Invalid integer: {value}", path)
        return int(value)
    if hint is bool:
        if value not in {"true", "false"}:
            raise BadParameter("parameter_invalid_boolean", f"Invalid boolean: {value}", path)
        return value == "true"
    if hint in {float, Decimal}:
        try:
            return Decimal(value)
        except InvalidOperation:
            raise BadParameter("parameter_invalid", f"Invalid decimal: {value}", path) from None
    if hint is str:
        if not value:
            raise BadParameter(
                "parameter_invalid_empty", f"You passed an empty string for {path}.", path
            )
        return value
    raise BadParameter("parameter_invalid", f"Invalid {path}", path)
