// What came to nothing, said where nobody writes: several one below the other, a notice for as long as it takes to read, words
// that have no other place any more until they are put away.

import { el } from "./dom.js";
import { say } from "./speech.js";
import { textField } from "./typed_ahead.js";
import { t } from "./words.js";

const SHOWN_MS = 8000;
const READ_MS = 60; // a character
const MOST = 20;

export function toasts() {
  const place = el("section", { class: "toasts" });
  const shown = (text) => [...place.children].find((one) => one.firstElementChild.textContent === text);

  // The cursor stays where somebody writes; who came here by the keyboard goes on with the next one.
  function putAway(toast) {
    const isFocused = toast.contains(document.activeElement);
    const next = toast.nextElementSibling ?? toast.previousElementSibling;
    toast.remove();
    if (isFocused) next?.querySelector("button")?.focus();
  }

  function closeButton(toast) {
    const keepCursor = (event) => event.preventDefault();
    return el("button", { type: "button", class: "quiet", "aria-label": t("put_away", { said: toast.textContent }), on: { mousedown: keepCursor, click: () => putAway(toast) } }, "✕");
  }

  // Who may be away has not read the words: notices go first.
  function makeRoom() {
    while (place.children.length > MOST) (place.querySelector(".toast:not(:has(button))") ?? place.firstElementChild).remove();
  }

  /** Says `why` something came to nothing; where there are `words` that went nowhere, with them, until they are put away. */
  function complain(why, words = "") {
    const text = words ? `${t("not_sent", { why })} “${words}”` : why;
    shown(text)?.remove();
    const toast = el("p", { class: "toast" }, el("span", { class: "toast-text" }, text));
    if (words) toast.append(closeButton(toast));
    else setTimeout(() => toast.remove(), SHOWN_MS + READ_MS * text.length);
    place.setAttribute("aria-label", t("came_to_nothing"));
    place.append(toast);
    makeRoom();
    place.scrollTop = place.scrollHeight;
    textField()?.scrollIntoView({ block: "nearest" }); // the line moves down for it
    say("urgent", text);
  }
  return { place, complain, isShown: (text) => Boolean(shown(text)) };
}
