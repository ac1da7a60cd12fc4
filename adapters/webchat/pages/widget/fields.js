// Fields and buttons of forms, and the form for a number to be called at.

import { freshId, say } from "./chat.js";
import { make } from "./dom.js";
import { put } from "./outbox.js";

const NUMBER = /^[+(0-9][0-9 ().-]{2,31}$/;
const COMPLETES = { email: "email", tel: "tel" };

export const field = (name, label, kind, required) => {
  const autocomplete = COMPLETES[kind] || (name === "name" ? "name" : null);
  return make("label", {}, `${label}${required ? ` (${say("required")})` : ""}`,
    make("input", { type: kind, name, required, maxlength: name === "name" ? 100 : 512, autocomplete }));
};
export const button = (word, kind, onclick) => make("button", { type: onclick ? "button" : "submit", class: kind, onclick }, say(word));
export const asked = (event) => event.preventDefault();

// Where to call: `done` once it is said, `back` without.
export function numberForm(done, back) {
  const fault = make("p", { class: "fault", id: "fault", role: "alert" });
  const made = make("form", { novalidate: true, onsubmit: (event) => {
    asked(event);
    const input = made.elements.number;
    const said = input.value.trim();
    const isNumber = NUMBER.test(said) && said.replace(/[^0-9]/g, "").length >= 3;
    input.setAttribute("aria-invalid", String(!isNumber));
    fault.textContent = isNumber ? "" : say("bad_number");
    if (!isNumber) return input.focus();
    put({ type: "leave_number", client_id: freshId(), number: said });
    done();
  } }, field("number", say("number"), "tel", true), fault, button("call_me"),
  button("back", "second", back));
  made.elements.number.setAttribute("aria-describedby", "fault");
  return [made];
}
