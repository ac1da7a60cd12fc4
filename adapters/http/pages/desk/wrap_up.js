// After the contact: what it was about, and done.

import { el } from "./dom.js";
import { t } from "./words.js";

export function wrapUp(desk) {
  const title = el("h3", {});
  const left = el("span", { class: "left" });
  const finish = el("button", { type: "button", class: "primary", on: { click: () => desk.finish(contact) } });
  const place = el("div", { class: "wrap-up", hidden: true }, el("div", { class: "wrap-up-head" }, title, left), finish);
  let contact = null;

  function render(current) {
    contact = current;
    place.hidden = current.state !== "wrapping";
    if (place.hidden) return;
    title.textContent = current.ended_by ? t(`ended_by.${current.ended_by}`) : t("contact.wrapping");
    if (current.until_ns) left.dataset.until = String(current.until_ns);
    else delete left.dataset.until;
    left.hidden = !current.until_ns;
    finish.textContent = t("finish");
  }
  return { place, render };
}
