// What is asked about a case: how it was settled or why it is open again, in a sentence; and what a new one is about.

import { about, dialog } from "./dialogs.js";
import { el } from "./dom.js";
import { t } from "./words.js";

const NUMBER_MAX = 128;

/** Asks for a sentence that is said while the contact is in hand, and hands it on. */
export function sayDialog(desk, contact, { key, title, asked }, then) {
  const said = el("textarea", { id: "said", rows: 3, maxLength: 1024, required: true });

  function submit(event) {
    event.preventDefault();
    if (!said.value.trim()) return;
    shown.close();
    forget();
    then(said.value.trim());
  }
  const send = el("button", { type: "submit", class: "primary" }, title);
  const form = el("form", { class: "say", on: { submit } }, el("label", { for: "said" }, asked), said, send);
  const forget = desk.store.drafts.follow(form, contact.id, key, { said });
  const shown = about(contact, "held", dialog(title, form));
  said.focus();
}

/** Where a customer may be called back, as far as the contact says it. */
function numberOf({ attributes, channel, customer }) {
  return (attributes?.callback_number ?? (channel === "voice" ? attributes?.number ?? customer : "") ?? "").slice(0, NUMBER_MAX);
}

/** Asks what a case is about, and opens it. */
export function openCaseDialog(desk, contact) {
  const kinds = desk.store.house.cases;
  const choices = kinds.map((one) => el("option", { value: one.kind }, one.display_name));
  const kind = el("select", { id: "case-kind", on: { change: () => renew() } }, choices);
  const subject = el("textarea", { id: "case-subject", rows: 3, maxLength: 512, required: true });
  const number = el("input", { id: "case-number", type: "tel", maxLength: NUMBER_MAX, value: numberOf(contact) });
  const numberPlace = el("div", { class: "field" }, el("label", { for: "case-number" }, t("case_number")), number);
  const told = el("p", { class: "empty" });

  function renew() {
    const { report_to: reportTo } = kinds.find((one) => one.kind === kind.value);
    numberPlace.hidden = reportTo !== "customer";
    number.required = reportTo === "customer";
    told.textContent = t(`case_report.${reportTo}`);
  }

  function submit(event) {
    event.preventDefault();
    if (!subject.value.trim()) return;
    shown.close();
    forget();
    const calledAt = numberPlace.hidden ? "" : number.value.trim();
    const command = { verb: "open_case", contact_id: contact.id, kind: kind.value, subject: subject.value.trim(), number: calledAt };
    desk.acts.ofCase(contact, command);
  }
  const form = el(
    "form",
    { class: "say", on: { submit } },
    el("label", { for: "case-kind" }, t("of_case.case_kind")),
    kind,
    el("label", { for: "case-subject" }, t("case_about")),
    subject,
    numberPlace,
    told,
    el("button", { type: "submit", class: "primary" }, t("open_case")),
  );
  const forget = desk.store.drafts.follow(form, contact.id, "open_case", { kind, subject, number });
  renew();
  const shown = about(contact, "held", dialog(t("open_case"), form));
  subject.focus();
}
