// How it was: a score, and a word on it.

import { chat, freshId, say } from "./chat.js";
import { make, taken } from "./dom.js";
import { asked, button } from "./fields.js";
import { put } from "./outbox.js";

const SCORES = { csat: [1, 5], nps: [0, 10], ces: [1, 7] };

// `done` once it is said; `more` stands beside the button that says it.
export function surveyForm(done, more) {
  const kind = chat.state.survey;
  const [low, high] = SCORES[kind];
  const scores = [];
  for (let score = low; score <= high; score += 1) {
    scores.push(make("label", {}, make("input", { type: "radio", name: "score", value: score, required: true }), make("span", {}, String(score))));
  }
  const made = make("form", { onsubmit: (event) => {
    asked(event);
    put({ type: "survey", client_id: freshId(), contact_id: chat.state.contact_id, score: Number(made.elements.score.value), comment: taken(made.elements.comment) });
    chat.state.survey = "";
    done();
  } }, make("fieldset", {}, make("legend", { tabindex: "-1" }, say(kind)), make("div", { class: "scores" }, ...scores),
    make("div", { class: "ends" }, make("span", {}, `${low}: ${say(`${kind}_low`)}`), make("span", {}, `${high}: ${say(`${kind}_high`)}`))),
  make("label", {}, say("comment"), make("textarea", { name: "comment", rows: "2", maxlength: 4000 })),
  make("div", { class: "row" }, button("submit"), more));
  return [made];
}
