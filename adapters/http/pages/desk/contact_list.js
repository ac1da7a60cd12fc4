// The contacts in hand, as tabs: who, since when, what is unread.

import { el, keep } from "./dom.js";
import { calledBackAt, initials, what } from "./people.js";
import { t } from "./words.js";

// How much the agent carries, on the channels of their queues.
function loads({ agent, house }) {
  const served = new Set(house?.queues.filter((one) => agent?.queues.includes(one.queue)).map((one) => one.channel));
  return Object.entries(agent?.loads ?? {}).filter(([channel, load]) => load.used || !served.size || served.has(channel));
}

export function contactList(desk) {
  const list = el("ul", { class: "contact-list" });
  const title = el("h2", {});
  const load = el("p", { class: "load" });
  const empty = el("p", { class: "empty" });
  const place = el("nav", { class: "contacts", "aria-labelledby": "contacts-title" }, title, load, list, empty);
  title.id = "contacts-title";
  let shown = 0;

  function make(contact) {
    return el(
      "li",
      {},
      el(
        "button",
        { type: "button", class: "contact", on: { click: () => desk.choose(contact.id, true) } },
        el("span", { class: "face", "aria-hidden": "true" }),
        el("span", { class: "contact-text" }, el("span", { class: "contact-name" }), el("span", { class: "contact-last" })),
        el("span", { class: "contact-side" }, el("span", { class: "timer" }), el("span", { class: "unread", hidden: true })),
      ),
    );
  }

  function update(item, contact) {
    const button = item.firstElementChild;
    const conversation = desk.store.conversation(contact.id);
    const last = desk.store.shown(contact.id).at(-1);
    const unread = contact.channel === "voice" ? 0 : conversation.unread;
    button.setAttribute("aria-current", String(contact.id === desk.store.chosen));
    button.dataset.state = contact.state;
    const name = desk.names.customer(contact);
    button.querySelector(".face").textContent = contact.channel === "voice" ? "☎" : initials(name);
    button.querySelector(".contact-name").textContent = name;
    button.querySelector(".contact-last").textContent =
      contact.state === "wrapping" || contact.state === "held"
        ? t(`contact.${contact.state}`)
        : conversation.typing
          ? t("is_typing")
          : (last?.text || (last?.attachment ? last.attachment.name : "") || (calledBackAt(contact) ? what(contact) : desk.names.queue(contact.queue)));
    button.querySelector(".timer").dataset.since = String(contact.since_ns);
    const badge = button.querySelector(".unread");
    badge.hidden = unread === 0;
    badge.replaceChildren(String(unread), el("span", { class: "unseen" }, ` ${t("unread")}`));
  }

  function render() {
    const held = desk.store.held;
    title.textContent = t("in_hand", { n: held.length });
    load.textContent = loads(desk.store).map(([channel, { used, capacity }]) => `${t(`channel.${channel}`)} ${used}/${capacity}`).join(" · ");
    empty.textContent = t("nothing_in_hand");
    empty.hidden = held.length > 0;
    keep(list, held, (contact) => contact.id, make, update);
    if (shown === desk.store.chosen) return;
    shown = desk.store.chosen;
    list.querySelector("[aria-current=true]")?.scrollIntoView({ block: "nearest" });
  }
  return { place, render };
}
