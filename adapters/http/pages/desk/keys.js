// Single keys, which do nothing while somebody writes, and can be switched off; with Alt, letters do the same everywhere.

const WRITES = "input, textarea, select, [contenteditable]";
const LETTER = /^[a-z]$/;

// With Alt some keyboards write another sign; then the key's place says which letter it is.
function withAlt(event) {
  const written = event.key.toLowerCase();
  return LETTER.test(written) ? written : event.code.replace(/^Key/, "").toLowerCase();
}

export function listen(desk) {
  const root = document.documentElement;
  document.addEventListener("focusin", (event) => root.toggleAttribute("data-writing", Boolean(event.target.closest?.(WRITES))));
  document.addEventListener("focusout", () => root.toggleAttribute("data-writing", false));
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.isComposing || !desk.open) return;
    if (event.target.closest?.("dialog")) return;
    if (event.key === "Escape" && event.target.id === "line") {
      event.target.blur();
      return;
    }
    if (!event.altKey && (event.target.closest?.(WRITES) || (!desk.keysOn && !desk.wanted))) return;
    if (desk.wanted && !event.altKey && event.key.length === 1) {
      desk.typedAhead += event.key;
      event.preventDefault();
      return;
    }
    if (!event.altKey && event.key.length === 1 && desk.isMeant()) {
      event.preventDefault();
      return;
    }
    const key = event.altKey ? withAlt(event) : event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (event.altKey && !LETTER.test(key)) return;
    const handler = desk.keyHandlers()[key];
    if (handler && handler() !== false) event.preventDefault();
  });
}
