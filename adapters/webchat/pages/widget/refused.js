// What the service did not take: why, in the reader's words, and what was filled in stands in its form again.

import { chat, formName, say } from "./chat.js";
import { describe } from "./describe.js";
import { notSent } from "./entries.js";
import { answersOf, asksNumber } from "./fields.js";
import { giveUp, nameUnderWay, sayAgain, settle } from "./outbox.js";
import { area } from "./panel.js";
import { tell } from "./signals.js";
import { showAgain, turn } from "./views.js";

const NOT_HERE = ["identity_required", "bad_identity", "no_inbox"];
const UNNAMED = ["malformed", "too_large"];
// Said again in the same form it would not be taken, either.
const FOR_GOOD = ["no_callback", "not_served"];

export function refused(frame) {
  const before = chat.pending.get(frame.client_id);
  if (frame.retry_after_s > 0 && before) {
    setTimeout(sayAgain, frame.retry_after_s * 1000, before);
    chat.isBusy = frame.code === "busy";
    if (chat.isBusy) tell("changed");
    return;
  }
  const entry = settle(frame.client_id || (UNNAMED.includes(frame.code) ? nameUnderWay() : ""));
  if (!entry) {
    if (NOT_HERE.includes(frame.code)) bar();
    return;
  }
  chat.isBusy = false;
  const form = FOR_GOOD.includes(frame.code) ? "" : formOf(entry, frame.field);
  if (frame.field && form) askAgain(entry, frame.field);
  else fail(entry, wordsFor(frame.code), form);
}

// What the service itself says of it is for programs. What was written behind a start that was not taken, or became a
// message, was for no chat that has ended.
function wordsFor(code) {
  const word = `refused_${code === "no_chat" && chat.state.phase === "none" ? "not_begun" : code}`;
  return say(chat.words[word] ? word : "refused");
}

// The form that it was said in, where that is asked still. A file that begins a chat was said in none.
function formOf({ frame: { type, text, fields } }, fault) {
  if (type === "start" && chat.state.phase === "none" && (fault || text || Object.keys(fields).length)) return formName();
  return type === "leave_number" && asksNumber() ? "number" : "";
}

// It is told once: in the form again, at the line, or beside what is said of the chat.
function fail(entry, words, form) {
  const { type } = entry.frame;
  if (form) showAgain(form, answersOf(entry.frame));
  else if (type === "survey" && chat.view === "thanks") turn("ended");
  else if (type === "leave_number" && chat.view === "number") chat.view = ""; // nobody asks for it any more
  const isAsked = form && area.querySelector(".asking");
  if (isAsked) entry.element?.remove();
  if (isAsked || !notSent(entry, words)) chat.refusal = words;
  tell("changed");
}

// The form says what is wrong. One that does not ask for that is of before a change: the inbox was closed, or set anew.
async function askAgain(entry, fault) {
  const shown = () => showAgain(formOf(entry, fault), answersOf(entry.frame), fault);
  if (!shown() && !((await describe()) && formOf(entry, fault) && shown())) return fail(entry, say("form_changed"), formOf(entry, fault));
  entry.element?.remove();
  tell("changed");
}

// Nothing can be said here, and nothing that was is under way any more.
function bar() {
  chat.isBarred = true;
  giveUp(say("failed", { reason: say("not_allowed") }));
  tell("changed");
}
