"""What hypothesis grows: a request in the abstract, made concrete with what is there by then."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from tests.fuzz.values import TEXTS, hostile, json_values


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """What stands in a variable of a path, or in a field: ``real`` takes what is really there."""

    real: bool
    at: int
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One way in which a form is not as its page has it."""

    how: str
    at: int
    value: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """A request; numbers choose among what is there, wherever that may end."""

    who: int
    form: int
    fresh: bool
    places: tuple[Piece, ...]
    changes: tuple[Change, ...]
    query: tuple[tuple[Piece, str], ...]
    headers: tuple[tuple[int, str], ...]
    shape: str
    cookies: str
    token: str
    method: int
    htmx: bool
    document: Any


_HOWS = (
    *["replace"] * 8, *["press"] * 3, *["swap"] * 2, "drop", "repeat", "operator", "index", "unknown",
)  # fmt: skip
_SHAPES = (*["form"] * 14, *["multipart"] * 3, "json", "text", "broken", "bytes", "many", "nothing")
_COOKIES = (*["own"] * 12, "none", "junk", "mixed")
_TOKENS = ("missing", "junk", "another")
_INDEX = st.integers(0, 2**16)


def _often(share: int) -> st.SearchStrategy[bool]:
    """True in ``share`` of 16 cases."""
    return st.integers(0, 15).map(lambda drawn: drawn < share)


def _pieces(real: int) -> st.SearchStrategy[Piece]:
    return st.builds(Piece, real=_often(real), at=_INDEX, text=hostile())


@st.composite
def plans(draw: st.DrawFn, *, real: int = 13, changes: int = 3) -> Plan:
    """A request; ``real`` of 16 variables of its path name something that is there."""
    return Plan(
        who=draw(_INDEX),
        form=draw(_INDEX),
        fresh=draw(_often(12)),
        places=tuple(draw(_pieces(real)) for _ in range(3)),
        changes=tuple(
            draw(
                st.lists(
                    st.builds(Change, how=st.sampled_from(_HOWS), at=_INDEX, value=hostile()),
                    max_size=changes,
                )
            )
        ),
        query=tuple(
            draw(st.lists(st.tuples(_pieces(12), hostile()), max_size=2)) if draw(_often(6)) else ()
        ),
        headers=tuple(
            draw(st.lists(st.tuples(_INDEX, st.sampled_from(TEXTS)), max_size=2))
            if draw(_often(4))
            else ()
        ),
        shape=draw(st.sampled_from(_SHAPES)),
        cookies=draw(st.sampled_from(_COOKIES)) if draw(_often(5)) else "own",
        token=draw(st.sampled_from(_TOKENS)),
        method=draw(_INDEX),
        htmx=draw(_often(4)),
        document=draw(json_values()),
    )
