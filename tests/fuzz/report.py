"""``docs/fuzzing.md``: what was asked, what was answered, what was found."""

from __future__ import annotations

from pathlib import Path

from tests.fuzz.campaign import Tally

_MENDED = "## Found and mended"
_CLASSES = ("2xx", "3xx", "422", "4xx", "5xx")


def write_report(path: Path, tally: Tally, seed: int) -> None:
    """Renew the figures; what people wrote below them stays."""
    known = path.read_text() if path.exists() else ""
    rest = known[known.index(_MENDED) :] if _MENDED in known else f"{_MENDED}\n"
    path.write_text("\n".join([*_figures(tally, seed), "", rest.rstrip(), ""]))


def _figures(tally: Tally, seed: int) -> list[str]:
    run = (
        f"{tally.requests:,} requests to {len(tally.endpoints)} addresses and methods in "
        f"{tally.worlds} shops, seed {seed}; the whole database was compared {tally.digests} times; "
        f"{len(tally.accepted)} kinds of forms were accepted at least once; the slowest answer took "
        f"{tally.slowest:.1f} s; {len(tally.findings)} sorts of findings."
    )
    kinds = sorted({(kind, part) for kind, part, _ in tally.answers})
    table = [
        f"| {kind} | {part} | "
        + " | ".join(f"{tally.answers[kind, part, each]:,}" for each in _CLASSES)
        + " |"
        for kind, part in kinds
    ]
    return [
        "# Fuzzing",
        "",
        "`make fuzz` asks every address of the shop with every method, as a guest, two customers, each",
        "role of staff and the owner, and both webhooks, with input that hypothesis grows on what is",
        "really there: forms as their pages have them with fields replaced, repeated, dropped and",
        "renamed, ids of other things and other people, broken bodies, headers, cookies and files.",
        "`REQUESTS=20000 SEED=…` repeats a run; a small one with a fixed seed is part of the suite.",
        "",
        "The judge wants: no answer of 500 or above; nothing stored by a request that was not allowed to",
        "(no right, no or another's form token, no signature), compared over all collections but the",
        "audit log and sessions; a page with a message, and nothing of the program's inside, for every",
        "refusal; no markup of a stranger in any page; and books that agree with the gateways in the end.",
        "",
        "## The last run",
        "",
        run,
        "",
        "| kind of request | part | 2xx | 3xx | 422 | other 4xx | 5xx |",
        "|---|---|---:|---:|---:|---:|---:|",
        *table,
    ]
