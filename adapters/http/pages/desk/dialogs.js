// The windows above the desk: to whom a contact goes, and which key does what.

import { el, fill, keep } from "./dom.js";
import { signInView } from "./sign_in.js";
import { t } from "./words.js";

const NUMBER_MAX = 128;

function dialog(title, ...children) {
  const made = el(
    "dialog",
    { "aria-labelledby": "dialog-title" },
    el("div", { class: "dialog-head" }, el("h2", { id: "dialog-title" }, title), el("button", { type: "button", class: "quiet", "aria-label": t("close"), on: { click: () => made.close() } }, "✕")),
    ...children,
  );
  made.addEventListener("close", () => made.remove());
  made.addEventListener("click", (event) => event.target === made && made.close());
  document.body.append(made);
  made.showModal();
  return made;
}

// What is asked of a contact is asked while it is `served`, or `held`, where wrap-up counts, too.
function about(contact, whilst, shown) {
  shown.dataset.contact = contact.id;
  shown.dataset.whilst = whilst;
  return shown;
}

/**
 * Closes what asks about a contact that is over, or no longer served; returns whether there was one. What has a field says so
 * and stays until it is left: whoever is writing there goes on writing, and none of it is keys of the desk.
 */
export function closeOutdated(store) {
  const outdated = [...document.querySelectorAll("dialog[data-contact]:not([data-outdated])")].filter(({ dataset }) => {
    const contact = store.items.get(`contact:${dataset.contact}`);
    return !contact || (dataset.whilst === "served" && contact.state === "wrapping");
  });
  const [stay, gone] = [true, false].map((stays) => outdated.filter((shown) => Boolean(shown.querySelector("input, textarea")) === stays));
  for (const shown of stay) {
    shown.dataset.outdated = "";
    shown.querySelector(".dialog-head").after(el("p", { class: "outdated", role: "alert" }, t(shown.dataset.whilst === "served" ? "ended_no_more" : "ended_still_taken")));
  }
  for (const shown of gone) shown.close();
  return gone.length > 0;
}

/** Takes every dialog away; returns what shows those again in which somebody has written. */
export function closeAll() {
  const shown = [...document.querySelectorAll("dialog")];
  const written = shown.filter((one) => [...one.querySelectorAll("textarea")].some((field) => field.value.trim()));
  for (const one of shown) if (written.includes(one)) one.remove();
  for (const one of shown) if (!written.includes(one)) one.close();
  return () => written.forEach((one) => {
    one.removeAttribute("open");
    document.body.append(one);
    one.showModal();
    one.querySelector("textarea").focus();
  });
}

const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").replaceAll("đ", "d").replaceAll("Đ", "D").toLowerCase();

/** Asks whether something is really to be done, to a contact perhaps; the desk goes on beneath. */
export function sureDialog(question, word, then, contact = undefined) {
  const sure = el("button", { type: "button", class: "danger", on: { click: () => (shown.close(), then()) } }, word);
  const not = el("button", { type: "button", on: { click: () => shown.close() } }, t("cancel"));
  const shown = dialog(question, el("div", { class: "answers" }, not, sure));
  if (contact) about(contact, "served", shown);
  (contact ? not : sure).focus(); // a key asked about the contact: who types on means another, so a space does no harm
}

/** Asks for a sentence that is said while the contact is in hand, and hands it on. */
export function sayDialog(desk, contact, { key, title, asked }, then) {
  const said = el("textarea", { id: "said", rows: 3, maxLength: 1024, required: true });
  const form = el("form", { class: "say", on: { submit: (event) => (event.preventDefault(), said.value.trim() && (form.closest("dialog").close(), forget(), then(said.value.trim()))) } }, el("label", { for: "said" }, asked), said, el("button", { type: "submit", class: "primary" }, title));
  const forget = desk.store.drafts.follow(form, contact.id, key, { said });
  about(contact, "held", dialog(title, form));
  said.focus();
}

/** Asks once more who sits here, and hands the new session on. */
export function signInDialog(desk, then) {
  const shown = dialog(t("sign_in_again"), signInView((session) => (shown.close(), then(session)), "", desk.me, "div"));
}

/** Asks what a case is about, and opens it. */
export function openCaseDialog(desk, contact) {
  const kinds = desk.store.house.cases;
  const kind = el("select", { id: "case-kind", on: { change: () => renew() } }, kinds.map((one) => el("option", { value: one.kind }, one.display_name)));
  const subject = el("textarea", { id: "case-subject", rows: 3, maxLength: 512, required: true });
  const number = el("input", { id: "case-number", type: "tel", maxLength: NUMBER_MAX, value: (contact.attributes?.callback_number ?? contact.attributes?.number ?? (contact.channel === "voice" ? contact.customer : "") ?? "").slice(0, NUMBER_MAX) });
  const numberPlace = el("div", { class: "field" }, el("label", { for: "case-number" }, t("case_number")), number);
  const told = el("p", { class: "empty" });
  const renew = () => {
    const { report_to: reportTo } = kinds.find((one) => one.kind === kind.value);
    numberPlace.hidden = reportTo !== "customer";
    number.required = reportTo === "customer";
    told.textContent = t(`case_report.${reportTo}`);
  };
  const open = (event) => {
    event.preventDefault();
    if (!subject.value.trim()) return;
    shown.close();
    forget();
    desk.acts.ofCase(contact, { verb: "open_case", contact_id: contact.id, kind: kind.value, subject: subject.value.trim(), number: numberPlace.hidden ? "" : number.value.trim() });
  };
  const form = el("form", { class: "say", on: { submit: open } }, el("label", { for: "case-kind" }, t("of_case.case_kind")), kind, el("label", { for: "case-subject" }, t("case_about")), subject, numberPlace, told, el("button", { type: "submit", class: "primary" }, t("open_case")));
  const forget = desk.store.drafts.follow(form, contact.id, "open_case", { kind, subject, number });
  renew();
  const shown = about(contact, "held", dialog(t("open_case"), form));
  subject.focus();
}

export async function transferDialog(desk, contact) {
  if (desk.outbox.isLeaving(contact.contact)) return;
  const search = el("input", { type: "search", id: "to", "aria-label": t("search_target"), placeholder: t("search_target"), autocomplete: "off" });
  const list = el("ul", { class: "targets" });
  const file = desk.acts.fileFirst(contact);
  const shown = about(contact, "served", dialog(t("transfer_title"), file ? el("p", { class: "of-file" }, file) : null, search, list));
  search.focus();
  const { queues } = desk.store.house;
  const fits = (one) => one.channel === contact.channel || one.channel === queues.find(({ queue }) => queue === contact.queue)?.channel; // its own queue takes it beside those of its own channel
  const queuesIf = (closed) => queues.filter((one) => one.queue !== contact.queue && fits(one)).map((one) => ({ kind: "queue", name: one.queue, text: one.display_name, under: [t("a_queue"), t(`channel.${one.channel}`), closed.has(one.queue) ? t("queue_closed") : ""].filter(Boolean).join(" · ") }));
  let targets = queuesIf(new Set());
  const to = (target) => {
    shown.close();
    desk.acts.do({ verb: "transfer", contact: contact.contact, [target.kind]: target.name });
  };
  const make = (target) => el("li", {}, el("button", { type: "button", class: "target", on: { click: () => to(target) } }, el("span", {}, target.text), el("span", { class: "target-under" }, target.under)));
  const render = () => {
    const wanted = plain(search.value);
    const found = targets.filter((one) => plain(`${one.text} ${one.name}`).includes(wanted));
    if (!found.length) fill(list, el("li", { class: "empty" }, t("no_target")));
    else keep(list, found, (one) => `${one.kind} ${one.name} ${one.under}`, make);
  };
  search.addEventListener("input", render);
  search.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && "outdated" in shown.dataset) shown.close(); // the browser's own empties the field first
    if (event.key === "Enter" && !("outdated" in shown.dataset)) list.querySelector("button")?.click();
  });
  render();
  const told = await desk.wire.ask({ what: "colleagues" });
  if (told.dropped) return;
  const takers = (told.colleagues ?? []).filter((one) => contact.channel in one.loads);
  targets = [...queuesIf(new Set(told.closed)), ...takers.map((one) => ({ kind: "agent", name: one.agent, text: one.display_name || one.agent, under: t(`state.${one.state}`) }))];
  render();
}

export function helpDialog(desk) {
  const keys = [["A", "key_accept"], ["D", "key_decline"], ["P", "key_pause"], ["R", "key_ready"], ["T", "transfer"], ["E", "key_end"], ["H", "key_hold"], ["1–9", "key_codes"], ["F", "finish"], ["↑ ↓", "key_contacts"], ["W", "key_write"], ["C", "open_case"], ["S", "resolve_case"], ["?", "key_help"]];
  const off = el("input", { type: "checkbox", id: "keys-on", checked: desk.keys.on, on: { change: (event) => desk.keys.set(event.target.checked) } });
  dialog(
    t("keys_title"),
    el("table", { class: "keys" }, el("caption", { class: "unseen" }, t("keys_title")), el("thead", { class: "unseen" }, el("tr", {}, el("th", { scope: "col" }, t("key")), el("th", { scope: "col" }, t("does")))), el("tbody", {}, keys.map(([key, word]) => el("tr", {}, el("th", { scope: "row" }, el("kbd", {}, key)), el("td", {}, t(word)))))),
    el("label", { class: "switch", for: "keys-on" }, off, t("keys_on")),
    el("p", { class: "empty" }, t("keys_note")),
  );
}
