// Pictures can be dragged into another place, and an upload says how far it is. Without this file
// the arrows move them, and the browser's own bar shows the upload.
(() => {
  let held = null;
  const listOf = (target) => target.closest && target.closest("[data-sortable]");

  document.addEventListener("pointerdown", (event) => {
    const row = listOf(event.target) && event.target.closest("[data-sortable] > li");
    if (row) row.draggable = !event.target.closest("input, select, button, label");
  });
  document.addEventListener("dragstart", (event) => {
    held = listOf(event.target) ? event.target.closest("[data-sortable] > li") : null;
    if (held) event.dataTransfer.effectAllowed = "move";
  });
  document.addEventListener("dragover", (event) => {
    const over = held && event.target.closest && event.target.closest("[data-sortable] > li");
    if (!over || over === held || over.parentNode !== held.parentNode) return;
    event.preventDefault();
    const box = over.getBoundingClientRect();
    over.parentNode.insertBefore(held, event.clientY > box.top + box.height / 2 ? over.nextSibling : over);
  });
  document.addEventListener("drop", (event) => {
    if (held) event.preventDefault();
  });
  document.addEventListener("dragend", () => {
    const form = held && held.closest("form");
    held = null;
    if (form) form.requestSubmit();
  });

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("[data-upload]")) return;
    event.preventDefault();
    const bar = form.querySelector("progress");
    const sending = new XMLHttpRequest();
    bar.hidden = false;
    form.querySelector("button").disabled = true;
    sending.upload.onprogress = (step) => {
      bar.value = step.lengthComputable ? (100 * step.loaded) / step.total : 50;
    };
    sending.onload = () => {
      const page = new DOMParser().parseFromString(sending.responseText, "text/html");
      const main = document.adoptNode(page.querySelector("main"));
      document.querySelector("main").replaceWith(main);
      if (window.htmx) window.htmx.process(main);
      (main.querySelector("[role=alert]") || main).focus();
    };
    sending.onerror = () => form.submit();
    sending.open("POST", form.action);
    sending.send(new FormData(form));
  });
})();
