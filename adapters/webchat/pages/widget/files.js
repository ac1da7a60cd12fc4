// Files: shown as soon as they are chosen, brought to the service, then said as a line of the chat that they were chosen for.

import { chat, freshId, isEnding, say, sized } from "./chat.js";
import { begin, hasBegun } from "./doing.js";
import { notSent } from "./entries.js";
import { drop, putHeld, release } from "./outbox.js";
import { address } from "./place.js";
import { bearer } from "./session.js";
import { tell } from "./signals.js";

const REFUSED = { 400: "file_empty", 408: "file_late", 415: "bad_type", 429: "file_later", 503: "file_no_room" };
const TRIES = 6;
// The service is away, or has not said yet who this is.
const LATER = [401, 502, 504];
const LATER_WITHIN_MS = 600000;
const AGAIN_MAX_S = 20;

// Files under way: { name, line, contact, left, stop }.
const carried = new Set();

// Stands beside what is said of the chat, file by file, until something is written or the chat is over.
function tellOfFile(name, words) {
  const { [name]: before, ...others } = chat.fileWords;
  chat.fileWords = words ? { ...others, [name]: words } : others;
  tell("changed");
}

const pause = (seconds) => new Promise((go) => { setTimeout(go, seconds * 1000); });

async function posted(file, signal) {
  try {
    return await fetch(address("files", { name: file.name }), { method: "POST", body: file, headers: bearer(), signal });
  } catch {
    return { status: 504 }; // what the browser says of a lost link is in none of the reader's words
  }
}

// Of many at once the later ones wait, and go by themselves; so does what was chosen while the service is away.
async function brought(file, { stop: { signal } }) {
  const untilMs = performance.now() + LATER_WITHIN_MS;
  for (let tried = 1; ; tried += 1) {
    const answer = await posted(file, signal);
    const isLater = LATER.includes(answer.status) && performance.now() < untilMs;
    const isMany = answer.status === 429 && tried < TRIES;
    if (signal.aborted || !(isLater || isMany)) return answer;
    if (isMany) tellOfFile(file.name, say("file_waits", { name: file.name }));
    await pause(isMany ? (Number(answer.headers.get("Retry-After")) || 5) * (1 + Math.random() / 4) : Math.min(AGAIN_MAX_S, 2 ** (tried - 1)));
  }
}

const tooLarge = () => say("too_large", { size: sized(chat.settings.file_bytes_max) });

function refuse({ name, line }, why) {
  notSent(line, say("failed", { reason: why }));
  drop(line);
  tellOfFile(name, say("file_refused", { name, why }));
}

export async function upload(file) {
  const { name } = file;
  tellOfFile(name, "");
  if (file.size > chat.settings.file_bytes_max) return tellOfFile(name, say("file_refused", { name, why: tooLarge() }));
  const frame = { type: "message", client_id: freshId(), text: "" };
  const line = putHeld(frame, { name, size_bytes: file.size }, hasBegun());
  const one = { name, line, contact: chat.state.contact_id || 0, left: chat.left, stop: new AbortController() };
  carried.add(one);
  const answer = await brought(file, one);
  if (!carried.delete(one)) return;
  const found = answer.ok ? await answer.json().catch(() => null) : null;
  if (!found) return refuse(one, answer.status === 413 ? tooLarge() : say(REFUSED[answer.status] ?? "file_failed"));
  tellOfFile(name, "");
  if (!hasBegun()) begin("", {});
  frame.attachment = found.ticket;
  release(line);
}

const isShut = () => !hasBegun() && !chat.settings.open;

// Whether the chat that it was chosen for is over. Chosen before there was one, it is for the next, and for no message.
const isOver = ({ contact, left }) => chat.isBarred || isEnding() || isShut() || chat.state.phase === "ended" || chat.left !== left
  || Boolean(contact && chat.state.contact_id && contact !== chat.state.contact_id);

export function leaveFiles() {
  for (const one of [...carried].filter(isOver)) {
    if (!carried.delete(one)) continue; // telling of one of them has this look for the others, too
    one.stop.abort();
    refuse(one, say(chat.isBarred ? "not_allowed" : isShut() ? "closed" : "ended"));
  }
}
