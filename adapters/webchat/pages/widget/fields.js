// Questions of forms, what is wrong with their answers beside them, buttons, and the form for a number to be called at.

import { awaits, chat, freshId, say } from "./chat.js";
import { make, taken } from "./dom.js";
import { put } from "./outbox.js";

// As the service judges them, which has the last word.
const HOLDS = {
  email: /^[^@\s]{1,64}@[^@\s]{1,255}$/u,
  tel: /^(?=(?:.*[0-9]){3})[+(0-9][0-9 ().-]{2,31}$/,
  text: /^[^\n\t]*$/,
};
const FAULTS = { email: "bad_email", tel: "bad_number", text: "bad_text" };
const COMPLETES = { email: "email", tel: "tel" };

// A question, the place for its answer, and below it what is wrong with that.
export function asking(label, input) {
  const fault = make("p", { class: "fault", id: `fault-${input.name}`, role: "alert" });
  input.setAttribute("aria-describedby", fault.id);
  input.dataset.label = label;
  return make("div", { class: "asking" }, make("label", {}, `${label}${input.required ? ` (${say("required")})` : ""}`, input), fault);
}

export const field = (name, label, kind, required) => {
  const autocomplete = COMPLETES[kind] || (name === "name" ? "name" : null);
  return asking(label, make("input", { type: kind, name, required, maxlength: name === "name" ? 100 : 512, autocomplete }));
};
export const button = (word, kind, onclick) => make("button", { type: onclick ? "button" : "submit", class: kind, onclick }, say(word));
export const asked = (event) => event.preventDefault();

const inputs = (form) => [...form.querySelectorAll(".asking input,.asking textarea")];

function faultOf({ value, required, type }) {
  if (!value.trim()) return required ? "missing" : "";
  return HOLDS[type]?.test(value.trim()) === false ? FAULTS[type] : "";
}

function blame(input, word) {
  input.setAttribute("aria-invalid", String(Boolean(word)));
  input.closest(".asking").lastChild.textContent = word ? `${input.dataset.label}: ${say(word)}` : "";
}

// Whether all answers can be; the first that cannot has the focus.
export function holds(form) {
  const all = inputs(form);
  for (const input of all) blame(input, faultOf(input));
  const wrong = all.find(faultOf);
  wrong?.focus();
  return !wrong;
}

// What was filled in, by the names of the fields; that of the message has none.
export const answersOf = ({ fields, text, number }) => (number ? { number } : { ...fields, "": text });

export function fill(form, answers) {
  for (const input of inputs(form)) input.value = answers[input.name] ?? "";
}

// The field that is not as it has to be, where it is asked for: it says so.
export function blamed(form, fault) {
  const wrong = inputs(form).find(({ name }) => name === fault);
  if (wrong) blame(wrong, faultOf(wrong) || FAULTS[wrong.type] || "missing");
  return wrong;
}

// Where to call: `done` once it is said, `back` without.
export function numberForm(done, back) {
  const made = make("form", { novalidate: true, onsubmit: (event) => {
    asked(event);
    if (awaits("leave_number") || !holds(made)) return;
    if (!asksNumber()) return; // said beside it: nobody is called who is spoken with
    put({ type: "leave_number", client_id: freshId(), number: taken(made.elements.number) });
    done();
  } }, field("number", say("number"), "tel", true), make("p", { class: "agent", role: "status", hidden: true }), button("call_me", "call"),
  button("back", "second", () => { made.reset(); back(); }));
  tellOfAgent(made);
  return [made];
}

// Of whoever waits, or instead of a chat.
export const asksNumber = () => chat.state.phase === "queued" || (chat.state.phase === "none" && !chat.settings.open);

// Somebody is there to talk to, or chats are taken again, while a number is being written still.
export function tellOfAgent(form) {
  const { phase, agent } = chat.state;
  const told = form.querySelector(".agent");
  told.hidden = asksNumber() || awaits("leave_number");
  told.textContent = told.hidden ? "" : say(phase === "none" ? "number_open" : "number_unneeded", { agent });
  form.querySelector(".call").hidden = !told.hidden;
}
