"""Events as gateways send them: JSON of which nothing but the signature is certain."""

from __future__ import annotations

import json
from typing import Any

# What reading a signed body that makes no sense may raise.
SENSELESS = (ValueError, KeyError, TypeError, AttributeError, RecursionError)


def event_in(body: bytes) -> Any:
    """The event in a body. Raises one of ``SENSELESS``."""
    return json.loads(body.decode("utf-8"))


def said(value: Any) -> str:
    """A name or an id in an event, ``""`` for none. Raises ``ValueError`` for half a character,
    which JSON can say and no database can keep."""
    text = str(value or "")
    text.encode()
    return text
