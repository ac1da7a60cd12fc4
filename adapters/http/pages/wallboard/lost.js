// Who was lost lately: how often, whether somebody has spoken with them since, and a tick for having called back.

import { el, put, mark, keyed, show } from "./dom.js";
import { store, shown } from "./store.js";
import { t, number, duration, clock } from "./words.js";
import { getText } from "./link.js";
import { asking } from "./asking.js";
import { person } from "./switches.js";
import { refusal } from "./refusal.js";

const AGAIN_MS = 10000;

export function build(act) {
  const rows = el("tbody", {}), heading = el("h2", { id: "lost-title" }), empty = el("p", { class: "empty" });
  const csv = el("button", { type: "button", class: "small", on: { click: () => download() } }, "CSV");
  csv.setAttribute("aria-label", t("lost_csv"));
  const note = el("span", { class: "quiet small-text" });
  const table = el("table", { class: "lost" }, el("caption", { class: "unseen" }, t("caption_lost")),
    el("thead", {}, el("tr", {}, ...["caller", "queue", "when", "waited", "how", "since"].map((name) => el("th", { scope: "col", class: name === "waited" || name === "when" ? "number" : "" }, t(`lost_${name}`))))), rows);
  const node = el("section", { class: "block", "data-block": "lost", "aria-labelledby": "lost-title" },
    el("div", { class: "heading" }, heading, note, act.kiosk() ? null : csv), el("div", { class: "frame scroll", tabindex: 0, role: "group", "aria-labelledby": "lost-title" }, table, empty));
  const address = (...more) => `/api/v1/boards/${encodeURIComponent(store.board.board)}/lost?${more.filter(Boolean).join("&")}`;
  let found = null, failed = false, moment = "";
  const refresh = asking(AGAIN_MS, (at) => address(moment = at), (answer) => {
    [found, failed] = [answer, answer === null];
    paint();
  });

  function paint() {
    const forgotten = store.pastMs !== null && found?.whole_from_ns > found?.since_ns, known = forgotten ? null : found, listed = known?.contacts ?? [];
    put(heading, known ? t("block_lost", { count: known.total }) : t("lost_last_hour"));
    put(note, known?.total ? t("lost_customers", { count: known.customers }) : "");
    keyed(rows, listed, (one) => String(one.id), (one) => make(one, act, () => refresh(true)), update);
    show(table, listed.length > 0);
    show(csv, !forgotten);
    show(empty, forgotten || failed || Boolean(known && !listed.length));
    put(empty, t(failed ? "replay_failed" : forgotten ? "lost_forgotten" : "nobody_lost"));
  }
  async function download() {
    let text;
    try {
      text = await getText(address(moment, "format=csv", "limit=2000"));
    } catch (error) {
      put(note, refusal(error, "order_failed"));
      return;
    }
    const link = el("a", { href: URL.createObjectURL(new Blob(["\ufeff", text], { type: "text/csv" })), download: "lost.csv" });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }
  return { node, draw: () => { refresh(); paint(); }, tick: () => refresh(), shown: () => { refresh(); paint(); } };
}

function make(one, act, again) {
  const caller = el("span"), times = el("span", { class: "times" }), cells = Object.fromEntries(["queue", "when", "waited", "how", "since"].map((name) => [name, el("td", { class: name === "waited" || name === "when" ? "number" : "" })]));
  const text = el("span"), press = el("button", { type: "button", class: "small", on: { click: async () => { if (await act.calledBack(one.id)) again(); } } }, t("called_back"));
  cells.since.append(text, act.may() ? press : "");
  return { node: el("tr", {}, el("th", { scope: "row", title: one.contact }, caller, times), ...Object.values(cells)), caller, times, cells, text, press };
}

function update(view, one) {
  const zone = store.board.time_zone, queue = store.queues.get(one.queue);
  put(view.caller, one.caller || t("not_known"));
  put(view.times, one.times > 1 ? t("times", { count: one.times }) : "");
  put(view.cells.queue, queue ? shown(queue) : one.queue);
  put(view.cells.when, clock(one.lost_ns / 1e6, zone));
  put(view.cells.waited, duration(one.wait_s));
  put(view.cells.how, t(`exit_${one.exit}`));
  const done = one.called_back_ns ? t("called_back_by", { by: person(one.called_back_by) || "–", at: clock(one.called_back_ns / 1e6, zone) }) : one.reached_ns ? t("reached_at", { at: clock(one.reached_ns / 1e6, zone) }) : "";
  put(view.text, done ? `✓ ${done}` : "");
  mark(view.node, "data-done", done ? "yes" : "");
  show(view.press, !done);
  mark(view.press, "aria-label", t("called_back_who", { who: one.caller || one.contact, count: number(one.id) }));
}
