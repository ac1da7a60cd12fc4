// What can be done now: forms before, the place to write, a number to be called at, how it was.

import { chat, questions, say } from "./chat.js";
import { describe } from "./describe.js";
import { sendText, submitForm, typed, upload } from "./doing.js";
import { icon, make } from "./dom.js";
import { asked, asking, button, field, fill, holds, numberForm } from "./fields.js";
import { keep } from "./kept.js";
import { atEnd, clearLog, toEnd } from "./lines.js";
import { area, closeButton, log, root, status } from "./panel.js";
import { tell } from "./signals.js";
import { surveyForm } from "./survey.js";
import { bringBack, isForm, keepDraft, letGo, setAside, standAgain, standing, toHeading } from "./unsent.js";

const numberButton = () => button("leave_number", "second number", () => show("number", true));
const againButton = () => button("again", "second", () => {
  chat.left = chat.state.contact_id || chat.left;
  keep("left", String(chat.left || ""));
  chat.state = { phase: "none" };
  chat.view = "";
  for (const field of area.querySelectorAll("textarea")) field.value = "";
  clearLog();
  for (const element of log.querySelectorAll(".line:not([data-seq]), .past")) element.remove();
  Object.assign(chat, { filled: {}, refusal: "", hasHistory: true, historyShown: false });
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
      if (!holds(event.target)) return;
      submitForm(event.target);
      if (chat.settings.open) show("chat", true);
    } }, ...fields, asking(say("message"), text), button(settings.open ? "start" : "leave_message")),
    ...number, historyButton(),
  ];
}

function attach() {
  const input = make("input", { type: "file", hidden: true, accept: chat.settings.files.join(","), onchange: () => {
    for (const file of input.files) upload(file);
    input.value = "";
  } });
  const press = make("button", { type: "button", class: "icon second", "aria-label": say("attach"), onclick: () => input.click() },
    icon("M16.5 6v11a4.5 4.5 0 0 1-9 0V5a3 3 0 0 1 6 0v10a1.5 1.5 0 0 1-3 0V6H9v9a3 3 0 0 0 6 0V5a4.5 4.5 0 0 0-9 0v12a6 6 0 0 0 12 0V6z"));
  return [input, press];
}

function writing() {
  const { settings, state } = chat;
  const text = make("textarea", { rows: "1", maxlength: 4096, "aria-label": say("write"), placeholder: say("write"), oninput: () => { grow(text); typed(); }, onkeydown: (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); send(); }
  } }, chat.draft);
  if (chat.draft) requestAnimationFrame(() => grow(text));
  const send = () => { sendText(text); grow(text); };
  const row = make("form", { class: "row", onsubmit: (event) => { asked(event); send(); } }, ...(settings.files.length ? attach() : []), text,
    make("button", { type: "submit", class: "icon", "aria-label": say("send") }, icon("M3 20V4l18 8zm2-3 12-5L5 7v4l6 1-6 1z")));
  const number = numberButton();
  number.hidden = !(state.phase === "queued" && state.can_leave_number);
  return [make("div", { class: "greeting", hidden: state.phase !== "none" }, make("p", {}, settings.greeting), historyButton()), number, row];
}

function grow(text) {
  const follow = atEnd();
  text.style.height = "auto";
  text.style.height = `${text.scrollHeight + 2}px`;
  if (follow) toEnd();
}

const number = () => numberForm(
  () => { if (chat.state.phase !== "none") show("chat"); },
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
  if (follow) toEnd();
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
  if (chat.isOpen) (area.querySelector("[tabindex='-1']") || area.querySelector("input:not([hidden]),textarea") || area.querySelector("button") || closeButton).focus();
}
