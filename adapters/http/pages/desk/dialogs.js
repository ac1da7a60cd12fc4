// The windows above the desk: how each is made, what closes one that asks about a contact, and the question whether.

import { el } from "./dom.js";
import { t } from "./words.js";

export function dialog(title, ...children) {
  const close = el("button", { type: "button", class: "quiet", "aria-label": t("close"), on: { click: () => made.close() } }, "✕");
  const head = el("div", { class: "dialog-head" }, el("h2", { id: "dialog-title" }, title), close);
  const made = el("dialog", { "aria-labelledby": "dialog-title" }, head, ...children);
  made.addEventListener("close", () => made.remove());
  made.addEventListener("click", (event) => event.target === made && made.close());
  document.body.append(made);
  made.showModal();
  return made;
}

/** What is asked of a contact is asked while it is `served`, or `held`, where wrap-up counts, too. */
export function about(contact, whilst, shown) {
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

/** Asks whether something is really to be done, to a contact perhaps; the desk goes on beneath. */
export function sureDialog(question, word, then, contact = undefined) {
  const sure = el("button", { type: "button", class: "danger", on: { click: () => (shown.close(), then()) } }, word);
  const not = el("button", { type: "button", on: { click: () => shown.close() } }, t("cancel"));
  const shown = dialog(question, el("div", { class: "answers" }, not, sure));
  if (contact) about(contact, "served", shown);
  (contact ? not : sure).focus(); // a key asked about the contact: who types on means another, so a space does no harm
}
