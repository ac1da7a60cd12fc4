// Who waits: over all queues the longest first, or one queue's line in the order of service; and why.

import { el, put, mark, keyed, show } from "./dom.js";
import { store, waiting, queues, ageS, shown, sum } from "./store.js";
import { folded } from "../common/texts.js";
import { t, number, duration } from "./words.js";
import { get } from "./link.js";
import { person } from "./switches.js";

const SHOWN = 200;
/** So many the service tells of, over all queues and of one; a shorter list is whole, and its heading counts what stands below it. */
const TOLD = 50, TOLD_OF_ONE = 500;
/** How often one queue's line is asked for, and how soon where the queue says that it is another by now. */
const AGAIN_MS = 3000, SOON_MS = 500;
/** What is looked at, which the block's being built anew does not change. */
const kept = { queue: "", words: "" };

export function build(act) {
  const rows = el("tbody", { role: "rowgroup", id: "waiting-rows" });
  const heading = el("h2", { id: "waiting-title" }), back = el("button", { type: "button", class: "small", hidden: true, on: { click: () => choose("") } }, t("all_queues"));
  const search = el("input", { type: "search", id: "waiting-search", placeholder: t("search"), "aria-label": t("search_waiting"), value: kept.words, on: { input: () => { kept.words = search.value; redraw(); } } });
  const head = el("thead", { role: "rowgroup" }, el("tr", { role: "row" }, ...["place", "caller", "queue", "waits", "why"].map((name) => el("th", {
    role: "columnheader", scope: "col", class: name === "waits" ? "number" : `c-${name}` }, t(`column_${name}`)))));
  const empty = el("p", { class: "empty" }), more = el("p", { class: "empty", hidden: true });
  const table = el("table", { class: "waiting", role: "table" }, el("caption", { class: "unseen" }, t("caption_waiting")), head, rows);
  const node = el("section", { class: "block", "data-block": "waiting", "aria-labelledby": "waiting-title" },
    el("div", { class: "heading" }, heading, back, search),
    el("div", { class: "frame scroll", tabindex: 0, role: "group", "aria-labelledby": "waiting-title" }, table, empty, more));
  let chosen = kept.queue, line = null, asked = 0;
  show(back, Boolean(chosen));

  function choose(queue) {
    [chosen, line] = [kept.queue = queue, null];
    show(back, Boolean(queue));
    asked = 0;
    refresh();
    redraw();
    if (queue) heading.scrollIntoView({ block: "nearest" });
  }

  async function refresh() {
    if (!chosen || store.pastMs !== null || Date.now() - asked < (line && line.contacts.length !== Math.min(waitingIn(chosen), TOLD_OF_ONE) ? SOON_MS : AGAIN_MS)) return;
    asked = Date.now();
    const queue = chosen;
    try {
      const found = await get(`/api/v1/boards/${encodeURIComponent(store.board.board)}/waiting?queue=${encodeURIComponent(queue)}&limit=${TOLD_OF_ONE}`);
      if (queue === chosen) line = found;
    } catch { return; /* the list of all queues stands */ }
    redraw();
  }

  function redraw() {
    const words = folded(search.value.trim());
    const listed = chosen && line && store.pastMs === null ? line.contacts : waiting().filter((one) => !chosen || one.queue === chosen);
    const found = words ? listed.filter((one) => folded(`${one.asked_by} ${one.caller} ${one.contact} ${nameOf(one.queue)}`).includes(words)) : listed;
    const counted = chosen ? waitingIn(chosen) : sum(queues(), "waiting"), isWhole = listed.length < (listed === line?.contacts ? TOLD_OF_ONE : TOLD);
    const total = isWhole ? listed.length : Math.max(counted, listed.length);
    put(heading, chosen ? t("waiting_in", { queue: nameOf(chosen), count: total }) : t("block_waiting", { count: total }));
    keyed(rows, found.slice(0, SHOWN), (one) => one.contact, (one) => make(one, act), update);
    mark(table, "data-one", chosen ? "yes" : "no");
    show(table, found.length > 0);
    show(empty, !found.length);
    put(empty, words ? t("nothing_found") : t("note_nobody_waits"));
    const all = words ? found.length : total;
    const rest = all - Math.min(found.length, SHOWN);
    show(more, rest > 0);
    put(more, t("and_more", { count: rest }));
  }

  return { node, choose, draw: () => { refresh(); redraw(); }, tick: () => { refresh(); for (const view of rows.views?.values() ?? []) tick(view); } };
}

const waitingIn = (queue) => store.queues.get(queue)?.waiting ?? 0;
const nameOf = (queue) => (store.queues.has(queue) ? shown(store.queues.get(queue)) : queue);

function make(contact, act) {
  const place = el("td", { role: "cell", class: "c-place" }), caller = el("span"), channel = el("span", { class: "channel" });
  const dots = el("span", { class: "dots", "aria-hidden": "true" }, "⋯");
  const who = act.may() ? el("button", { type: "button", class: "plain opens", title: t("commands"), on: { click: () => act.contact(view.contact) } }, caller, dots) : caller;
  const queue = el("td", { role: "cell", class: "c-queue" }), waits = el("td", { role: "cell", class: "number" }), why = el("td", { role: "cell", class: "why" });
  const node = el("tr", { role: "row" }, place, el("th", { role: "rowheader", scope: "row", title: contact.contact }, who, channel), queue, waits, why);
  const view = { node, place, caller, channel, queue, waits, why };
  return view;
}

function update(view, contact) {
  view.contact = contact;
  put(view.place, contact.position ? number(contact.position) : "");
  const caller = contact.caller || t("not_known");
  put(view.caller, contact.asked_by ? t("asks_about", { agent: person(contact.asked_by), customer: caller }) : caller);
  put(view.channel, contact.channel === "voice" ? "" : t(`channel_${contact.channel}`));
  put(view.queue, nameOf(contact.queue));
  const why = t(`why_${contact.why_code}`, { count: contact.why_count, agent: person(contact.why_agent) || t("agents", { count: contact.why_count }) })
    + (contact.why_silent ? `, ${t("why_also_silent", { count: contact.why_silent })}` : "");
  const expected = contact.expected_s === undefined || contact.expected_s === null ? "" : ` · ${t("expected_in", { wait: duration(contact.expected_s) })}`;
  put(view.why, (contact.priority ? `${why} · ${t("priority_of", { count: contact.priority })}` : why) + expected);
  tick(view);
}

function tick(view) {
  const { contact } = view, seconds = ageS(contact.since_ns);
  put(view.waits, duration(seconds));
  const pair = store.board?.thresholds[contact.queue]?.oldest_wait_s;
  mark(view.waits, "data-level", pair && seconds >= pair.alert ? "alert" : pair && seconds >= pair.warn ? "warn" : "");
}
