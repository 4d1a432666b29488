"""What is found wrong with a page as it is now: by axe-core, and by measuring it."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from playwright.sync_api import BrowserContext, Page

TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
_AXE = files("axe_playwright_python").joinpath("axe.min.js")
_RUN = "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}, resultTypes: ['violations'], elementRef: false})"
# Whatever reaches over the window's edge, unless something around it scrolls or cuts it off there.
_WIDE = """() => {
  const over = document.scrollingElement.scrollWidth - innerWidth;
  if (over <= 0) return [];
  const held = (it) => { for (let up = it.parentElement; up && up !== document.body; up = up.parentElement)
    if (getComputedStyle(up).overflowX !== "visible") return true; return false; };
  const name = (it) => it.tagName.toLowerCase() + (it.id ? "#" + it.id : "") + (it.className && it.className.trim ? "." + it.className.trim().replace(/\\s+/g, ".") : "");
  const out = [...document.body.querySelectorAll("*")].filter((it) => it.getBoundingClientRect().right > innerWidth + 1 && !held(it));
  return [`${over} pixels too wide: ` + out.slice(0, 4).map(name).join(", ")];
}"""
# Text that is cut off by its own box.
_CUT = """() => [...document.querySelectorAll("a, button, h1, h2, h3, p, label, legend, summary, dt, dd, th")]
  .filter((it) => it.offsetParent && !it.closest(".sr, .suggestions, .hero-frame, [aria-hidden=true]"))
  .filter((it) => { const look = getComputedStyle(it); return (look.overflowY !== "visible" || look.overflowX !== "visible")
    && look.overflowX !== "auto" && (it.scrollHeight > it.clientHeight + 2 || it.scrollWidth > it.clientWidth + 2) && it.clientWidth > 1; })
  .slice(0, 4).map((it) => `cut off: ${it.tagName.toLowerCase()}.${it.className} ${it.textContent.trim().slice(0, 30)}`)"""
_MOVES = """() => document.getAnimations().filter((it) => it.effect.getComputedTiming().duration > 0)
  .map((it) => `moves: ${it.animationName || it.transitionProperty}`)
  .concat([...document.querySelectorAll("body *")].filter((it) => {
    const look = getComputedStyle(it);
    return look.animationName !== "none" || look.transitionDuration.split(",").some((each) => parseFloat(each) > 0);
  }).slice(0, 3).map((it) => `would move: ${it.tagName.toLowerCase()}.${it.className}`))
  .concat(getComputedStyle(document.documentElement).scrollBehavior === "smooth" ? ["scrolls smoothly"] : [])"""
# A refused form: its summary has the focus and leads to every field, which says what is wrong with it.
_EXPLAINED = """() => {
  const out = [];
  const refused = performance.getEntriesByType("navigation")[0].responseStatus === 422;
  if (refused && !document.title.startsWith("Error:")) out.push(`the title does not say so: ${document.title}`);
  for (const link of document.querySelectorAll("[role=alert] a[href^='#']")) {
    const id = decodeURIComponent(link.hash.slice(1));
    const to = document.getElementById(id);
    if (!to) out.push(`leads nowhere: ${link.hash} ${link.textContent}`);
    else if (to.matches("input:not([type=radio], [type=checkbox], [type=file]), textarea, select") && to.getAttribute("aria-invalid") !== "true") out.push(`not marked: ${link.hash}`);
  }
  for (const field of document.querySelectorAll("[aria-invalid=true]")) {
    const ids = (field.getAttribute("aria-describedby") || "").split(" ").filter(Boolean);
    if (!ids.length) out.push(`not described: ${field.id || field.name}`);
    for (const id of ids) if (!document.getElementById(id)?.textContent.trim()) out.push(`described by nothing: ${field.id || field.name} ${id}`);
  }
  const first = document.querySelector("[autofocus]");
  if (refused && !first) out.push("nothing takes the focus");
  if (refused && first && document.activeElement !== first) out.push(`the focus is not on ${first.id || first.tagName}`);
  return out;
}"""
# WCAG 1.4.12: what a reader may set without losing anything.
SPACED = "* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important } p { margin-bottom: 2em !important }"


def bring_axe(context: BrowserContext) -> None:
    """Have axe-core in every page of a browser profile."""
    context.add_init_script(_AXE.read_text(encoding="utf-8"))


def breaches(page: Page, tags: tuple[str, ...] = TAGS) -> list[str]:
    """What axe-core finds, one line each: the rule, and where."""
    found: Any = page.evaluate(_RUN, list(tags))
    return [
        f"{each['id']}: {node['target'][0]} {_reason(node)}"
        for each in found["violations"]
        for node in each["nodes"]
    ]


def _reason(node: dict[str, Any]) -> str:
    return " ".join(str(node.get("failureSummary", "")).split())[:300]


def too_wide(page: Page) -> list[str]:
    """What makes the page scroll sideways."""
    found: list[str] = page.evaluate(_WIDE)
    return found


def cut_off(page: Page) -> list[str]:
    """Texts whose end cannot be seen."""
    found: list[str] = page.evaluate(_CUT)
    return found


def moving(page: Page) -> list[str]:
    """What moves, or would if it changed."""
    found: list[str] = page.evaluate(_MOVES)
    return found


def unexplained(page: Page) -> list[str]:
    """What a refused form leaves its reader to find out."""
    found: list[str] = page.evaluate(_EXPLAINED)
    return found
