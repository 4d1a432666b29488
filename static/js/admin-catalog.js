// Lists that can be dragged into another order; their buttons do the same without this.
(() => {
  let held = null;
  const list = (node) => node.closest("[data-sortable]");
  document.addEventListener("dragstart", (event) => {
    held = event.target.closest?.("[data-sortable] > [draggable]");
    if (held) { held.classList.add("held"); event.dataTransfer.effectAllowed = "move"; }
  });
  document.addEventListener("dragover", (event) => {
    const over = event.target.closest?.("[data-sortable] > [draggable]");
    if (!held || !over || list(over) !== list(held)) return;
    event.preventDefault();
    const box = over.getBoundingClientRect();
    over[event.clientY < box.top + box.height / 2 ? "before" : "after"](held);
  });
  const settle = (rows) => rows.forEach((row, place) => {
    row.querySelectorAll("[name$=up]").forEach((button) => { button.disabled = place === 0; });
    row.querySelectorAll("[name$=down]").forEach((button) => { button.disabled = place === rows.length - 1; });
  });
  document.addEventListener("dragend", () => {
    if (!held) return;
    held.classList.remove("held");
    settle([...list(held).children]);
    if (list(held).dataset.sortable === "submit") held.closest("form").requestSubmit();
    held = null;
  });
})();
