// A form whose answers are under way: it shows them, and takes none.

import { awaited, chat, say } from "./chat.js";
import { TEXT } from "./drafts.js";
import { answersOf, fill } from "./fields.js";
import { area } from "./panel.js";
import { keepDraft } from "./unsent.js";

const SAYS = { form: "start", closed: "start", number: "leave_number" };

// A form whose answers are under way stands as it is until they are taken: pressed again it would say them twice.
export function showSending() {
  const button = SAYS[chat.view] && area.querySelector("form:not(.held) button[type=submit]");
  if (!button) return;
  const said = awaited(SAYS[chat.view]);
  const isSending = Boolean(said);
  if (isSending === (button.getAttribute("aria-disabled") === "true")) return;
  if (isSending) button.dataset.word = button.textContent;
  if (isSending) keepDraft();
  button.textContent = isSending ? say("sending") : button.dataset.word;
  button.setAttribute("aria-disabled", String(isSending));
  for (const input of button.form.querySelectorAll(".asking :is(input,textarea)")) input.readOnly = isSending;
  fill(button.form, isSending ? answersOf(said.frame) : { ...chat.filled, "": chat.draft });
  if (area.querySelector(TEXT)) chat.draft = "";
}
