// What the visitor says: shown at once, kept until it is in the log, said again under the same name.

import { chat, say } from "./chat.js";
import { connect, forbid } from "./connection.js";
import { keep, load } from "./kept.js";
import { group, lineElement, place, toEnd } from "./lines.js";
import { log, status } from "./panel.js";
import { show } from "./views.js";

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
    entry.element.querySelector(".mark").textContent = say("sending");
    log.append(entry.element);
    group(entry.element);
    toEnd();
  }
  pending.set(frame.client_id, entry);
  keepPending();
  if (chat.link) chat.link.send(frame);
  else connect();
}

export function acked(frame) {
  const entry = pending.get(frame.client_id);
  if (!entry) return;
  pending.delete(frame.client_id);
  keepPending();
  if (entry.frame.type === "start" && !chat.settings.open) return left("message_left", entry);
  if (entry.frame.type === "leave_number" && chat.state.phase === "none") return left("number_left", entry);
  if (!entry.element) return;
  if (chat.lines.has(frame.seq)) entry.element.remove();
  else {
    entry.element.querySelector(".mark").textContent = "";
    place(entry.element, frame.seq);
  }
}

function left(word, entry) {
  if (entry.element) entry.element.querySelector(".mark").textContent = "";
  status.textContent = say(word);
  show("left");
}

export function refused(frame) {
  const entry = pending.get(frame.client_id);
  if (frame.retry_after_s > 0 && entry) {
    setTimeout(() => chat.link && pending.has(frame.client_id) && chat.link.send(entry.frame), frame.retry_after_s * 1000);
    return;
  }
  if (!entry) {
    if (["identity_required", "bad_identity", "no_inbox"].includes(frame.code)) {
      status.textContent = say("not_allowed");
      forbid();
    }
    return;
  }
  pending.delete(frame.client_id);
  keepPending();
  if (entry.element) {
    entry.element.classList.add("failed");
    entry.element.querySelector(".mark").textContent = say("failed", { reason: frame.detail });
  }
  status.textContent = say("failed", { reason: frame.detail });
  if (entry.frame.type === "start") show("form", true);
}
