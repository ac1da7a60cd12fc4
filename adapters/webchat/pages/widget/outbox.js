// What the visitor says: shown at once, kept until it is in the log, said again under the same name. One thing is said at
// a time: what has to wait keeps what was written after it waiting, so the log has all of it in the order of writing.

import { awaits, chat, say } from "./chat.js";
import { connect } from "./connection.js";
import { mark, notSent, showEntry } from "./entries.js";
import { keep, load } from "./kept.js";
import { toEnd } from "./lines.js";
import { tell } from "./signals.js";

const { pending } = chat;
let underWay = { entry: null, link: null };

// A file that is being brought keeps what was written after it waiting for so long, and no longer.
const HELD_MS = 10000;

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
  for (const [id, { frame, atMs, contact, isHeld }] of pending) if (!isHeld) all.set(id, { frame, atMs, contact });
  all.delete(settled);
  keep("pending", all.size ? JSON.stringify([...all.values()]) : "");
}

export function takeUp() {
  for (const { frame, atMs, contact } of kept()) pending.set(frame.client_id, { frame, atMs, contact, element: null });
}

function entered(frame, file, isHeld) {
  const entry = { frame, atMs: Date.now(), contact: chat.state.contact_id || 0, element: null, isHeld };
  chat.refusal = "";
  if (frame.text || file) {
    showEntry(entry, file);
    mark(entry, say("sending"));
    toEnd();
  }
  pending.set(frame.client_id, entry);
  return entry;
}

function onward() {
  keepPending();
  if (chat.link) sayNext();
  else connect();
}

export function put(frame) {
  entered(frame);
  onward();
}

// A line that is shown, and said once it is released. What begins a chat does not wait for it.
export function putHeld(frame, file, hasBegun) {
  const entry = entered(frame, file, true);
  if (!hasBegun) pending.delete(frame.client_id);
  entry.holdsUp = true;
  setTimeout(() => { entry.holdsUp = false; sayNext(); }, HELD_MS);
  return entry;
}

// It is said in no turn: its file was not taken.
export function drop(entry) {
  if (pending.delete(entry.frame.client_id)) sayNext();
}

// It is said in its turn, but behind what begins the chat.
export function release(entry) {
  const { client_id } = entry.frame;
  entry.isHeld = false;
  if (awaits("start")) pending.delete(client_id);
  pending.set(client_id, entry);
  onward();
}

// Written too long ago, or in a chat that is not this one: it would be news to nobody, or be told to somebody else.
// How it was is said of the chat that it names.
const isTooLate = ({ frame, atMs, contact }) => frame.type !== "survey"
  && (!(Date.now() - atMs < SAID_WITHIN_MS) || Boolean(contact && chat.state.contact_id && contact !== chat.state.contact_id));

function leaveOut(entry) {
  pending.delete(entry.frame.client_id);
  keepPending(entry.frame.client_id);
  if (!notSent(entry, say("too_late")) && entry.frame.type !== "end") chat.refusal = say("too_late");
}

export function sayNext() {
  if (!chat.link || chat.isBarred) return;
  const late = [...pending.values()].filter((one) => !one.isHeld && isTooLate(one));
  late.forEach(leaveOut);
  if (late.length) tell("changed");
  const entry = [...pending.values()].find((one) => !one.isHeld || one.holdsUp);
  if (!entry || entry.isHeld || (underWay.entry === entry && underWay.link === chat.link)) return;
  underWay = { entry, link: chat.link };
  chat.link.send(entry.frame);
}

export function sayAgain(entry) {
  if (underWay.entry === entry) underWay = { entry: null, link: null };
  sayNext();
}

// What is waited for: an answer without a name can be of nothing else.
export const nameUnderWay = () => underWay.entry?.frame.client_id;

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
  for (const entry of [...pending.values()].filter((one) => one.element && !one.isHeld)) {
    settle(entry.frame.client_id);
    notSent(entry, words);
  }
}
