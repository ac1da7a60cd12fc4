// Where the panel covers the page, the keyboard stays within it; beside the page it goes from one to the other.

import { chat } from "./chat.js";
import { panel, root } from "./panel.js";
import { NARROW, wholePage } from "./place.js";

const narrow = window.matchMedia(NARROW);
const STOPS = "button,input,textarea,a[href],[tabindex='0']";

// Alone in its frame it leaves the keys to the page around that. A dialog of the page's own stands above the panel; `:is`
// leaves out what an older browser does not know.
export const covers = () => chat.isOpen && narrow.matches && !wholePage && !document.querySelector(":is(:modal)");

export function showCover() {
  if (chat.isOpen && narrow.matches && !wholePage) panel.setAttribute("aria-modal", "true");
  else panel.removeAttribute("aria-modal");
}

// Tab goes from the last to the first, back the other way round, and in from wherever the focus is on the page behind.
export function keepWithin(event) {
  const stops = [...panel.querySelectorAll(STOPS)].filter((one) => one.getClientRects().length);
  const [from, to] = event.shiftKey ? [stops[0], stops.at(-1)] : [stops.at(-1), stops[0]];
  if (panel.contains(root.activeElement) && root.activeElement !== from) return;
  event.preventDefault();
  to.focus();
}

narrow.addEventListener("change", showCover);
