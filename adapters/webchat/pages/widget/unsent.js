// What a visitor is writing when the place for it goes: it stays under the cursor until they end it, and is told as not
// sent. No key that was meant for it does anything else.

import { chat, say } from "./chat.js";
import { make } from "./dom.js";
import { QUESTIONS } from "./drafts.js";
import { showUnsent } from "./entries.js";
import { area, root, status } from "./panel.js";

const FIELDS = "input:not([type=file]),textarea";
const PAUSE_MS = 1000; // who paused for so long, with nothing in the field, is in the middle of nothing
let lastTyped = { field: null, atMs: 0 };
let held = null;

// Where keys do nothing: what stands there is read out, and Tab goes on from it.
export const toHeading = () => (area.querySelector("[tabindex='-1']") || status).focus();

export const isForm = (view) => view === "form" || view === "closed";

export const isWritten = (field) => Boolean(field && (field.value.trim() || (field === lastTyped.field && performance.now() - lastTyped.atMs < PAUSE_MS)));

// Who left a number ended the chat by it, with half a line in the field: nothing went wrong.
const isCalledBack = () => chat.state.reason === "callback";
const why = () => (isCalledBack() ? say("unsent_callback") : say("failed", { reason: say(chat.isBarred ? "not_allowed" : "ended") }));

function tellUnsent(words) {
  if (words.trim()) showUnsent(words.trim(), why(), !isCalledBack());
}

function hold(field) {
  const part = field.closest("form");
  if (part === held) return;
  held = part;
  held.classList.add("held");
  held.prepend(make("p", { class: "fault", id: "unsent", role: "alert" }, why()));
  field.setAttribute("aria-describedby", "unsent");
  setTimeout(look, PAUSE_MS, field);
}

function look(field) {
  if (!held?.contains(field) || field.value.trim()) return;
  if (isWritten(field)) setTimeout(look, PAUSE_MS, field);
  else leave();
}

function leave() {
  const had = held.contains(root.activeElement);
  letGo();
  if (had) toHeading();
}

// What was kept in its place goes to the lines.
export function letGo() {
  if (!held) return;
  tellUnsent(held.querySelector("textarea,[name=number]").value);
  held.remove();
  held = null;
}

// The visitor goes on to another place, and may come back to the words.
export function keepDraft() {
  chat.draft = area.querySelector("textarea")?.value ?? chat.draft;
  for (const { name, value } of area.querySelectorAll(QUESTIONS)) chat.filled[name] = value;
}

export function bringBack() {
  for (const input of area.querySelectorAll(QUESTIONS)) input.value = chat.filled[input.name] ?? "";
  for (const text of area.querySelectorAll("textarea")) text.setSelectionRange(text.value.length, text.value.length); // it is gone on with
}

// Before a chat one form gives way to the other: at which question the visitor stands, and where in it.
export function standing() {
  const found = root.activeElement;
  return chat.state.phase === "none" && found?.matches(FIELDS) ? { name: found.name, at: found.selectionEnd } : null;
}

// Whether the same is asked again; what is typed on goes there then.
export function standAgain(before) {
  const found = before && [...area.querySelectorAll(FIELDS)].find(({ name }) => name === before.name);
  found?.focus();
  if (found && before.at !== null) found.setSelectionRange(before.at, before.at);
  return Boolean(found);
}

// Takes what stands in the area before it changes by itself, and returns the part of it that stays.
export function setAside(next) {
  const goesOn = next === "chat" || isForm(next);
  if (held && (goesOn || !held.contains(root.activeElement))) letGo();
  const field = area.querySelector("form:not(.held) :is(textarea,[name=number])");
  if (!field) return held;
  if (isForm(chat.view) || (chat.view === "chat" && goesOn)) keepDraft();
  else if (chat.view !== "survey" && !goesOn && !chat.isBarred && !isCalledBack() && field === root.activeElement && isWritten(field)) hold(field);
  else tellUnsent(field.value);
  if (chat.view === "number" && !goesOn) {
    tellUnsent(chat.draft);
    chat.draft = "";
  }
  return held;
}

function onEnd(event) {
  if (!held?.contains(event.target)) return;
  event.preventDefault();
  event.stopPropagation();
  leave();
}

area.addEventListener("input", ({ target }) => { lastTyped = { field: target, atMs: performance.now() }; });
area.addEventListener("submit", onEnd, true);
area.addEventListener("keydown", (event) => { if (event.key === "Enter" && !event.shiftKey && !event.isComposing) onEnd(event); }, true);
