// What can be done now: forms before, the place to write, a number to be called at, how it was.

import { awaits, chat, questions, say } from "./chat.js";
import { describe } from "./describe.js";
import { submitForm } from "./doing.js";
import { make } from "./dom.js";
import { noteDraft, TEXT } from "./drafts.js";
import { forgetUnsent } from "./entries.js";
import { asked, asking, blamed, button, field, fill, holds, numberForm } from "./fields.js";
import { keep, visit } from "./kept.js";
import { atEnd, clearLog, toEnd } from "./lines.js";
import { area, closeButton, log, root, status } from "./panel.js";
import { showSending } from "./sending.js";
import { tell } from "./signals.js";
import { surveyForm } from "./survey.js";
import { bringBack, isForm, isWritten, setAside, standAgain, standing, toHeading } from "./unsent.js";
import { lineForm } from "./writing.js";

const numberButton = () => button("leave_number", "second number", () => show("number", true));
const againButton = () => button("again", "second", () => {
  chat.left = chat.state.contact_id || chat.left;
  keep("left", String(chat.left || ""));
  keep("thanks", "", visit);
  chat.state = { phase: "none" };
  chat.view = "";
  for (const field of area.querySelectorAll("textarea,[name=number]")) field.value = "";
  clearLog();
  for (const element of log.querySelectorAll(".line:not([data-seq]), .past")) element.remove();
  forgetUnsent();
  Object.assign(chat, { draft: "", filled: {}, fileWords: {}, refusal: "", leftWord: "", hasHistory: true, historyShown: false });
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

const number = () => numberForm(showSending, () => {
  Object.assign(chat, { view: "", refusal: "" });
  tell("changed");
  focusFirst();
});

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
  change(name);
  if (focus || had) focusFirst();
}

// By itself: the cursor goes to no field and to no answer, as what is typed on was meant for neither.
export function turn(name) {
  if (chat.view === name) return;
  const had = area.contains(root.activeElement) || root.activeElement === status;
  const before = chat.state.phase === "none" ? standing() : null;
  const stays = change(name);
  if (!standAgain(before) && had && !stays) toHeading();
}

function change(name) {
  const follow = atEnd();
  const stays = setAside(name);
  chat.view = name;
  for (const part of [...area.children]) if (part !== stays) part.remove();
  area.append(...views[name]());
  if (area.querySelector(TEXT)) chat.draft = "";
  bringBack();
  showSending();
  noteDraft();
  if (follow) toEnd();
  return stays;
}

// A form whose answers were not taken, with them: beside what was written since, not instead of it. Returns whether it asks
// for the one at `fault`, which is marked then. The cursor goes there, but not from the middle of a line.
export function showAgain(name, answers, fault) {
  const had = area.contains(root.activeElement);
  const before = standing();
  const isWriting = before && !root.activeElement.readOnly && isWritten(root.activeElement);
  change(name);
  const since = Object.entries(chat.filled).filter(([, value]) => value);
  const text = [answers[""], area.querySelector(TEXT)?.value].filter(Boolean).join("\n");
  fill(area, { ...answers, ...Object.fromEntries(since), "": text });
  const wrong = blamed(area, fault);
  if (isWriting) standAgain(before) || toHeading();
  else if (had) focusFirst(wrong);
  return Boolean(wrong);
}

// Who the site has named is not asked, not even where the question stands already.
export function dropName() {
  const asks = area.querySelector("form [name=name]");
  const had = asks === root.activeElement;
  asks?.closest(".asking").remove();
  if (asks && had) focusFirst();
}

export function focusFirst(first) {
  if (!chat.isOpen) return;
  const shown = (stops) => [...area.querySelectorAll(stops)].find((one) => one.getClientRects().length);
  (first || shown("[tabindex='-1']") || shown("input,textarea") || shown("button") || closeButton).focus();
}
