"""A picture of each package, drawn of the imports themselves: ``update`` writes docs/packages.md,
``check`` says whether it is what the code is."""

from __future__ import annotations

import ast
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import grimp

_ROOT = Path(__file__).resolve().parents[1]
_PAPER = _ROOT / "docs" / "packages.md"
_TOO_MANY = 40  # modules in one picture; a package with more is drawn by its folders and areas
_HEAD = """# The packages, as they import each other

Drawn by `make papers` of the imports themselves; `make lint` fails when the code is another. An
arrow is an import. Where one thing leads to another over a third, only the way over the third is
drawn. What each package is for and what its services are called is in
[architecture.md](architecture.md).
"""
Edges = Mapping[str, set[str]]


def paper() -> str:
    """All of docs/packages.md."""
    graph = grimp.build_graph("app", cache_dir=None)
    edges = _edges(graph)
    packages = sorted(each for each in graph.find_children("app") if graph.find_children(each))
    between = _between(edges, packages)
    parts = [_HEAD, "## All of them\n", _drawn(between)]
    for package in packages:
        parts += _chapter(package, edges, between)
    return "\n".join(parts)


def _edges(graph: grimp.ImportGraph) -> dict[str, set[str]]:
    return {
        module: graph.find_modules_directly_imported_by(module) for module in sorted(graph.modules)
    }


def _between(edges: Edges, packages: Iterable[str]) -> dict[str, set[str]]:
    """Which package imports which."""
    known = set(packages)
    found: dict[str, set[str]] = {each: set() for each in packages}
    for module, imported in edges.items():
        package = _package(module)
        if package in known:
            others = {_package(each) for each in imported} & known
            found[package] |= others - {package}
    return found


def _package(module: str) -> str:
    return ".".join(module.split(".")[:2])


def _chapter(package: str, edges: Edges, between: Edges) -> Iterator[str]:
    name = package.removeprefix("app.")
    above = sorted(each for each, below in between.items() if package in below)
    yield f"\n## {name}\n"
    yield f"{_purpose(package)}\n"
    yield f"Stands on {_named(sorted(between[package]))}. Used by {_named(above)}.\n"
    inner = {
        module: {each for each in imported if each.startswith(f"{package}.")}
        for module, imported in edges.items()
        if module.startswith(f"{package}.")
    }
    yield _drawn(inner if len(inner) <= _TOO_MANY else _folded(package, inner))


def _purpose(package: str) -> str:
    source = (_ROOT / package.replace(".", "/") / "__init__.py").read_text()
    return (ast.get_docstring(ast.parse(source)) or "").strip()


def _named(packages: Iterable[str]) -> str:
    links = [f"[{each}](#{each})" for each in (p.removeprefix("app.") for p in packages)]
    return ", ".join(links) or "nothing"


def _folded(package: str, inner: Edges) -> dict[str, set[str]]:
    """Folders as one thing each, and so are modules whose names begin alike."""
    begin = defaultdict(set)
    for module in inner:
        begin[_stem(package, module)].add(module)
    places = {
        module: f"{stem} ({len(modules)})" if len(modules) > 1 else module
        for stem, modules in begin.items()
        for module in modules
    }
    found: dict[str, set[str]] = {place: set() for place in sorted(places.values())}
    for module, imported in inner.items():
        found[places[module]] |= {places[each] for each in imported} - {places[module]}
    return found


def _stem(package: str, module: str) -> str:
    """``app.admin.orders`` of ``app.admin.orders_page``, ``app.catalog.csv`` of what is in it."""
    first = module.removeprefix(f"{package}.").split(".")[0]
    return f"{package}.{first.split('_')[0]}"


def _drawn(edges: Edges) -> str:
    """A Mermaid picture, the highest things first."""
    lines = ["```mermaid", "flowchart TD"]
    ids = {each: f"n{place}" for place, each in enumerate(edges)}
    lines += [f'  {ids[each]}["{_label(each)}"]' for each in edges]
    for each, below in _without_detours(edges).items():
        lines += [f"  {ids[each]} --> {ids[other]}" for other in sorted(below)]
    return "\n".join([*lines, "```"])


def _label(name: str) -> str:
    return ".".join(name.split(".")[2:]) or name.removeprefix("app.")


def _without_detours(edges: Edges) -> dict[str, set[str]]:
    """Only those imports that no longer way leads to; all of those in a circle stay."""
    reach = {each: _reach(edges, each) for each in edges}
    return {
        each: {
            other
            for other in below
            if not any(
                other in reach[middle] and each not in reach[middle] and middle not in reach[other]
                for middle in below - {other}
            )
        }
        for each, below in edges.items()
    }


def _reach(edges: Edges, start: str) -> set[str]:
    found: set[str] = set()
    ahead = [start]
    while ahead:
        for other in edges[ahead.pop()] - found:
            found.add(other)
            ahead.append(other)
    return found


def main(word: str) -> int:
    """Do what the word says; what the shell is to be told."""
    wanted = paper()
    if word == "update":
        _PAPER.write_text(wanted)
        return 0
    if word == "check" and _PAPER.exists() and _PAPER.read_text() == wanted:
        return 0
    print("docs/packages.md is not what the code is: run `make papers`", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "check"))
