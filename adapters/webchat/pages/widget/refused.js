// What the service did not take: why, in the reader's words, and what was filled in stands in its form again.

import { chat, formName, say } from "./chat.js";
import { describe } from "./describe.js";
import { giveUp, mark, nameUnderWay, sayAgain, settle } from "./outbox.js";
import { status } from "./panel.js";
import { tell } from "./signals.js";
import { showAgain, turn } from "./views.js";

const OWN_WORDS = ["answered_already", "bad_number", "too_many_files", "bad_attachment"];
const NOT_HERE = ["identity_required", "bad_identity", "no_inbox"];
const FORMS = { start: formName, leave_number: () => "number" };

export function refused(frame) {
  const before = chat.pending.get(frame.client_id);
  if (frame.retry_after_s > 0 && before) {
    setTimeout(sayAgain, frame.retry_after_s * 1000, before);
    chat.isBusy = frame.code === "busy";
    if (chat.isBusy) tell("changed");
    return;
  }
  const entry = settle(frame.code === "malformed" ? nameUnderWay() : frame.client_id);
  if (!entry) {
    if (NOT_HERE.includes(frame.code)) bar();
    return;
  }
  chat.isBusy = false;
  if (frame.field && FORMS[entry.frame.type]) askAgain(entry, frame.field);
  else fail(entry, OWN_WORDS.includes(frame.code) ? say(frame.code) : say("failed", { reason: frame.detail }));
}

// What was filled in, by the names of the fields; that of the message has none.
const answersOf = ({ fields, text, number }) => (number ? { number } : { ...fields, "": text });

function fail(entry, words) {
  const { type } = entry.frame;
  entry.element?.classList.add("failed");
  mark(entry, words);
  status.textContent = words;
  if (FORMS[type]) showAgain(FORMS[type](), answersOf(entry.frame));
  else if (type === "survey" && chat.view === "thanks") turn("ended");
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
