// The place to write a line, and to attach files.

import { chat, say } from "./chat.js";
import { sendText, typed } from "./doing.js";
import { icon, make } from "./dom.js";
import { asked } from "./fields.js";
import { upload } from "./files.js";
import { atEnd, toEnd } from "./lines.js";

function attach() {
  const input = make("input", { type: "file", hidden: true, accept: chat.settings.files.join(","), onchange: () => {
    for (const file of input.files) upload(file);
    input.value = "";
  } });
  const press = make("button", { type: "button", class: "icon second", "aria-label": say("attach"), onclick: () => input.click() },
    icon("M16.5 6v11a4.5 4.5 0 0 1-9 0V5a3 3 0 0 1 6 0v10a1.5 1.5 0 0 1-3 0V6H9v9a3 3 0 0 0 6 0V5a4.5 4.5 0 0 0-9 0v12a6 6 0 0 0 12 0V6z"));
  return [input, press];
}

function grow(text) {
  const follow = atEnd();
  text.style.height = "auto";
  text.style.height = `${text.scrollHeight + 2}px`;
  if (follow) toEnd();
}

export function lineForm() {
  const text = make("textarea", { rows: "1", maxlength: 4096, "aria-label": say("write"), placeholder: say("write"), oninput: () => { grow(text); typed(); }, onkeydown: (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); send(); }
  } }, chat.draft);
  if (chat.draft) requestAnimationFrame(() => grow(text));
  const send = () => { sendText(text); grow(text); };
  return make("form", { class: "row", onsubmit: (event) => { asked(event); send(); } }, ...(chat.settings.files.length ? attach() : []), text,
    make("button", { type: "submit", class: "icon", "aria-label": say("send") }, icon("M3 20V4l18 8zm2-3 12-5L5 7v4l6 1-6 1z")));
}
