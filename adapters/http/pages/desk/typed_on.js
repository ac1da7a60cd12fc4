// What somebody types on when their session has ended in the middle of a text: the door takes it in a field of its own, so that
// none of it is a password, until they pause. It goes on where the text stood, which is kept for when they are back.

import { el } from "./dom.js";
import { PAUSE_MS } from "./typed_ahead.js";
import { t } from "./words.js";

/** The text in which the cursor stands in `field`, to be gone on with; null where it is kept for nobody. */
export function broken(field) {
  if (field?.tagName !== "TEXTAREA" || (field.closest("dialog") && !field.value.trim())) return null;
  const [before, after] = [field.value.slice(0, field.selectionStart), field.value.slice(field.selectionEnd)];
  return {
    room: Math.max(0, field.maxLength - before.length - after.length),
    goOn: (rest) => {
      field.value = before + rest + after;
      field.dispatchEvent(new Event("input", { bubbles: true })); // it is on no page, and those who keep its text hear of it still
    },
  };
}

/** The field for the rest of a text; `onPause` is told once that it takes no more, and whether anything stands there. */
export function typedOn(text, onPause) {
  const input = el("textarea", { id: "typed-on", rows: 2, maxLength: text.room, on: { input: () => text.goOn(input.value), keydown: () => wait(), blur: () => end() } });
  let timer;

  function end() {
    clearTimeout(timer);
    if (input.readOnly) return;
    input.readOnly = true; // who goes on after a pause may mean the password
    onPause(input.value !== "");
  }

  function wait() {
    clearTimeout(timer);
    timer = setTimeout(end, PAUSE_MS);
  }
  wait();
  return { place: el("div", { class: "field" }, el("label", { for: input.id }, t("typed_on")), input), input };
}
