// Where the widget stands: `script` is the element that brought it, set by what stands around all modules.

export const inbox = script.dataset.inbox;
export const base = new URL(script.src).origin;
export const wholePage = script.dataset.mode === "page";
// Below this width the panel covers the page.
export const NARROW = "(max-width:480px)";
export const address = (path, query = {}) => `${base}/chat/v1/${path}?${new URLSearchParams({ inbox, ...query })}`;
