// Single keys, which do nothing while somebody writes, and can be switched off.

const WRITES = "input, textarea, select, [contenteditable]";

export function listen(desk) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || !desk.open) return;
    if (event.target.closest?.("dialog")) return;
    if (event.key === "Escape" && event.target.id === "line") {
      event.target.blur();
      return;
    }
    if (event.target.closest?.(WRITES) || !desk.keysOn) return;
    const handler = desk.keyHandlers()[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (handler && handler() !== false) event.preventDefault();
  });
}
