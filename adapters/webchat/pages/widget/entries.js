// What was said, as it is shown until it is in the log, or for good where it is not sent.

import { chat } from "./chat.js";
import { keep, load, visit } from "./kept.js";
import { group, lastSeq, lineElement, place, toEnd } from "./lines.js";
import { log } from "./panel.js";

const UNSENT_MAX = 20;
// What stands there as not sent: { text, words, isFault, atMs, after }; and what will, but is still under the cursor.
const told = [];
let half = null;

export function showEntry(entry, file) {
  entry.element = lineElement({ by: "customer", text: entry.frame.text || entry.frame.comment || "", file, at_ms: entry.atMs });
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

// It is not said, now or later, and stands there with why: to be copied, on the next page of this tab, too. Returns
// whether there is anything to stand there.
export function notSent(entry, words, isFault = true, after = lastSeq()) {
  const { atMs, frame } = entry;
  const text = frame.text || frame.comment;
  if (!entry.element && text) showEntry(entry);
  if (!entry.element) return false;
  entry.element.classList.toggle("failed", isFault);
  entry.element.dataset.after = after;
  mark(entry, words);
  if (text) told.push({ text, words, isFault, atMs, after });
  keepUnsent();
  return true;
}

function keepUnsent() {
  const all = [...told, ...(half?.text ? [half] : [])].slice(-UNSENT_MAX);
  keep("unsent", all.length ? JSON.stringify(all) : "", visit);
}

export function keepHalf(one) {
  half = one && { ...one, after: lastSeq() };
  keepUnsent();
}

export function forgetUnsent() {
  told.length = 0;
  keepUnsent();
}

export function takeUpUnsent() {
  try {
    JSON.parse(load("unsent", visit) || "[]").forEach(showUnsent);
  } catch {
    // It is not ours.
  }
}

// What was never said, and has nobody to go to any more.
export function showUnsent({ text, words, isFault, atMs, after }) {
  notSent({ frame: { text }, atMs }, words, isFault, after);
  toEnd();
}
