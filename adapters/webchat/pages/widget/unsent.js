// What a visitor has written is in its field, or said, or stands as not sent: whatever takes a field away, setAside sees to
// that. Who is writing there then keeps it under the cursor until they end it. No key that was meant for it does anything else.

import { chat, say } from "./chat.js";
import { make } from "./dom.js";
import { QUESTIONS, TEXT } from "./drafts.js";
import { keepHalf, showUnsent } from "./entries.js";
import { area, root, status, title } from "./panel.js";

const FIELDS = "input:not([type=file]),textarea";
const PAUSE_MS = 1000; // who paused for so long, with nothing in the field, is in the middle of nothing
let lastTyped = { field: null, atMs: 0 };
// { part, field, one } that stays; `one` as it will be told.
let held = null;

// Where keys do nothing: what stands there is read out, and Tab goes on from it.
export const toHeading = () => (area.querySelector("[tabindex='-1']") || (status.textContent ? status : title)).focus();

export const isForm = (view) => view === "form" || view === "closed";

export const isWritten = (field) => Boolean(field && (field.value.trim() || (field === lastTyped.field && performance.now() - lastTyped.atMs < PAUSE_MS)));

// Who left a number left the rest by it, with half a line in the field: nothing went wrong.
const isCalledBack = () => (chat.state.phase === "none" ? chat.leftWord === "number_left" : chat.state.reason === "callback");

function why() {
  const { isBarred, state: { phase }, view } = chat;
  if (isCalledBack()) return say("unsent_callback");
  if (isBarred) return say("failed", { reason: say("not_allowed") });
  if (view === "survey") return say(phase === "ended" ? "refused_answered_already" : "refused_no_survey");
  return phase === "none" ? say("refused_closed") : say("failed", { reason: say("ended") });
}

const unsent = ({ value }) => ({ text: value.trim(), words: why(), isFault: !isCalledBack(), atMs: Date.now() });

function tellUnsent(one) {
  if (one.text) showUnsent(one);
}

function hold(field) {
  held = { part: field.closest("form"), field, one: unsent(field) };
  held.part.classList.add("held");
  held.part.prepend(make("p", { class: "fault", id: "unsent", role: "alert" }, held.one.words));
  field.setAttribute("aria-describedby", "unsent");
  keepHalf(held.one);
  setTimeout(look, PAUSE_MS, field);
}

function look(field) {
  if (held?.field !== field || field.value.trim()) return;
  if (isWritten(field)) setTimeout(look, PAUSE_MS, field);
  else leave();
}

function leave() {
  const had = isHeldBy(root.activeElement);
  letGo();
  if (had) toHeading();
}

const isHeldBy = (element) => Boolean(held?.part.contains(element));

// What was kept in its place goes to the lines.
function letGo() {
  if (!held) return;
  const { part, field, one } = held;
  held = null;
  keepHalf(null);
  tellUnsent({ ...one, text: field.value.trim() });
  part.remove();
}

// What may be gone on with in another place, and what the visitor may come back to.
export function keepDraft() {
  chat.draft = area.querySelector(TEXT)?.value ?? chat.draft;
  for (const { name, value } of area.querySelectorAll(QUESTIONS)) chat.filled[name] = value;
}

export function bringBack() {
  for (const input of area.querySelectorAll(QUESTIONS)) input.value = chat.filled[input.name] ?? "";
  for (const text of area.querySelectorAll("textarea")) text.setSelectionRange(text.value.length, text.value.length); // it is gone on with
}

// At which question the visitor stands, and where in it, from its end.
export function standing() {
  const found = root.activeElement;
  return found?.matches(FIELDS) ? { name: found.name, rest: found.value.length - found.selectionEnd } : null;
}

// Whether the same is asked again; what is typed on goes there then.
export function standAgain(before) {
  const found = before && [...area.querySelectorAll(FIELDS)].find(({ name }) => name === before.name);
  found?.focus();
  if (found && found.selectionEnd !== null) found.setSelectionRange(found.value.length - before.rest, found.value.length - before.rest);
  return Boolean(found);
}

// Takes what stands in the area before another view does, and returns the part of it that stays. What is being sent is not
// the field's any more.
export function setAside(next) {
  const { view } = chat;
  const goesOn = next === "chat" || next === "number" || isForm(next);
  if (goesOn || !isHeldBy(root.activeElement)) letGo();
  const field = area.querySelector("form:not(.held) :is(textarea,[name=number]):read-write");
  if (goesOn && (view === "chat" || isForm(view))) keepDraft();
  else if (view !== "survey" && !goesOn && !chat.isBarred && !isCalledBack() && field && field === root.activeElement && isWritten(field)) hold(field);
  else if (field) tellUnsent(unsent(field));
  if (!goesOn) {
    tellUnsent(unsent({ value: chat.draft }));
    chat.draft = "";
  }
  return held?.part;
}

function onEnd(event) {
  if (!isHeldBy(event.target)) return;
  event.preventDefault();
  event.stopPropagation();
  leave();
}

area.addEventListener("input", ({ target }) => {
  lastTyped = { field: target, atMs: performance.now() };
  if (target === held?.field) keepHalf(Object.assign(held.one, { text: target.value.trim() }));
});
area.addEventListener("submit", onEnd, true);
area.addEventListener("keydown", (event) => { if (event.key === "Enter" && !event.shiftKey && !event.isComposing) onEnd(event); }, true);
