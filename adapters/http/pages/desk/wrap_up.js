// After the contact, and before its end as well: what it was about, in codes and fields, and done.

import { el, fill } from "./dom.js";
import { t } from "./words.js";

export function wrapUp(desk) {
  const title = el("h3", {});
  const left = el("span", { class: "left" });
  const codes = el("div", { class: "codes", role: "group" });
  const fields = el("div", { class: "quality" });
  const finish = el("button", { type: "button", class: "primary", on: { click: () => desk.finish(contact) } });
  const place = el("div", { class: "wrap-up", hidden: true }, el("div", { class: "wrap-up-head" }, title, left), codes, fields, finish);
  let contact = null;
  let shown = "";

  const suits = (one) => !one.queues.length || one.queues.includes(contact.queue);
  const chosen = () => contact.classified ?? { code: "", fields: {} };
  const offered = () => (desk.store.house?.codes ?? []).filter(suits);

  function classify(change) {
    const { code, fields: answers } = chosen();
    desk.act({ verb: "classify", contact: contact.contact, contact_id: contact.id, code, fields: answers, ...change });
  }

  function choose(code) {
    classify({ code: chosen().code === code ? "" : code });
  }

  function answer(field, said) {
    const answers = { ...chosen().fields };
    if (said) answers[field] = said;
    else delete answers[field];
    classify({ fields: answers });
  }

  function radios(one, choices) {
    const said = chosen().fields[one.field] ?? "";
    const name = `field-${one.field}`;
    return el(
      "fieldset",
      {},
      el("legend", {}, one.display_name),
      el("div", { class: "choices" }, choices.map(([value, word]) => el("label", {}, el("input", { type: "radio", name, value, checked: said === value, on: { change: () => answer(one.field, value) } }), word))),
    );
  }

  function field(one) {
    if (one.kind === "yes_no") return radios(one, [["yes", t("yes")], ["no", t("no")]]);
    if (one.kind === "score") return radios(one, ["1", "2", "3", "4", "5"].map((score) => [score, score]));
    if (one.kind === "choice") return radios(one, one.choices.map((choice) => [choice, choice]));
    const id = `field-${one.field}`;
    const input = el("input", { id, value: chosen().fields[one.field] ?? "", maxLength: 1024, on: { change: () => answer(one.field, input.value.trim()) } });
    return el("div", { class: "field" }, el("label", { for: id }, one.display_name), input);
  }

  function render(current) {
    contact = current;
    place.hidden = current.state !== "wrapping";
    if (place.hidden) return;
    title.textContent = current.ended_by ? t(`ended_by.${current.ended_by}`) : t("contact.wrapping");
    if (current.until_ns) left.dataset.until = String(current.until_ns);
    else delete left.dataset.until;
    left.hidden = !current.until_ns;
    const signature = JSON.stringify([current.id, current.classified, desk.store.house, document.documentElement.lang]);
    if (signature === shown) return;
    shown = signature;
    const focused = place.contains(document.activeElement) ? document.activeElement : null;
    const again = focused && { id: focused.id, name: focused.name, value: focused.value, code: focused.dataset.code };
    const code = chosen().code;
    codes.setAttribute("aria-label", t("codes"));
    codes.hidden = offered().length === 0;
    fill(
      codes,
      offered().map((one, index) =>
        el("button", { type: "button", data: { code: one.code }, "aria-pressed": String(one.code === code), on: { click: () => choose(one.code) } }, el("span", { class: "mark", "aria-hidden": "true" }, one.code === code ? "✓" : ""), one.display_name, index < 9 ? el("kbd", { "aria-hidden": "true" }, String(index + 1)) : null),
      ),
    );
    fill(fields, (desk.store.house?.fields ?? []).filter(suits).map(field));
    finish.replaceChildren(t("finish"), el("kbd", { "aria-hidden": "true" }, "F"));
    if (again?.code) codes.querySelector(`[data-code="${CSS.escape(again.code)}"]`)?.focus();
    else if (again?.name) fields.querySelector(`[name="${CSS.escape(again.name)}"][value="${CSS.escape(again.value)}"]`)?.focus();
    else if (again?.id) document.getElementById(again.id)?.focus();
  }
  return { place, render, pick: (index) => (contact?.state === "wrapping" && offered()[index] ? choose(offered()[index].code) : false) };
}
