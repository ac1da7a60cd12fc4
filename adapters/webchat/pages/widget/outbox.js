// What the visitor says: shown at once, kept until it is in the log, said again under the same name. One thing is said at
// a time: what has to wait keeps what was written after it waiting, so the log has all of it in the order of writing.

import { chat, say } from "./chat.js";
import { connect } from "./connection.js";
import { keep, load } from "./kept.js";
import { group, lineElement, place, toEnd } from "./lines.js";
import { log } from "./panel.js";

const { pending } = chat;
let underWay = { entry: null, link: null };

// What waited longer than this is not said any more: whoever wrote it believes that it was lost, or has forgotten it.
const SAID_WITHIN_MS = 3600000;

function kept() {
  try {
    return JSON.parse(load("pending") || "[]").filter((one) => one.frame.client_id);
  } catch {
    return [];
  }
}

// All tabs keep theirs in one place, and each takes away only what was answered to itself. What two of them say is said once.
function keepPending(settled = "") {
  const all = new Map(kept().map((one) => [one.frame.client_id, one]));
  for (const [id, { frame, atMs, contact }] of pending) all.set(id, { frame, atMs, contact });
  all.delete(settled);
  keep("pending", all.size ? JSON.stringify([...all.values()]) : "");
}

export function takeUp() {
  for (const { frame, atMs, contact } of kept()) pending.set(frame.client_id, { frame, atMs, contact, element: null });
}

export function put(frame, shown) {
  const entry = { frame, atMs: Date.now(), contact: chat.state.contact_id || 0, element: null };
  chat.refusal = "";
  if (frame.text || shown) {
    showEntry(entry, shown);
    mark(entry, say("sending"));
    toEnd();
  }
  pending.set(frame.client_id, entry);
  keepPending();
  if (chat.link) sayNext();
  else connect();
}

function showEntry(entry, file) {
  entry.element = lineElement({ by: "customer", text: entry.frame.text || "", file, at_ms: entry.atMs });
  log.append(entry.element);
  group(entry.element);
}

// Written too long ago, or in a chat that is not this one: it would be news to nobody, or be told to somebody else.
// How it was is said of the chat that it names.
const isTooLate = ({ frame, atMs, contact }) => frame.type !== "survey"
  && (!(Date.now() - atMs < SAID_WITHIN_MS) || Boolean(contact && chat.state.contact_id && contact !== chat.state.contact_id));

function leaveOut(entry) {
  pending.delete(entry.frame.client_id);
  keepPending(entry.frame.client_id);
  if (!entry.element && entry.frame.text) showEntry(entry);
  entry.element?.classList.add("failed");
  mark(entry, say("too_late"));
}

// What was never said, and has nobody to go to any more.
export function showUnsent(text, words, isFault) {
  const entry = { frame: { text }, atMs: Date.now() };
  showEntry(entry);
  entry.element.classList.toggle("failed", isFault);
  mark(entry, words);
  toEnd();
}

export function sayNext() {
  if (!chat.link || chat.isBarred) return;
  for (const entry of [...pending.values()].filter(isTooLate)) leaveOut(entry);
  const [entry] = pending.values();
  if (!entry || (underWay.entry === entry && underWay.link === chat.link)) return;
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
  keepPending(clientId);
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
