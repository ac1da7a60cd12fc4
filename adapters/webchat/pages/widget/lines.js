// The conversation: each line once, in the order of the log, and how far each side has read.

import { chat, looksHere, region, say, sized } from "./chat.js";
import { heed, keep } from "./kept.js";
import { linked, make } from "./dom.js";
import { log, root, setUnread } from "./panel.js";
import { base } from "./place.js";

export const atEnd = () => log.scrollHeight - log.scrollTop - log.clientHeight < 60;
export const toEnd = () => { log.scrollTop = log.scrollHeight; };

export function lineElement(line) {
  const who = line.by === "customer" ? say("you") : line.agent || say("system");
  const element = make("div", { class: `line ${["customer", "agent", "system"].includes(line.by) ? line.by : "system"}` });
  const at = line.at_ms ? new Date(line.at_ms).toLocaleTimeString(region(), { hour: "2-digit", minute: "2-digit" }) : "";
  element.dataset.by = `${line.by} ${line.agent || ""}`;
  element.append(make("span", { class: "who" }, make("span", { class: "name" }, who), ` ${at}`), ...linked(line.text || ""));
  if (line.file) {
    const href = line.file.url ? base + line.file.url : null;
    element.append(make("a", { class: "file", href, target: "_blank", rel: "noopener noreferrer" }, `${line.file.name} (${sized(line.file.size_bytes)})`));
  }
  element.append(make("span", { class: "mark" }));
  return element;
}

export const lastSeq = () => Math.max(chat.afterSeq, ...chat.lines.keys());

// What is not sent yet stands below, what was not sent where it was told.
export function place(element, seq) {
  const follow = atEnd();
  element.dataset.seq = seq;
  let before = null;
  for (let at = log.lastElementChild; at; at = at.previousElementSibling) {
    if (at.classList.contains("past") || Number(at.dataset.seq ?? at.dataset.after) < seq) break;
    before = at;
  }
  log.insertBefore(element, before);
  group(element);
  if (before) group(before);
  chat.lines.set(seq, element);
  if (follow) toEnd();
}

// Lines of one person stand together under one name; the others have theirs for who hears them read.
export const group = (element) => element.classList.toggle("follows", element.previousElementSibling?.dataset.by === element.dataset.by);

export function showLine(line) {
  chat.afterSeq = Math.max(chat.afterSeq, line.seq);
  const shown = chat.lines.get(line.seq);
  if (shown && line.file?.url) shown.querySelector("a.file")?.setAttribute("href", base + line.file.url); // it was shown before it could be had
  if (!shown) {
    place(lineElement(line), line.seq);
    showRead(chat.lines.get(line.seq), line.seq);
    if (line.by === "agent" && line.seq > chat.seenSeq && !looksHere()) setUnread(chat.unread + 1);
  }
  if (line.by === "agent") chat.lastAgentSeq = Math.max(chat.lastAgentSeq, line.seq);
  markRead();
}

export function markRead() {
  if (looksHere() && chat.lastAgentSeq > chat.seenSeq) {
    chat.seenSeq = chat.lastAgentSeq;
    keep("seen", String(chat.seenSeq));
  }
  if (!looksHere() || !chat.link || chat.lastAgentSeq <= chat.readSeq) return;
  chat.readSeq = chat.lastAgentSeq;
  chat.link.send({ type: "read", seq: chat.readSeq });
}

// What was looked at in another tab is not unread in this one.
heed("seen", (seq) => {
  chat.seenSeq = Math.max(chat.seenSeq, Number(seq));
  if (chat.unread) setUnread([...chat.lines].filter(([at, line]) => at > chat.seenSeq && line.classList.contains("agent")).length);
});

export function showReadBy(seq) {
  chat.readBySeq = seq;
  for (const [at, element] of chat.lines) showRead(element, at);
}

function showRead(element, seq) {
  if (element.classList.contains("customer")) element.querySelector(".mark").textContent = seq <= chat.readBySeq ? say("read") : "";
}

export function clearLog() {
  for (const element of chat.lines.values()) element.remove();
  chat.lines.clear();
}

export function showHistory(frame) {
  const asked = log.querySelector("button.past");
  const had = asked && asked === root.activeElement;
  asked?.remove();
  const past = frame.conversations.map((one) => make("div", { class: "past" },
    make("time", {}, new Date(one.at_ms).toLocaleString(region())), ...one.lines.map(lineElement)));
  for (const element of past) log.prepend(element);
  if (frame.before_id) log.prepend(moreButton(frame.before_id));
  if (had) readFrom(past.at(-1)?.querySelector(".line") ?? log);
}

function readFrom(element) {
  element.tabIndex = element === log ? 0 : -1;
  element.focus();
}

// Stands until it is answered: over a link that is lost it is asked for anew.
function moreButton(before_id) {
  let askedOf = null;
  return make("button", { type: "button", class: "quiet past", onclick: () => {
    if (!chat.link || askedOf === chat.link) return;
    askedOf = chat.link;
    askedOf.send({ type: "history", before_id });
  } }, say("more"));
}
