"""What nobody types, and somebody sends."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

MARK = "fz7mark"  # an element of this name in a page is markup that got through
NUMBERS = (
    "", "0", "-1", "1", "7", "00012", "+3", "1.5", "1.005", "1,50", "1e3", "1e309", "1e-400",
    "1e999999", "-1e999999", "1e999990", "NaN", "sNaN", "-NaN", "Infinity", "-inf", "0x10", "1_000",
    "9" * 10, "9" * 18, "9223372036854775808", "-9223372036854775809", "9" * 25, "9" * 5000,
    "１２３", "٣", "१२", "½", "²", "⑦", "12 ", " 12", "1 2", "--1", "1-", "5%", "100.01", "%", "1.",
)  # fmt: skip
TEXTS = (
    " ", "\t\r\n", "\x00", "a\x00b", "a\x1bb", "\u202egnp.exe", "\u200f\u200e", "👩‍👩‍👧‍👦", "é" * 40, "ﬁ",
    "İ", "ß", "﷽", "\u2028", "\ufeff", "\ufffd", "a\r\nSet-Cookie: x=1", "x" * 300, "x" * 5_000,
    "x" * 70_000, "a\n" * 3_000, f"<{MARK}>", f"\"'><{MARK} x='", f"<p><{MARK}></p><script>1</script>",
    f"javascript:<{MARK}>", "{{7*7}}", "{% raw %}", "${7*7}", "%s%n%(num)s", "{0}{x}", "' OR 1=1 --",
    "$ne", '{"$gt": ""}', "a.$b.c", "__proto__", "../../etc/passwd", "..%2f..%2f", "/", "//evil.example",
    "https://evil.example/x", "http://[", "\\\\evil", ".", "..", "-", ",", ",,,", "|", ":", "=1+1", "@",
    "None", "null", "true", "undefined", "[]", "{}", "on", "[(", "*", "\\", "(?:a+)+$",
)  # fmt: skip
DATES = (
    "2026-02-30", "2026-13-01", "0000-00-00", "0001-01-01", "9999-12-31", "10000-01-01",
    "2026-01-01", "2026-01-01T00:00", "0001-01-01T00:00", "9999-12-31T23:59", "2026-01-01T25:61",
    "2026-W01-1", "١٢-١٢-٢٠٢٦",
)  # fmt: skip
ADDRESSES = (
    "a@b", "@", "a@", "a@b.c", "a@xn--", "a@[127.0.0.1]", '"a b"@example.com', "a@" + "b" * 300,
    "ann@example.com", "ANN@EXAMPLE.COM", "ann@exämple.com", "a@b.com\r\nBcc: c@d.com", "a,b@c.com",
    "owner@staff.example", "a" * 250 + "@example.com", "a\x00@example.com", "😀@example.com",
)  # fmt: skip
HOSTILE = (*NUMBERS, *TEXTS, *DATES, *ADDRESSES)


def hostile() -> st.SearchStrategy[str]:
    """A value for a field, a query or a part of a path."""
    return st.one_of(
        st.sampled_from(NUMBERS),
        st.sampled_from(HOSTILE),
        st.text(max_size=12),
        st.integers(-(2**70), 2**70).map(str),
    )


JSON_VALUES: tuple[Any, ...] = (
    None, True, 0, -1, 1.5, float("inf"), float("nan"), 2**63, 10**400, "", "\x00", "\ud800", "x" * 5_000,
    [], {}, [[]], {"$ne": 1}, {"a.b": {"$gt": ""}}, {"": {"\x00": 1}}, [None], "captured", "INR",
)  # fmt: skip


def json_values() -> st.SearchStrategy[Any]:
    """A value for a place in a JSON document."""
    return st.one_of(
        st.sampled_from(JSON_VALUES),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(st.text(max_size=6), inner, max_size=3)
            ),
            max_leaves=5,
        ),
    )
