// A button beside a field that copies what is in it; without this the field is there to be chosen.
(() => {
  for (const button of document.querySelectorAll("[data-copy]")) {
    const field = document.getElementById(button.dataset.copy);
    button.hidden = !navigator.clipboard;
    button.addEventListener("click", async () => {
      field.select();
      await navigator.clipboard.writeText(field.value);
      document.getElementById("live").textContent = button.dataset.done;
      button.textContent = button.dataset.done;
    });
  }
})();
