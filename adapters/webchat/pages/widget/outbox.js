// What the visitor says: shown at once, kept until it is in the log, said again under the same name.

import { chat, say } from "./chat.js";
import { connect } from "./connection.js";
import { keep, load } from "./kept.js";
import { group, lineElement, place, toEnd } from "./lines.js";
import { log } from "./panel.js";

const { pending } = chat;

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
  if (chat.link) chat.link.send(frame);
  else connect();
}

export function sayAgain(entry) {
  if (chat.link && pending.has(entry.frame.client_id)) chat.link.send(entry.frame);
}

export function mark(entry, words) {
  if (entry.element) entry.element.querySelector(".mark").textContent = words;
}

// What was answered, whatever with, is no longer pending.
export function settle(clientId) {
  const entry = pending.get(clientId);
  if (!pending.delete(clientId)) return null;
  keepPending();
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
