// Copies the value of an input; the button shows itself only where this works.
for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).value);
    button.setAttribute("aria-live", "polite");
    button.textContent = "✓";
  });
}
