// After the contact, and before its end as well: what it was about, in codes and fields, and done.

import { el, keep } from "./dom.js";
import { wrongOf } from "./outbox.js";
import { t } from "./words.js";

export function wrapUp(desk) {
  const title = el("h3", {});
  const left = el("span", { class: "left" });
  const codes = el("div", { class: "codes", role: "group" });
  const fields = el("div", { class: "quality" });
  const finish = el("button", { type: "button", class: "primary", on: { click: () => desk.acts.finish(contact) } });
  const place = el("div", { class: "wrap-up", hidden: true }, el("div", { class: "wrap-up-head" }, title, left), codes, fields, finish);
  const { store } = desk;
  let contact = null;

  // What a colleague asked about is the customer's contact, and classified by who has that one.
  const suits = (one) => !contact.asked_by && (!one.queues.length || one.queues.includes(contact.queue));
  const offered = () => (store.house?.codes ?? []).filter(suits);

  // One fact says all of it, and the latest counts: each goes out from what was chosen here last, never from what is shown.
  async function classify(of, code, answers) {
    const said = { code, fields: answers, seq: 0 };
    store.choices.set(of.id, said);
    store.changed();
    const told = await desk.acts.do({ verb: "classify", contact: of.contact, contact_id: of.id, code, fields: answers });
    said.seq = told.seq;
    if (wrongOf(told) && store.choices.get(of.id) === said) store.choices.delete(of.id);
    store.changed();
    return !wrongOf(told);
  }

  function choose(of, code) {
    const before = store.classified(of);
    classify(of, before.code === code ? "" : code, before.fields);
  }

  /** Says what has changed; returns whether it was taken. */
  function answer(of, changed) {
    const { code, fields: before } = store.classified(of);
    return classify(of, code, Object.fromEntries(Object.entries({ ...before, ...changed }).filter(([, said]) => said)));
  }

  /** Takes what is written in the fields of a contact, as when one is left: before the form goes away. */
  async function take(of) {
    const agent = desk.me;
    const written = store.drafts.answers.get(of.id);
    store.drafts.answers.delete(of.id);
    if (!written || (await answer(of, Object.fromEntries(Object.entries(written).map(([field, text]) => [field, text.trim()]))))) return;
    if (desk.me !== agent || !store.items.has(`contact:${of.id}`)) return;
    store.drafts.answers.set(of.id, { ...written, ...store.drafts.answers.get(of.id) }); // it was refused: the words stand there still
    store.changed();
  }

  function radios(of, one, choices) {
    const name = `field-${one.field}`;
    const radio = ([value, word]) => el("label", {}, el("input", { type: "radio", name, value, on: { change: () => answer(of, { [one.field]: value }) } }), word);
    return el("fieldset", {}, el("legend", {}, one.display_name), el("div", { class: "choices" }, choices.map(radio)));
  }

  // What is made for one contact says all of that one, wherever the form has moved on.
  function field(of, one) {
    if (one.kind === "yes_no") return radios(of, one, [["yes", t("yes")], ["no", t("no")]]);
    if (one.kind === "score") return radios(of, one, ["1", "2", "3", "4", "5"].map((score) => [score, score]));
    if (one.kind === "choice") return radios(of, one, one.choices.map((choice) => [choice, choice]));
    const id = `field-${one.field}`;
    const write = () => store.drafts.answers.set(of.id, { ...store.drafts.answers.get(of.id), [one.field]: input.value });
    const input = el("input", { id, maxLength: 1024, on: { input: write, change: () => take(of) } });
    return el("div", { class: "field" }, el("label", { for: id }, one.display_name), input);
  }

  function showAnswer(item, one) {
    const said = store.classified(contact).fields[one.field] ?? "";
    const written = store.drafts.answers.get(contact.id)?.[one.field] ?? said;
    for (const input of item.querySelectorAll("input")) {
      if (input.type === "radio") input.checked = input.value === said;
      else if (input.value !== written && input !== document.activeElement) input.value = written;
    }
  }

  function button(of, one, index) {
    return el("button", { type: "button", data: { code: one.code }, on: { click: () => choose(of, one.code) } }, el("span", { class: "mark", "aria-hidden": "true" }), one.display_name, index < 9 ? el("kbd", { "aria-hidden": "true" }, String(index + 1)) : null);
  }

  function showCode(item, one) {
    const isChosen = store.classified(contact).code === one.code;
    item.setAttribute("aria-pressed", String(isChosen));
    item.firstElementChild.textContent = isChosen ? "✓" : "";
  }

  function endedBy({ ended_by: by, asked_by: agent }) {
    if (!by) return t("contact.wrapping");
    return agent && by === "customer" ? t("ended_by.colleague", { agent }) : t(`ended_by.${by}`);
  }

  function render(current) {
    contact = current;
    place.hidden = current.state !== "wrapping";
    if (place.hidden) return;
    title.textContent = endedBy(current);
    if (current.until_ns) left.dataset.until = String(current.until_ns);
    else delete left.dataset.until;
    left.hidden = !current.until_ns;
    const asked = (store.house?.fields ?? []).filter(suits);
    const listed = offered();
    const made = (one) => JSON.stringify([current.id, one, listed.indexOf(one), document.documentElement.lang]);
    codes.setAttribute("aria-label", t("codes"));
    codes.hidden = listed.length === 0;
    keep(codes, listed, made, (one) => button(current, one, listed.indexOf(one)), showCode);
    keep(fields, asked, made, (one) => field(current, one), showAnswer);
    finish.replaceChildren(t("finish"), el("kbd", { "aria-hidden": "true" }, "F"));
  }
  return { place, render, take, pick: (index) => (contact?.state === "wrapping" && offered()[index] ? choose(contact, offered()[index].code) : false) };
}
