// The customer's cases: opened from the contact in hand, settled there and opened again.

import { openCaseDialog, sayDialog } from "./case_dialogs.js";
import { el, fill } from "./dom.js";
import { by, day, t } from "./words.js";

/** Asks how a case was settled, or why it is open again, and says so. */
export function settle(desk, contact, caseId, verb) {
  const field = verb === "resolve_case" ? "resolution" : "reason";
  sayDialog(desk, contact, { key: `${verb} ${caseId}`, title: t(verb), asked: t(`${verb}_why`) }, (said) => desk.acts.ofCase(contact, { verb, contact_id: contact.id, case_id: caseId, [field]: said }));
}

export const mayOpenCase = (desk, contact) => Boolean(contact && contact.state !== "offered" && contact.channel !== "task" && desk.store.house?.cases.length);

/** Whether a contact in hand is the task of a case that is still to be resolved. */
export const mayResolve = (contact) => Boolean(contact?.channel === "task" && contact.attributes?.case_id && !contact.attributes.resolution);

/** Who did the last thing to a case. */
export const lastBy = (one) => (one.state === "resolved" ? one.resolved_by : one.reopened ? one.reopened_by : one.opened_by);

export function casesView(desk) {
  const title = el("h3", { id: "cases-title" });
  const list = el("ul", { class: "cases", "aria-labelledby": "cases-title" });
  const open = el("button", { type: "button", class: "open-case", on: { click: () => openCaseDialog(desk, contact) } });
  const place = el("section", { class: "case-place" }, title, list, open);
  let contact = null;

  function button(one, verb) {
    return el("button", { type: "button", on: { click: () => settle(desk, contact, one.id, verb) } }, t(verb));
  }

  function make(one) {
    const isOpen = one.state === "open";
    const when = isOpen ? t(one.overdue ? "case_overdue" : "case_due", { time: day(one.deadline_ns) }) : by("case_resolved", desk.names.agent(one.resolved_by), { time: day(one.resolved_ns) });
    return el(
      "li",
      { class: `case is-${isOpen ? (one.overdue ? "overdue" : "open") : "resolved"}` },
      el("p", { class: "case-subject" }, `${desk.names.kind(one.kind)} ${one.id}: ${one.subject}`),
      el("p", { class: "case-when" }, when, isOpen && one.task_agent ? ` · ${desk.names.agent(one.task_agent)}` : ""),
      one.resolution && !isOpen ? el("p", { class: "case-said" }, one.resolution) : null,
      one.reason && isOpen ? el("p", { class: "case-said" }, by("case_again", desk.names.agent(one.reopened_by), { why: one.reason })) : null,
      contact.state === "offered" ? null : button(one, isOpen ? "resolve_case" : "reopen_case"),
    );
  }

  function render(current) {
    contact = current;
    const cases = (current && desk.store.cases.get(current.id)) ?? [];
    place.hidden = !current || (!cases.length && !mayOpenCase(desk, current));
    if (place.hidden) return;
    const signature = JSON.stringify([current.id, current.state, current.channel, cases, document.documentElement.lang]);
    if (list.dataset.signature === signature) return;
    list.dataset.signature = signature;
    title.textContent = t("cases");
    open.replaceChildren(t("open_case"), el("kbd", { "aria-hidden": "true" }, "C"));
    open.hidden = !mayOpenCase(desk, current);
    fill(list, cases.map(make));
  }
  return { place, render };
}
