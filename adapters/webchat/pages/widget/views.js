// What can be done now: forms before, the place to write, a number to be called at, how it was.

import { awaits, chat, questions, say } from "./chat.js";
import { describe } from "./describe.js";
import { submitForm } from "./doing.js";
import { make } from "./dom.js";
import { noteDraft } from "./drafts.js";
import { forgetUnsent } from "./entries.js";
import { asked, asking, button, field, fill, holds, numberForm } from "./fields.js";
import { keep } from "./kept.js";
import { atEnd, clearLog, toEnd } from "./lines.js";
import { area, closeButton, log, root, status } from "./panel.js";
import { tell } from "./signals.js";
import { surveyForm } from "./survey.js";
import { bringBack, isForm, keepDraft, letGo, setAside, standAgain, standing, toHeading } from "./unsent.js";
import { lineForm } from "./writing.js";

const numberButton = () => button("leave_number", "second number", () => show("number", true));
const againButton = () => button("again", "second", () => {
  chat.left = chat.state.contact_id || chat.left;
  keep("left", String(chat.left || ""));
  chat.state = { phase: "none" };
  chat.view = "";
  for (const field of area.querySelectorAll("textarea")) field.value = "";
  clearLog();
  for (const element of log.querySelectorAll(".line:not([data-seq]), .past")) element.remove();
  forgetUnsent();
  Object.assign(chat, { draft: "", filled: {}, fileWords: {}, refusal: "", hasHistory: true, historyShown: false });
  describe().then(() => { tell("changed"); focusFirst(); });
});
// Shown once it is known that there were any.
const historyButton = () => {
  const made = button("history", "quiet earlier", () => {
    if (!chat.link) return;
    chat.historyShown = true;
    chat.link.send({ type: "history" });
    tell("changed");
    focusFirst();
  });
  made.hidden = true;
  return made;
};

function form() {
  const { settings } = chat;
  const number = !settings.open && settings.can_leave_number ? [numberButton()] : [];
  if (!settings.open && !settings.can_leave_message) return [...number, historyButton()]; // the status says it
  const fields = questions().map((one) => field(one.name, one.label, one.kind, one.required));
  const text = make("textarea", { name: "", rows: "3", maxlength: 4096, required: !settings.open }, chat.draft);
  return [
    make("p", {}, settings.open ? settings.greeting : say("closed_message")),
    make("form", { novalidate: true, onsubmit: (event) => {
      asked(event);
      if (awaits("start") || !holds(event.target)) return;
      submitForm(event.target);
      if (chat.settings.open) show("chat", true);
      else showSending();
    } }, ...fields, asking(say("message"), text), button(settings.open ? "start" : "leave_message")),
    ...number, historyButton(),
  ];
}

function writing() {
  const { settings, state } = chat;
  const number = numberButton();
  number.hidden = !(state.phase === "queued" && state.can_leave_number);
  return [make("div", { class: "greeting", hidden: state.phase !== "none" }, make("p", {}, settings.greeting), historyButton()), number, lineForm()];
}

const number = () => numberForm(
  () => { if (chat.state.phase === "none") showSending(); else show("chat"); },
  () => { chat.view = ""; tell("changed"); focusFirst(); },
);

const views = {
  form, closed: form, chat: writing, number,
  survey: () => surveyForm(() => show("thanks"), againButton()),
  thanks: () => [make("p", { tabindex: "-1" }, say("thanks")), againButton()],
  ended: () => [againButton()],
  left: () => [againButton()],
  barred: () => [],
};

// By the visitor's own doing.
export function show(name, focus = false) {
  if (chat.view === name && !focus) return;
  const had = area.contains(root.activeElement);
  if (name === "number") keepDraft();
  letGo();
  change(name);
  if (focus || had) focusFirst();
}

// By itself: the cursor goes to no field and to no answer, as what is typed on was meant for neither.
export function turn(name) {
  if (chat.view === name) return;
  const had = area.contains(root.activeElement) || root.activeElement === status;
  const before = standing();
  const stays = setAside(name);
  change(name, stays);
  if (!standAgain(before) && had && !stays) toHeading();
}

function change(name, stays = null) {
  const follow = atEnd();
  chat.view = name;
  for (const part of [...area.children]) if (part !== stays) part.remove();
  area.append(...views[name]());
  if ((name === "chat" || isForm(name)) && area.querySelector("textarea")) chat.draft = "";
  bringBack();
  showSending();
  noteDraft();
  if (follow) toEnd();
}

const SAYS = { form: "start", closed: "start", number: "leave_number" };

// A form whose answers are under way stands as it is until they are taken: pressed again it would say them twice.
export function showSending() {
  const button = SAYS[chat.view] && area.querySelector("form:not(.held) button[type=submit]");
  if (!button) return;
  const isSending = awaits(SAYS[chat.view]);
  if (isSending === (button.getAttribute("aria-disabled") === "true")) return;
  if (isSending) button.dataset.word = button.textContent;
  button.textContent = isSending ? say("sending") : button.dataset.word;
  button.setAttribute("aria-disabled", String(isSending));
  for (const input of button.form.querySelectorAll(".asking :is(input,textarea)")) input.readOnly = isSending;
}

// A form whose answers were not taken, with them. Returns whether it asks for the one at `fault`, which is marked then.
export function showAgain(name, answers, fault) {
  show(name, true);
  return fill(area, answers, fault);
}

// Who the site has named is not asked, not even where the question stands already.
export function dropName() {
  const asks = area.querySelector("form [name=name]");
  const had = asks === root.activeElement;
  asks?.closest(".asking").remove();
  if (asks && had) focusFirst();
}

export function focusFirst() {
  if (!chat.isOpen) return;
  const shown = (stops) => [...area.querySelectorAll(stops)].find((one) => one.getClientRects().length);
  (shown("[tabindex='-1']") || shown("input,textarea") || shown("button") || closeButton).focus();
}
