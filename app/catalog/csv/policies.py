"""How a variant is sold beyond its stock, where that is more than the format's two words say."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from pydantic import TypeAdapter

from app.catalog.models import DENY, UNCOUNTED, Policy, PolicyKind
from app.catalog.policies import check_policy
from app.shared.errors import Invalid

_POLICY = TypeAdapter(Policy)
CONTINUE = Policy(kind=PolicyKind.BACK_ORDER)  # Shopify's "continue": without limit or promise


def write_policy(policy: Policy) -> str:
    """The field of a variant, "" where the column of the format says it all."""
    if policy in (DENY, CONTINUE, UNCOUNTED):
        return ""
    day = policy.ships_on.isoformat() if policy.ships_on else None
    return json.dumps({**asdict(policy), "ships_on": day})


def read_policy(text: str) -> Policy | None:
    """What the field says, None if it is empty. Raises ``ValueError``."""
    if not text:
        return None
    try:
        given: dict[str, Any] = json.loads(text)
        policy = _POLICY.validate_python(given)
        if policy.ships_on is not None and policy.ships_on.tzinfo is None:
            raise ValueError("the day has no time zone")
        check_policy(policy)
    except Invalid as refusal:
        raise ValueError(f"the stock policy cannot be used: {refusal.message}") from refusal
    except (TypeError, ValueError) as error:
        raise ValueError(f"the stock policy cannot be read ({type(error).__name__})") from error
    return policy
