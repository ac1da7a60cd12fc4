// What the visitor says: shown at once, kept until it is in the log, said again under the same name. One thing is said at
// a time: what has to wait keeps what was written after it waiting, so the log has all of it in the order of writing.

import { chat, say } from "./chat.js";
import { connect } from "./connection.js";
import { keep, load } from "./kept.js";
import { group, lineElement, place, toEnd } from "./lines.js";
import { log } from "./panel.js";

const { pending } = chat;
let underWay = { entry: null, link: null };

const keepPending = () => keep("pending", pending.size ? JSON.stringify([...pending.values()].map((one) => one.frame)) : "");

export function takeUp() {
  try {
    for (const frame of JSON.parse(load("pending") || "[]")) if (frame.client_id) pending.set(frame.client_id, { frame, element: null });
  } catch {
    keep("pending", "");
  }
}

export function put(frame, shown) {
  const entry = { frame, element: null };
  if (frame.text || shown) {
    entry.element = lineElement({ by: "customer", text: frame.text || "", file: shown, at_ms: Date.now() });
    mark(entry, say("sending"));
    log.append(entry.element);
    group(entry.element);
    toEnd();
  }
  pending.set(frame.client_id, entry);
  keepPending();
  if (chat.link) sayNext();
  else connect();
}

export function sayNext() {
  const [entry] = pending.values();
  if (!entry || !chat.link || chat.isBarred || (underWay.entry === entry && underWay.link === chat.link)) return;
  underWay = { entry, link: chat.link };
  chat.link.send(entry.frame);
}

export function sayAgain(entry) {
  if (underWay.entry === entry) underWay = { entry: null, link: null };
  sayNext();
}

// What is waited for: an answer without a name can be of nothing else.
export const nameUnderWay = () => underWay.entry?.frame.client_id;

export function mark(entry, words) {
  if (entry.element) entry.element.querySelector(".mark").textContent = words;
}

// What was answered, whatever with, is no longer pending.
export function settle(clientId) {
  const entry = pending.get(clientId);
  if (!pending.delete(clientId)) return null;
  keepPending();
  sayNext();
  return entry;
}

// Nothing of this page will be taken: what stands there says so.
export function giveUp(words) {
  for (const entry of [...pending.values()].filter((one) => one.element)) {
    settle(entry.frame.client_id);
    entry.element.classList.add("failed");
    mark(entry, words);
  }
}

export function inLog(entry, seq) {
  if (!entry.element) return;
  if (chat.lines.has(seq)) entry.element.remove();
  else {
    mark(entry, "");
    place(entry.element, seq);
  }
}
