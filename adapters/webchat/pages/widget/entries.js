// What was said, as it is shown until it is in the log, or for good where it is not sent.

import { chat } from "./chat.js";
import { keep, load, visit } from "./kept.js";
import { group, lineElement, place, toEnd } from "./lines.js";
import { log } from "./panel.js";

const UNSENT_MAX = 20;

export function showEntry(entry, file) {
  entry.element = lineElement({ by: "customer", text: entry.frame.text || "", file, at_ms: entry.atMs });
  log.append(entry.element);
  group(entry.element);
}

export function mark(entry, words) {
  if (entry.element) entry.element.querySelector(".mark").textContent = words;
}

export function inLog(entry, seq) {
  if (!entry.element) return;
  if (chat.lines.has(seq)) entry.element.remove();
  else {
    mark(entry, "");
    place(entry.element, seq);
  }
}

// It is not said, now or later, and stands there with why: to be copied, on the next page of this tab, too.
export function notSent(entry, words, isFault = true) {
  entry.element?.classList.toggle("failed", isFault);
  mark(entry, words);
  const { atMs, frame: { text } } = entry;
  if (entry.element && text) keep("unsent", JSON.stringify([...unsent(), { text, words, isFault, atMs }].slice(-UNSENT_MAX)), visit);
}

function unsent() {
  try {
    return JSON.parse(load("unsent", visit) || "[]");
  } catch {
    return [];
  }
}

export const forgetUnsent = () => keep("unsent", "", visit);

export function takeUpUnsent() {
  const before = unsent();
  forgetUnsent();
  for (const { text, words, isFault, atMs } of before) showUnsent(text, words, isFault, atMs);
}

// What was never said, and has nobody to go to any more.
export function showUnsent(text, words, isFault, atMs = Date.now()) {
  const entry = { frame: { text }, atMs };
  showEntry(entry);
  notSent(entry, words, isFault);
  toEnd();
}
