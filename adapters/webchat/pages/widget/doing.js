// What the visitor does: begin, write, attach, type, end.

import { chat, freshId, say, sized } from "./chat.js";
import { bearer } from "./connection.js";
import { put } from "./outbox.js";
import { endButton, status } from "./panel.js";
import { address } from "./place.js";

const begin = (text, fields) => put({ type: "start", client_id: freshId(), text, fields });

export function submitForm(event) {
  event.preventDefault();
  const fields = {};
  for (const input of event.target.querySelectorAll("input")) if (input.value.trim()) fields[input.name] = input.value.trim();
  begin(event.target.querySelector("textarea").value.trim(), fields);
}

export function sendText(text) {
  const said = text.value.trim();
  if (!said) return;
  text.value = "";
  stopTyping();
  if (chat.state.phase === "none" && ![...chat.pending.values()].some((one) => one.frame.type === "start")) begin(said, {});
  else put({ type: "message", client_id: freshId(), text: said });
}

export async function upload(file) {
  if (file.size > chat.settings.file_bytes_max) {
    status.textContent = say("too_large", { size: sized(chat.settings.file_bytes_max) });
    return;
  }
  try {
    const answer = await fetch(address("files", { name: file.name }), { method: "POST", body: file, headers: bearer() });
    if (!answer.ok) throw new Error(answer.status === 415 ? say("bad_type") : await answer.text());
    const found = await answer.json();
    put({ type: "message", client_id: freshId(), text: "", attachment: found.ticket }, found);
  } catch (error) {
    status.textContent = say("failed", { reason: error.message });
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
  if (!endButton.dataset.sure) {
    endButton.dataset.sure = "1";
    endButton.textContent = say("end_sure");
    setTimeout(() => { delete endButton.dataset.sure; endButton.textContent = say("end"); }, 4000);
  } else chat.link?.send({ type: "end" });
}
