// Agents as squares: what each does and for how long, closer together the more there are.

import { el, put, mark, keyed, calmly, show } from "./dom.js";
import { store, ageS, shown } from "./store.js";
import { folded } from "../common/texts.js";
import { t, number, duration, initials, alike } from "./words.js";
import { privacy } from "./switches.js";
import { SIZES, fit, over, isWhole, isLow, leastHigh, widest } from "./room.js";
import { ORDER, SIGN } from "./states.js";
import { after } from "./after.js";

const RANK = new Map(ORDER.map((state, rank) => [state, rank]));
const ALL = 1000, MANY = 80, FEW = 10, LONG_S = 600;
/** What is looked for, which the block's being built anew does not change. */
const chosen = { words: "", site: "", only: "" };

export function build(act) {
  const summary = el("ul", { class: "summary", "aria-label": t("block_agents") }), place = el("ul", { class: "agents", id: "agents" });
  const search = el("input", { type: "search", id: "agent-search", placeholder: t("search"), "aria-label": t("search_agents"), value: chosen.words, on: { input: () => { chosen.words = search.value; redraw(); } } });
  const site = el("select", { "aria-label": t("site"), on: { change: () => { chosen.site = site.value; redraw(); } } });
  const empty = el("p", { class: "empty" }), sign = el("span", { class: "sign", "aria-hidden": "true" }, SIGN.offline), away = el("span");
  const fold = el("button", { type: "button", class: "count folded", "aria-controls": "agents", on: { click: () => { opened = !opened; redraw(); } } }, sign, away);
  const frame = el("div", { class: "frame scroll padded", tabindex: 0, role: "group", "aria-labelledby": "agents-title" }, place, fold, empty);
  const node = el("section", { class: "block", "data-block": "agents", "aria-labelledby": "agents-title" },
    el("div", { class: "heading" }, el("h2", { id: "agents-title" }, t("block_agents")), summary, site, search),
    frame);
  let { only } = chosen, sites = "", room = "", fitted = -1, letters = 0, least = 0, opened = false;
  // In the frame in which the room changes, or half a row is painted; where squares make the room, in the next.
  new ResizeObserver(() => (isWhole() && frame.isConnected && leastHigh(frame, place, fitted, letters) === least ? refit() : requestAnimationFrame(refit))).observe(frame);

  function refit() {
    fitted = -1;
    if (frame.isConnected) redraw();
  }

  function enter(wanted) {
    room = wanted;
    mark(place, "data-room", room);
    for (const view of place.views?.values() ?? []) update(view, view.agent, privacy(), room);
  }

  function redraw() {
    const all = [...store.agents.values()], words = folded(search.value.trim());
    const counts = ORDER.map((state) => ({ state, count: all.filter((agent) => agent.state === state).length })).filter((one) => one.count || one.state === only);
    keyed(summary, counts, (one) => one.state, (one) => makeCount(one, () => { only = chosen.only = only === one.state ? "" : one.state; redraw(); }), (view, one) => {
      put(view.count, number(one.count));
      put(view.word, t(`state_${one.state}`));
      mark(view.press, "aria-pressed", String(only === one.state));
    });
    const known = [...new Map(all.filter((agent) => agent.site).map((agent) => [agent.site, siteOf(agent)]))].sort((one, other) => alike(one[1], other[1]));
    show(site, known.length > 1);
    if (sites !== known.join("\n")) {
      sites = known.join("\n");
      site.replaceChildren(new Option(t("all_sites"), ""), ...known.map(([name, words]) => new Option(words, name)));
      site.value = known.some(([name]) => name === chosen.site) ? chosen.site : "";
    }
    const found = all.filter((agent) => (!only || agent.state === only) && (!site.value || agent.site === site.value) &&
      (!words || (!privacy() && folded(`${shown(agent)} ${agent.agent} ${agent.site} ${siteOf(agent)}`).includes(words))));
    const hidden = privacy(), key = (agent) => agent.agent, squares = atWork(found).slice(0, ALL);
    if (!room) enter(SIZES[0][0]);
    mark(place, "data-many", found.length > MANY ? "yes" : found.length <= FEW ? "few" : "no");
    calmly(place, squares, key, (one, other) => RANK.get(one.state) - RANK.get(other.state) || (one.agent < other.agent ? -1 : 1), `${only} ${site.value} ${words} ${opened}`);
    keyed(place, squares, key, (agent) => make(agent, act), (view, agent) => update(view, agent, hidden, room));
    show(empty, !found.length);
    put(empty, all.length ? t("nothing_found") : t("no_agents"));
    if (fitted !== squares.length) {
      fitted = squares.length;
      letters = widest(squares.map((agent) => tiny(brief(agent))), place);
      least = leastHigh(frame, place, fitted, letters);
      node.parentElement?.style.setProperty("--least", `${least}px`);
      fit(frame, place, fitted, letters, enter);
      abridge();
    }
  }

  /** A name that finds no room in one line is shortened; all are looked at together, as each look has the page laid out. */
  function abridge() {
    const views = [...place.views.values()];
    for (const view of views) putName(view, false);
    const tight = views.map(({ name }) => name.scrollWidth > name.clientWidth);
    views.forEach((view, at) => putName(view, tight[at]));
  }

  /** Where many share a low screen, all but those who are offline; they are counted, and come when one asks. */
  function atWork(found) {
    const present = found.filter((agent) => agent.state !== "offline"), gone = found.length - present.length;
    const folds = isLow() && found.length > MANY && gone > 0 && !only && !site.value && !search.value.trim();
    show(fold, folds);
    mark(fold, "aria-expanded", String(opened));
    put(away, t(opened ? "offline_fold" : "offline_show", { count: gone }));
    return folds && !opened ? present : found;
  }

  /** Squares grow by what they say, as the reason of a pause. */
  function outgrown() {
    if (room === "packed" || !over(frame)) return;
    fitted = -1;
    redraw();
  }
  return { node, draw: redraw, tick: () => {
    if (place.unsettled) redraw();
    for (const view of place.views?.values() ?? []) tick(view);
    outgrown();
  } };
}

/** "Nguyễn Thị An" is "N. T. An": where there is little room, the name by which one is called stays whole. */
const abridged = (name) => (name.length < 11 ? name : name.split(/\s+/).map((word, place, all) => (place < all.length - 1 ? `${[...word][0]}.` : word)).join(" "));

/** "12′", or "5 h" from two hours on: where seconds find no room. */
const minutes = (seconds) => (seconds < 7200 ? `${Math.floor(seconds / 60)}′` : t("hours", { count: Math.floor(seconds / 3600) }));
/** "NTA17" is "A17": where there is least room, what tells most apart. */
const tiny = (short) => /\p{L}\d+$/u.exec(short)?.[0] ?? short;
const brief = (agent) => (store.board?.unnamed ? shown(agent) : initials(shown(agent)));

const siteOf = (agent) => (agent.site_display_name || agent.site).normalize("NFC");

function makeCount(one, act) {
  const count = el("strong"), word = el("span");
  const press = el("button", { type: "button", class: "count", "data-state": one.state, on: { click: act } }, el("span", { class: "sign", "aria-hidden": "true" }, SIGN[one.state]), count, word);
  return { node: el("li", {}, press), press, count, word };
}

function make(agent, act) {
  const name = el("span", { class: "name" }), short = el("span", { class: "short", "aria-hidden": "true" }), sign = el("span", { class: "sign", "aria-hidden": "true" }), word = el("span", { class: "word" });
  const timer = el("span", { class: "timer" }), reason = el("span", { class: "reason" }), slots = el("span", { class: "slots" });
  const mark_ = el("span", { class: "sign", "aria-hidden": "true" }), then = el("span", { class: "then" }), next = el("span", { class: "after", hidden: true }, mark_, then);
  const inner = [short, name, el("span", { class: "state" }, sign, word, timer), next, reason, slots];
  const box = act.mayStatus() ? el("button", { type: "button", class: "square", on: { click: () => act.agent(agent.agent) } }, ...inner) : el("div", { class: "square" }, ...inner);
  return { node: el("li", {}, box), box, name, short, sign, word, timer, next, mark: mark_, then, reason, slots };
}

function update(view, agent, hidden, room) {
  if (view.agent === agent && view.hidden === hidden && view.room === room) return;
  Object.assign(view, { agent, hidden, room });
  const short = brief(agent), full = hidden ? short : shown(agent);
  view.full = full;
  putName(view, view.tight);
  put(view.short, room === "packed" ? tiny(short) : short);
  mark(view.box, "data-state", agent.state);
  put(view.sign, SIGN[agent.state] ?? "");
  put(view.word, t(`state_${agent.state}`));
  put(view.reason, agent.state === "paused" ? agent.reason : "");
  const loads = Object.entries(agent.loads).filter(([, load]) => load.capacity > 1 || (load.used && Object.keys(agent.loads).length > 1));
  put(view.slots, loads.map(([channel, load]) => `${t(`channel_${channel}`)} ${load.used}/${load.capacity}`).join(" · "));
  tick(view);
}

function putName(view, tight) {
  view.tight = tight;
  put(view.name, tight && !view.hidden && view.room !== "roomy" ? abridged(view.full) : view.full);
}

function tick(view) {
  const { agent } = view, seconds = agent.state === "offline" || !agent.since_ns ? null : ageS(agent.since_ns);
  const limit = store.board?.time_limits_s[agent.state] ?? 0, over = limit > 0 && seconds !== null && seconds >= limit;
  const isLong = (view.room === "packed" && seconds >= LONG_S) || (view.room === "dense" && over && seconds >= LONG_S);
  put(view.timer, seconds === null ? "" : isLong ? minutes(seconds) : duration(seconds));
  mark(view.box, "data-over", over ? "yes" : "");
  const beside = after(agent), [first] = beside, words = beside.map(([, said]) => said);
  show(view.next, Boolean(first));
  mark(view.next, "data-state", first?.[0] ?? "");
  put(view.mark, first ? SIGN[first[0]] : "");
  put(view.then, words.join(" · "));
  mark(view.box, "title", view.hidden ? "" : [view.full, t(`state_${agent.state}`), ...words, view.reason.textContent, siteOf(agent)].filter(Boolean).join(" · "));
}
