// To whom a contact goes: a queue of its channel, or a colleague who serves it.

import { folded } from "../common/texts.js";
import { about, dialog } from "./dialogs.js";
import { el, fill, keep } from "./dom.js";
import { t } from "./words.js";

/** The queues that take a contact; what was `told` of them, that one is closed or that nobody serves it, stands below. */
function queuesFor(contact, queues, told) {
  const own = queues.find(({ queue }) => queue === contact.queue)?.channel; // its own queue takes it beside those of its own channel
  const fits = (one) => !one.for_colleagues && one.queue !== contact.queue && (one.channel === contact.channel || one.channel === own);
  const said = (one, names, word) => (names?.includes(one.queue) ? t(word) : "");
  const under = (one) => [t("a_queue"), t(`channel.${one.channel}`), said(one, told.closed, "queue_closed"), said(one, told.unserved, "queue_unserved")];
  return queues.filter(fits).map((one) => ({ kind: "queue", name: one.queue, text: one.display_name, under: under(one).filter(Boolean).join(" · ") }));
}

function colleaguesFor(contact, colleagues) {
  const takers = colleagues.filter((one) => contact.channel in one.loads);
  return takers.map((one) => ({ kind: "agent", name: one.agent, text: one.display_name || one.agent, under: t(`state.${one.state}`) }));
}

function targetList(onChosen) {
  const list = el("ul", { class: "targets" });

  function make(target) {
    const words = [el("span", {}, target.text), el("span", { class: "target-under" }, target.under)];
    return el("li", {}, el("button", { type: "button", class: "target", on: { click: () => onChosen(target) } }, words));
  }

  function show(targets, wanted) {
    const found = targets.filter((one) => folded(`${one.text} ${one.name}`).includes(folded(wanted)));
    if (!found.length) fill(list, el("li", { class: "empty" }, t("no_target")));
    else keep(list, found, (one) => `${one.kind} ${one.name} ${one.under}`, make);
  }
  return { list, show };
}

/** Asks to whom, by name; the queues at once, colleagues and what is closed as soon as the service has told them. */
export async function transferDialog(desk, contact) {
  if (desk.outbox.isLeaving(contact.contact)) return;
  const word = t("search_target");
  const search = el("input", { type: "search", id: "to", "aria-label": word, placeholder: word, autocomplete: "off" });
  const { list, show } = targetList((target) => {
    shown.close();
    desk.acts.do({ verb: "transfer", contact: contact.contact, [target.kind]: target.name });
  });
  const file = desk.acts.fileFirst(contact);
  const first = file ? el("p", { class: "of-file" }, file) : null;
  const shown = about(contact, "served", dialog(t("transfer_title"), first, search, list));
  search.focus();
  const { queues } = desk.store.house;
  let targets = queuesFor(contact, queues, {});
  search.addEventListener("input", () => show(targets, search.value));
  search.addEventListener("keydown", (event) => {
    const isOutdated = "outdated" in shown.dataset;
    if (event.key === "Escape" && isOutdated) shown.close(); // the browser's own empties the field first
    if (event.key === "Enter" && !isOutdated) list.querySelector("button")?.click();
  });
  show(targets, search.value);
  const told = await desk.wire.ask({ what: "colleagues" });
  if (told.dropped) return;
  targets = [...queuesFor(contact, queues, told), ...colleaguesFor(contact, told.colleagues ?? [])];
  show(targets, search.value);
}
