// What the visitor does: begin, write, attach, type, end.

import { chat, freshId, isBeginning, isEnding, say, sized } from "./chat.js";
import { put } from "./outbox.js";
import { endButton } from "./panel.js";
import { address } from "./place.js";
import { bearer } from "./session.js";
import { tell } from "./signals.js";

const begin = (text, fields) => put({ type: "start", client_id: freshId(), text, fields });

const hasBegun = () => chat.state.phase !== "none" || isBeginning();

export function submitForm(form) {
  const fields = {};
  for (const input of form.querySelectorAll("input")) if (input.value.trim()) fields[input.name] = input.value.trim();
  begin(form.querySelector("textarea").value.trim(), fields);
}

export function sendText(text) {
  const said = text.value.trim();
  if (!said || isEnding()) return;
  text.value = "";
  stopTyping();
  chat.fileWords = {};
  tell("changed");
  if (!hasBegun()) begin(said, {});
  else put({ type: "message", client_id: freshId(), text: said });
}

const REFUSED = { 400: "file_empty", 408: "file_late", 415: "bad_type", 429: "file_later", 503: "file_no_room" };
const TRIES = 6;

// Why the service did not take a file, in the reader's words; what the browser says of a lost link is in none of ours.
class NotTaken extends Error {}

// Of many at once the later ones wait, and go by themselves.
async function brought(file) {
  for (let tried = 1; ; tried += 1) {
    const answer = await fetch(address("files", { name: file.name }), { method: "POST", body: file, headers: bearer() });
    if (answer.status !== 429 || tried === TRIES) return answer;
    tellOfFile(file.name, say("file_waits", { name: file.name }));
    const waitS = Number(answer.headers.get("Retry-After")) || 5;
    await new Promise((go) => { setTimeout(go, waitS * 1000 * (1 + Math.random() / 4)); });
  }
}

// Stands beside what is said of the chat, file by file, until something is written or the chat is over.
function tellOfFile(name, words) {
  const { [name]: before, ...others } = chat.fileWords;
  chat.fileWords = words ? { ...others, [name]: words } : others;
  tell("changed");
}

const refuse = (name, why) => tellOfFile(name, say("file_refused", { name, why }));

export async function upload(file) {
  const tooLarge = say("too_large", { size: sized(chat.settings.file_bytes_max) });
  tellOfFile(file.name, "");
  if (file.size > chat.settings.file_bytes_max) return refuse(file.name, tooLarge);
  try {
    const answer = await brought(file);
    if (!answer.ok) throw new NotTaken(answer.status === 413 ? tooLarge : say(REFUSED[answer.status] ?? "file_failed"));
    const found = await answer.json();
    tellOfFile(file.name, "");
    if (!hasBegun()) begin("", {});
    put({ type: "message", client_id: freshId(), text: "", attachment: found.ticket }, found);
  } catch (error) {
    refuse(file.name, error instanceof NotTaken ? error.message : say("file_failed"));
  }
}

let typedAt = 0;
let typingTimer = null;

export function typed() {
  clearTimeout(typingTimer);
  typingTimer = setTimeout(stopTyping, 5000);
  if (chat.state.phase === "connected" && chat.link && Date.now() - typedAt > 3000) {
    typedAt = Date.now();
    chat.link.send({ type: "typing", on: true });
  }
}

function stopTyping() {
  clearTimeout(typingTimer);
  if (typedAt && chat.link) chat.link.send({ type: "typing", on: false });
  typedAt = 0;
}

// Asked in place: frames may not ask otherwise.
export function endChat() {
  if (isEnding()) return;
  if (endButton.dataset.sure) put({ type: "end", client_id: freshId(), contact_id: chat.state.contact_id || 0 });
  else {
    endButton.dataset.sure = "1";
    setTimeout(() => { delete endButton.dataset.sure; tell("changed"); }, 4000);
  }
  tell("changed");
}
