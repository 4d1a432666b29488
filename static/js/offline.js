// Says that a press came to nothing for want of a connection, until an answer comes; the page stays
// as it was.
(() => {
  const said = document.getElementById("offline");
  const place = document.getElementById("trouble");
  document.addEventListener("htmx:sendError", (event) => {
    if (event.detail.requestConfig.headers["HX-Aside"]) return; // nobody pressed anything
    place.replaceChildren(said.content.cloneNode(true));
    place.firstElementChild.focus();
  });
  document.addEventListener("htmx:beforeOnLoad", () => place.querySelector(".offline")?.remove());
})();
