// What the visitor does: begin, write, type, end.

import { awaits, chat, freshId, isEnding, say } from "./chat.js";
import { taken } from "./dom.js";
import { put } from "./outbox.js";
import { endButton } from "./panel.js";
import { tell } from "./signals.js";

export const begin = (text, fields) => put({ type: "start", client_id: freshId(), text, fields });

export const hasBegun = () => chat.state.phase !== "none" || awaits("start");

export function submitForm(form) {
  const fields = {};
  for (const input of form.querySelectorAll("input")) if (input.value.trim()) fields[input.name] = taken(input);
  begin(taken(form.querySelector("textarea")), fields);
}

export function sendText(text) {
  if (!text.value.trim() || isEnding()) return;
  const said = taken(text);
  stopTyping();
  chat.fileWords = {};
  tell("changed");
  if (!hasBegun()) begin(said, {});
  else put({ type: "message", client_id: freshId(), text: said });
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
