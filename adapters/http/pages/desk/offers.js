// What rings: who it is, for how much longer, and the two answers.

import { el, fill, keep } from "./dom.js";
import { clock, day, t } from "./words.js";
import { leftAt, what } from "./people.js";

// Where somebody writes, the letter alone is a part of the text. The keys are for the first alone.
const key = (letter) => el("kbd", { "aria-hidden": "true" }, el("span", { class: "with-alt" }, "Alt+"), letter);

export function offersView(desk) {
  const place = el("section", { class: "offers", "aria-labelledby": "offers-title", hidden: true });
  const title = el("h2", { id: "offers-title", class: "unseen" });
  const list = el("ul", { class: "offer-list" });
  place.append(title, list);

  function toldOf(contact) {
    const from = contact.from_agent ? t(contact.put_back ? "was_with" : "from_agent", { agent: desk.names.agent(contact.from_agent) }) : "";
    return [what(contact), leftAt(contact), desk.names.queue(contact.queue), from, t("waits_since", { time: clock(contact.waits_ns || contact.arrived_ns) })].filter(Boolean).join(" · ");
  }

  function make(contact) {
    const answers = el("div", { class: "offer-answers" });
    const accept = contact.at_phone
      ? el("p", { class: "on-phone" }, t(desk.store.agent?.phone_answers ? "phone_answers" : "answer_on_phone"), el("span", { class: "why" }, t(desk.store.agent?.phone_answers ? "phone_answers_why" : "answer_on_phone_why")))
      : el(
          "button",
          { type: "button", class: "primary", data: { does: "accept" }, on: { click: () => desk.acts.accept(contact) } },
          t("accept"),
          key("A"),
        );
    const decline = el(
      "button",
      { type: "button", data: { does: "decline" }, on: { click: () => desk.acts.decline(contact) } },
      t("decline"),
      key("D"),
    );
    answers.append(accept, decline);
    const bar = el("progress", { class: "countdown", "aria-label": t("rings_on"), max: 1, value: 1 });
    bar.dataset.until = String(contact.until_ns);
    bar.dataset.from = String(contact.since_ns);
    const left = el("span", { class: "left" });
    if (contact.until_ns) left.dataset.until = String(contact.until_ns);
    return el(
      "li",
      { class: "offer" },
      el("span", { class: "offer-icon", "aria-hidden": "true" }, contact.channel === "voice" ? "☎" : "✉"),
      el(
        "div",
        { class: "offer-who" },
        el("h3", {}),
        el("p", {}, toldOf(contact)),
        el("p", { class: "offer-known" }),
      ),
      contact.until_ns ? el("div", { class: "offer-left" }, left, bar) : null,
      answers,
    );
  }

  // What is known of them, whatever else is in hand: how often they came, what colleagues wrote last, and what is open.
  function update(item, contact) {
    item.classList.toggle("next", contact.id === desk.acts.nextOffer?.id);
    const earlier = desk.store.earlier.get(contact.id) ?? [];
    const open = (desk.store.cases.get(contact.id) ?? []).filter((one) => one.state === "open");
    const [name, heading] = [desk.names.customer(contact), item.querySelector("h3")];
    if (heading.textContent !== name) heading.textContent = name;
    const known = item.querySelector(".offer-known");
    const note = earlier.flatMap((one) => one.notes).reduce((last, one) => (last && last.at_ns > one.at_ns ? last : one), undefined);
    const words = [
      earlier.length ? t("earlier", { n: earlier.length }) : "",
      ...open.map((one) => `${desk.names.kind(one.kind)} ${one.id}: ${one.subject}`),
      note ? `${desk.names.agent(note.agent)}, ${day(note.at_ns)}: “${note.text}”` : "",
    ].filter(Boolean);
    const text = words.join(" · ");
    known.hidden = !text;
    if (known.textContent !== text) fill(known, text);
  }

  function render() {
    const offers = desk.store.offers;
    place.hidden = offers.length === 0;
    title.textContent = t("offers", { n: offers.length });
    keep(list, offers, (contact) => `${contact.id} ${contact.since_ns} ${document.documentElement.lang}`, make, update);
  }
  return { place, render };
}
