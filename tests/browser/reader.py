"""What somebody hears who cannot see the page, and where their keyboard is."""

from __future__ import annotations

from playwright.sync_api import BrowserContext, Error, Locator, Page

from tests.browser import journey

# A screen reader says what changes inside a live region that was there before, and an alert that
# appears. A status that appears with its text is mostly not said, so it does not count here.
_LISTEN = """(() => {
  window.heard = [];
  const live = (node) => (node.nodeType === 1 ? node : node.parentElement)?.closest("[aria-live], [role=status], [role=alert]");
  const say = (region) => { const text = region.textContent.replace(/\\s+/g, " ").trim(); if (text) window.heard.push(text); };
  new MutationObserver((changes) => {
    for (const change of changes) {
      const region = change.target.isConnected && live(change.target);
      if (region) say(region);
      else for (const node of change.addedNodes) {
        if (node.nodeType !== 1 || !node.isConnected) continue;
        if (node.matches("[role=alert]")) say(node);
        node.querySelectorAll("[role=alert]").forEach(say);
      }
    }
  }).observe(document, {childList: true, subtree: true, characterData: true});
})()"""
_WHERE = """() => { const it = document.activeElement;
  return it === document.body || !it ? "" : it.id || it.getAttribute("aria-label") || it.textContent.trim() || it.name; }"""


class Reader:
    """Somebody with a keyboard and a screen reader."""

    def __init__(self, page: Page) -> None:
        self.page = page

    @staticmethod
    def listen(context: BrowserContext) -> None:
        """Hear everything that pages of this profile say."""
        context.add_init_script(_LISTEN)

    def press(self, target: Locator, key: str = "Enter") -> None:
        """Go to something and press a key; what comes of it has come after."""
        self.page.evaluate("window.heard = []")
        target.focus()
        self.page.keyboard.press(key)
        self.settled()

    def settled(self) -> None:
        """What was asked for has come."""
        journey.settled(self.page)

    def is_at(self, place: str) -> None:
        """The keyboard comes to the element whose id, label or text fits this pattern."""
        try:
            self.page.wait_for_function(f"place => new RegExp(place).test(({_WHERE})())", arg=place)
        except Error:
            where = self.page.evaluate(_WHERE)
            raise AssertionError(f"the focus is on {where!r}, not on {place!r}") from None

    def heard(self, words: str) -> None:
        """It was read out. ``words`` is a pattern."""
        try:
            self.page.wait_for_function(
                "words => new RegExp(words).test(window.heard.join(' | '))", arg=words
            )
        except Error:
            said = " | ".join(self.page.evaluate("window.heard"))
            raise AssertionError(f"heard {said!r}, not {words!r}") from None
