"""What tests of languages share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.languages.reading import found, reads
from tests.support.pseudo import speak_pseudo
from tests.support.shopper import Shopper


@pytest.fixture
def pseudo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every page of a test is read before it fails, so that one run names all that is missing."""
    speak_pseudo(monkeypatch)
    found.clear()
    yield
    told = "\n".join(f"{page}: {left}" for page, left in found.items())
    assert not found, f"left in English:\n{told}"


@pytest.fixture
def reader(pseudo: None, shopper: Shopper) -> Shopper:
    """A shopper who reads the bracketed language."""
    return reads(shopper)
