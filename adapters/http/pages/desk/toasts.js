// What came to nothing, or was done by somebody else, said where nobody writes: several one below the other, a notice for as long as it takes to read, words
// that have no other place any more until they are put away, over a reload, too.

import { el } from "./dom.js";
import { isText, listOf, objectOf } from "./shapes.js";
import { say } from "./speech.js";
import { textField } from "./typed_ahead.js";
import { inWords, isSaying, language, saying, t } from "./words.js";

const SHOWN_MS = 8000;
const READ_MS = 60; // a character
const MOST = 20;
const KEPT = "told";
const isKept = listOf(objectOf({ why: isSaying, words: isText }));

const textOf = ({ why, words }) => (words ? `${inWords(why)} “${words}”` : inWords(why));

/** Those of one agent; what has words is `kept`. */
export function toasts(agent, kept) {
  const lasting = el("div", { class: "lasting" }); // with words, the latest first: what comes behind pushes no beginning out of sight
  const passing = el("div", { class: "passing" });
  const place = el("section", { class: "toasts" }, lasting, passing);
  const told = new Map(); // what each of them says
  let spoken = language;
  const shown = (text) => [...told.keys()].find((toast) => textOf(told.get(toast)) === text);

  const withWords = () => [...told.values()].filter((one) => one.words);

  function keep() {
    const words = withWords();
    kept.write(agent, KEPT, words.length ? words : undefined);
  }

  function remove(toast) {
    told.delete(toast);
    toast.remove();
  }

  // The cursor stays where somebody writes; who came here by the keyboard goes on with the next one.
  function putAway(toast) {
    const isFocused = toast.contains(document.activeElement);
    const next = toast.nextElementSibling ?? toast.previousElementSibling;
    remove(toast);
    keep();
    if (isFocused) next?.querySelector("button")?.focus();
  }

  function closeButton(toast) {
    const keepCursor = (event) => event.preventDefault();
    return el("button", { type: "button", class: "quiet", on: { mousedown: keepCursor, click: () => putAway(toast) } }, "✕");
  }

  // Who may be away has not read the words: notices go first.
  function makeRoom() {
    while (told.size > MOST) remove([...told.keys()].find((toast) => !told.get(toast).words) ?? told.keys().next().value);
  }

  // Long words scroll by themselves, with the keys, too: those are no keys of the desk then.
  function quoted(words) {
    const scrolls = (event) => event.key.startsWith("Arrow") && event.stopPropagation();
    return el("span", { class: "toast-words", tabIndex: 0, role: "group", on: { keydown: scrolls } }, `“${words}”`);
  }

  // Words stay as they were written; all else is said in the language of now.
  function speak(toast) {
    const one = told.get(toast);
    toast.querySelector(".toast-why").textContent = inWords(one.why);
    toast.querySelector(".toast-words")?.setAttribute("aria-label", inWords(one.why));
    toast.querySelector("button")?.setAttribute("aria-label", t("put_away", { said: textOf(one) }));
    place.setAttribute("aria-label", t("notices"));
  }

  function put(one) {
    const text = textOf(one);
    const before = shown(text);
    if (before) remove(before);
    const toast = el("div", { class: one.holds ? "toast news" : "toast" }, el("p", { class: "toast-text" }, el("span", { class: "toast-why" }), one.words ? [" ", quoted(one.words)] : null));
    if (one.words) toast.append(closeButton(toast));
    else setTimeout(() => told.has(toast) && remove(toast), SHOWN_MS + READ_MS * text.length);
    told.set(toast, one);
    speak(toast);
    if (one.words) lasting.prepend(toast);
    else passing.append(toast);
    makeRoom();
    return toast;
  }

  /**
   * Says `why` something came to nothing; where there are `words` that went nowhere, with them, until they are put away. What was
   * said before without words of the same thing, `about`, gives way.
   */
  function complain(why, words = "", about = "") {
    tell(words ? { why: saying("not_sent", { why }), words } : { why, words, about }, about);
  }

  /** Says what was done that is no fault, until it `holds` no more; what was said before about the same thing gives way. */
  function inform(why, about, holds) {
    tell({ why, words: "", about, holds }, about);
  }

  function tell(one, about) {
    for (const [toast, before] of told) if (about && before.about === about) remove(toast);
    const toast = put(one);
    keep();
    toast.parentElement.scrollTop = toast.offsetTop - toast.parentElement.offsetTop; // its beginning
    textField()?.scrollIntoView({ block: "nearest" }); // the line moves down for it
    say("urgent", textOf(one));
  }

  function render() {
    for (const [toast, { holds }] of told) if (holds && !holds()) remove(toast);
    if (spoken === language) return;
    spoken = language;
    for (const toast of told.keys()) speak(toast);
  }

  for (const one of kept.read(agent, KEPT, isKept) ?? []) put(one);
  return {
    place,
    complain,
    inform,
    keep,
    render,
    isShown: (why) => Boolean(shown(inWords(why))),
    get hasWords() {
      return withWords().length > 0;
    },
  };
}
