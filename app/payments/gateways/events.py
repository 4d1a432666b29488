"""Events as gateways send them: JSON of which nothing but the signature is certain."""

from __future__ import annotations

import json
from typing import Any

# What reading a signed body that makes no sense may raise.
SENSELESS = (ValueError, KeyError, TypeError, AttributeError, RecursionError)


def event_in(body: bytes) -> Any:
    """The event in a body. Raises one of ``SENSELESS``."""
    return json.loads(body.decode("utf-8"))


def named(value: Any) -> str:
    """What tells an event from every other. Raises ``ValueError`` for none: the next one without it
    would pass for a repeat."""
    if not isinstance(value, str) or not value:
        raise ValueError("an event without an id")
    return said(value)


def said(value: Any) -> str:
    """A name or an id in an event, ``""`` for none. Raises ``ValueError`` for half a character,
    which JSON can say and no database can keep."""
    text = str(value or "")
    text.encode()
    return text
