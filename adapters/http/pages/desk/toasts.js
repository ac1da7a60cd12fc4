// What came to nothing, said where nobody writes: several one below the other, each for as long as it takes to read.

import { el } from "./dom.js";
import { say } from "./speech.js";
import { t } from "./words.js";

const SHOWN_MS = 8000;
const WORDS_MS = 60_000; // of words that have no other place any more
const MOST = 20;
const READ_MS = 60; // a character

export function toasts() {
  const place = el("div", { class: "toasts" });

  /** Says `why` something came to nothing; where there are `words` that went nowhere, with them, and for longer. */
  function complain(why, words = "") {
    const text = words ? `${t("not_sent", { why })} “${words}”` : why;
    const before = [...place.children].find((one) => one.textContent === text);
    before?.remove();
    const toast = el("p", { class: "toast" }, text);
    place.append(toast);
    while (place.children.length > MOST) place.firstElementChild.remove();
    say("urgent", text);
    setTimeout(() => toast.remove(), (words ? WORDS_MS : SHOWN_MS) + READ_MS * text.length);
  }
  const isShown = (text) => [...place.children].some((one) => one.textContent === text);
  return { place, complain, isShown };
}
