"""Files of baskets, tidy and untidy."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.recommendations.baskets import UnreadableBaskets, read_baskets


def _read(tmp_path: Path, content: bytes) -> list[tuple[str, ...]]:
    path = tmp_path / "baskets.csv"
    path.write_bytes(content)
    return read_baskets(path)


@pytest.mark.parametrize(
    ("content", "baskets"),
    [
        (b"mug,bowl\nmug\n", [("mug", "bowl"), ("mug",)]),
        (b"mug,bowl", [("mug", "bowl")]),
        (b"\xef\xbb\xbfmug,bowl\r\nrug,mug\r\n", [("mug", "bowl"), ("rug", "mug")]),
        (b"mug,bowl\rrug,mug\r", [("mug", "bowl"), ("rug", "mug")]),
        (b" mug ,\tbowl,, ,mug,\n\n , \n", [("mug", "bowl")]),
        (b'"mug","big bowl"\n', [("mug", "big bowl")]),
        (b'mug, "bowl, blue"\n', [("mug", "bowl, blue")]),
        (b'"mug,bowl"\n', [("mug", "bowl")]),
        (b'plate 5",mug\nrug,mug\n', [("plate 5", "mug"), ("rug", "mug")]),
        (b'"mug,bowl\nrug,mug\n', [("mug", "bowl"), ("rug", "mug")]),
        ("Krug,Schüssel\n".encode(), [("Krug", "Schüssel")]),
    ],
)
def test_a_line_is_a_basket(tmp_path: Path, content: bytes, baskets: list[tuple[str, ...]]) -> None:
    assert _read(tmp_path, content) == baskets


def test_another_encoding_is_no_obstacle(tmp_path: Path) -> None:
    ((krug, bowl),) = _read(tmp_path, "Krüge,Schüssel\n".encode("latin-1"))
    assert krug != bowl


@pytest.mark.parametrize("content", [b"", b"\n\n", b" , ,\n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_explained(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(UnreadableBaskets, match="no baskets"):
        _read(tmp_path, content)


def test_what_is_no_text_is_explained(tmp_path: Path) -> None:
    with pytest.raises(UnreadableBaskets, match="not a text file"):
        _read(tmp_path, b"PK\x03\x04\x00\x00mug,bowl")


def test_a_missing_file_is_explained(tmp_path: Path) -> None:
    with pytest.raises(UnreadableBaskets, match="cannot be read"):
        read_baskets(tmp_path / "none.csv")
    with pytest.raises(UnreadableBaskets, match="cannot be read"):
        read_baskets(tmp_path)
