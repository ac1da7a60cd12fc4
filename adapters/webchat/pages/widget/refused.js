// What the service did not take: why, in the reader's words, and what was filled in stands in its form again.

import { chat, formName, say } from "./chat.js";
import { describe } from "./describe.js";
import { notSent } from "./entries.js";
import { answersOf } from "./fields.js";
import { giveUp, nameUnderWay, sayAgain, settle } from "./outbox.js";
import { area } from "./panel.js";
import { tell } from "./signals.js";
import { showAgain, turn } from "./views.js";

const NOT_HERE = ["identity_required", "bad_identity", "no_inbox"];
const UNNAMED = ["malformed", "too_large"];
const FORMS = { start: formName, leave_number: () => "number" };

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
  if (frame.field && FORMS[entry.frame.type]) askAgain(entry, frame.field);
  else fail(entry, wordsFor(frame.code));
}

// What the service itself says of it is for programs.
const wordsFor = (code) => say(chat.words[`refused_${code}`] ? `refused_${code}` : "refused");

// It is told once: in the form again, at the line, or beside what is said of the chat.
function fail(entry, words) {
  const { type } = entry.frame;
  const form = type !== "start" || chat.state.phase === "none" ? FORMS[type]?.() : null;
  if (form) showAgain(form, answersOf(entry.frame));
  else if (type === "survey" && chat.view === "thanks") turn("ended");
  const isAsked = form && area.querySelector(".asking");
  if (isAsked) entry.element?.remove();
  if (isAsked || !notSent(entry, words)) chat.refusal = words;
  tell("changed");
}

// The form says what is wrong. One that does not ask for that is of before a change: the inbox was closed, or set anew.
async function askAgain(entry, fault) {
  const shown = () => showAgain(FORMS[entry.frame.type](), answersOf(entry.frame), fault);
  if (!shown() && !((await describe()) && shown())) return fail(entry, say("form_changed"));
  entry.element?.remove();
  tell("changed");
}

// Nothing can be said here, and nothing that was is under way any more.
function bar() {
  chat.isBarred = true;
  giveUp(say("failed", { reason: say("not_allowed") }));
  tell("changed");
}
