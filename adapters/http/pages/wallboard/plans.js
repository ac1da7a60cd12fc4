// Continuity plans: the banner while one is in force, and the supervisor's way to look at one, activate it and end it.

import { inLanguage } from "../common/texts.js";
import { $, el, keyed, put, mark, show } from "./dom.js";
import { store, nowMs } from "./store.js";
import { t, clock, current, duration, number, percent } from "./words.js";
import { get, send, orderAnew } from "./link.js";
import { refusal } from "./refusal.js";
import { person, privacy } from "./switches.js";
import { onEnter, may, who, remember } from "./supervise.js";

const part = encodeURIComponent;
const QUEUES_TOLD = 12;
const SPANS = ["30m", "1h", "2h", "4h"];
const SPOKEN = new Set(["door", "queues", "skills", "status", "steps"]);
const SPAN_S = { "30m": 1800, "1h": 3600, "2h": 7200, "4h": 14400 };
let waiting = null;

/** A text of the configuration in the reader's language. */
const said = (texts) => inLanguage(texts, current());
const named = (plan) => (said(plan.title) || plan.plan).normalize("NFC");
const at = (ns) => clock(ns / 1e6, store.board.time_zone);
const button = (words, act, kind = "order") => el("button", { type: "button", class: kind, on: { click: act } }, words);

/** The banner: what is in force, since when, until when, by whose word. */
export function draw() {
  const found = [...store.plans.values()].sort((one, other) => one.tier - other.tier || one.since_ns - other.since_ns);
  show($("plans"), found.length > 0);
  mark($("plans"), "aria-label", t("plans_in_force"));
  keyed($("plans"), found, (plan) => plan.plan, make, update);
}

function make(plan) {
  const words = el("strong"), told = el("span"), note = el("span", { class: "quiet" });
  const open = button("", () => detail(plan.plan), "small");
  return { node: el("div", { class: "in-force" }, el("span", { class: "icon", "aria-hidden": "true" }, "⚑"), el("p", {}, words, " ", told, " ", note), open), words, told, note, open };
}

function update(view, plan) {
  const late = plan.review_due_ns && plan.review_due_ns / 1e6 < nowMs();
  mark(view.node, "data-drill", plan.drill ? "yes" : "");
  put(view.words, t(plan.drill ? "plan_drill" : "plan_in_force", { plan: named(plan) }));
  put(view.told, t("plan_told", { since: at(plan.since_ns), until: at(plan.until_ns), by: person(plan.by) || t("not_known"), reason: plan.reason && !privacy() ? ` – ${plan.reason}` : "" }));
  put(view.note, [said(plan.message), late ? t("plan_review") : ""].filter(Boolean).map((one) => `· ${one}`).join(" "));
  put(view.open, t("plan_look"));
  mark(view.open, "aria-label", t("plan_look_at", { plan: named(plan) }));
  show(view.open, may());
}

/** Fills the dialog. */
function fill(title, ...nodes) {
  const dialog = $("dialog");
  waiting?.abort();
  waiting = null;
  dialog.setAttribute("aria-labelledby", "d-title");
  dialog.classList.add("wide");
  dialog.replaceChildren(el("h2", { id: "d-title", tabindex: -1 }, title), ...nodes);
  dialog.oncancel = close;
  if (!dialog.open) dialog.showModal();
  $("d-title").focus();
}

function close() {
  waiting?.abort();
  waiting = null;
  $("dialog").classList.remove("wide");
  if ($("dialog").open) $("dialog").close();
}

const failed = (error) => refusal(error, "order_failed");

/** All plans, to choose one. */
export async function list() {
  try {
    const { plans } = await get("/api/v1/plans");
    const rows = plans.map((plan) => el("li", {}, button(named(plan), () => detail(plan.plan), "small"), " ",
      el("span", { class: "quiet" }, t("plan_tier", { tier: plan.tier }), plan.active ? ` · ${t("plan_until", { until: at(plan.active.until_ns) })}` : "")));
    fill(t("plans"), plans.length ? el("ul", { class: "plan-list" }, ...rows) : el("p", {}, t("plans_none")), el("div", { class: "orders" }, button(t("close"), close)));
  } catch (error) {
    fill(t("plans"), el("p", { class: "fault", role: "alert" }, failed(error)), el("div", { class: "orders" }, button(t("close"), close)));
  }
}

/** One plan: what it changes, the next hour with and without it, and the order. */
async function detail(name) {
  let found;
  try {
    found = await get(`/api/v1/plans/${part(name)}`);
  } catch (error) {
    fill(t("plans"), el("p", { class: "fault", role: "alert" }, failed(error)), el("div", { class: "orders" }, button(t("close"), close)));
    return;
  }
  const { plan, changes, callbacks, shown: called } = found, hour = el("div", { class: "hour", role: "status" }, el("p", { class: "quiet" }, t("plan_playing")));
  fill(named(plan), said(plan.message) ? el("p", {}, said(plan.message)) : "", el("h3", {}, t(plan.active ? "plan_ending_changes" : "plan_changes")), table(changes, called), callbacks ? el("p", {}, calledBack(callbacks)) : "",
    el("h3", {}, t("plan_next_hour")), hour, order(plan));
  preview(name, hour);
}

/** What a change is about, as it is shown. */
function about({ what, names, count }, called) {
  const name = ({ queue: called.queues, trunk_group: called.trunk_groups }[what]?.[names[0]] ?? names[0]).normalize("NFC");
  return count > 1 ? `${name} +${number(count - 1)}` : name;
}

function table(changes, called) {
  if (!changes.length) return el("p", { class: "quiet" }, t("plan_no_changes"));
  const rows = changes.map((one) => el("tr", {}, el("th", { scope: "row" }, about(one, called)), el("td", {}, settingOf(one)), el("td", {}, one.now), el("td", {}, one.then)));
  return scroll(t("plan_changes"), ["plan_what", "plan_setting", "plan_now", "plan_then"].map((key) => t(key)), rows);
}

/** What changes; a setting of the configuration is called as it is there, in every language. */
const settingOf = ({ setting }) => (SPOKEN.has(setting) ? t(`plan_set_${setting}`) : setting);

const queuesNamed = (names) => names.map((name) => (store.queues.get(name)?.display_name || name).normalize("NFC")).join(", ");

/** What callback_after of a plan does, and where it does nothing. */
function calledBack({ after_s: after, queues, left_out: leftOut }) {
  const told = queues.length ? t("plan_callbacks", { time: duration(after), queues: queuesNamed(queues) }) : t("plan_callbacks_none");
  return leftOut.length ? `${told} ${t("plan_callbacks_left_out", { queues: queuesNamed(leftOut) })}` : told;
}

function scroll(name, heads, rows) {
  return el("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": name },
    el("table", {}, el("thead", {}, el("tr", {}, ...heads.map((words) => el("th", { scope: "col" }, words)))), el("tbody", {}, ...rows)));
}

async function preview(name, place) {
  const mine = new AbortController();
  waiting = mine;
  try {
    const { forecast, callbacks, forecast_missing_code: code } = await send("POST", `/api/v1/plans/${part(name)}/preview`, {}, mine.signal);
    if (!forecast) {
      place.replaceChildren(el("p", { class: "quiet" }, t("plan_no_forecast", { why: t(`plan_missing_${code}`) })));
      return;
    }
    const rows = [forecast.whole, ...forecast.queues.slice(0, QUEUES_TOLD)].map((one) => compared(one, forecast.horizon_s));
    place.replaceChildren(scroll(t("plan_next_hour"), ["plan_queue", "plan_contacts", "plan_level", "plan_given_up", "plan_turned_away", "plan_called_back", "plan_wait"].map((key) => t(key)), rows),
      el("p", { class: "quiet" }, t("plan_played", { count: forecast.replications }), callbacks?.queues.length && !forecast.whole.with_plan.called_back?.value ? ` ${t("plan_callbacks_not_reached")}` : ""));
  } catch (error) {
    if (!mine.signal.aborted) place.replaceChildren(el("p", { class: "fault" }, failed(error)));
  }
}

/** One line of the forecast: each figure without the plan, then with it. */
function compared({ queue, without, with_plan: withPlan }, horizon) {
  const known = store.queues.get(queue);
  const name = queue ? (known?.display_name || queue).normalize("NFC") : t("plan_all");
  const pair = (told) => el("td", {},
    el("div", {}, el("span", { class: "unseen" }, t("plan_without")), told(without)),
    el("div", {}, "→ ", el("span", { class: "unseen" }, t("plan_with")), el("strong", {}, told(withPlan))));
  const share = (figure) => pair((hour) => shown(hour[figure], percent));
  return el("tr", {}, el("th", { scope: "row" }, name), pair((hour) => number(Math.round(hour.contacts.value))), share("service_level"),
    pair((hour) => (hour.abandonment ? `${number(Math.round(hour.given_up.value))} · ` : "") + shown(hour.abandonment, percent)),
    share("turned_away"), share("called_back"), pair((hour) => waited(hour.mean_wait_s, horizon)));
}

/** A mean wait; one that the hour cannot hold is told as no more than that. */
const waited = (figure, horizon) => (figure && figure.value > horizon ? t("plan_wait_over", { time: duration(horizon) }) : shown(figure, duration));
const shown = (figure, form) => (figure ? `${form(figure.value)} (${form(figure.low)}–${form(figure.high)})` : "–");

/** The order to activate or to end: who and why first, then a second press. */
function order(plan) {
  orderAnew();
  const by = el("input", { id: "d-by", value: who(), maxlength: 128, autocomplete: "name", required: true });
  const why = el("input", { id: "d-why", maxlength: 256, required: !plan.active });
  const spans = SPANS.filter((span) => SPAN_S[span] < plan.max_duration_s);
  const until = el("select", { id: "d-until" }, ...spans.map((span) => new Option(duration(SPAN_S[span]), span)), new Option(t("plan_longest", { time: duration(plan.max_duration_s) }), ""));
  const drill = el("input", { type: "checkbox", id: "d-drill" }), fault = el("p", { class: "fault", role: "alert" });
  drill.checked = drill.disabled = plan.drill;
  const fields = [el("label", { for: "d-by" }, t("order_by")), by, el("label", { for: "d-why" }, t("order_why")), why];
  if (!plan.active) fields.push(el("label", { for: "d-until" }, t("plan_for")), until, el("div", { class: "check" }, drill, el("label", { for: "d-drill" }, t("plan_as_drill"))));
  const sure = el("div", { class: "orders" }), form = el("form", { method: "dialog" }, ...fields, fault, sure);
  form.addEventListener("submit", (event) => event.preventDefault());
  const first = button(t(plan.active ? "plan_end" : "plan_activate"), () => {
    if (!by.reportValidity() || !why.reportValidity()) return;
    const words = t(plan.active ? "plan_end_sure" : drill.checked ? "plan_drill_sure" : "plan_sure", { plan: named(plan) });
    const yes = button(words, (event) => carryOut(event.target), "order danger");
    sure.replaceChildren(yes, button(t("cancel"), ask));
    yes.focus();
  }, "order danger");
  onEnter(form, () => first.click());
  async function carryOut(pressed) {
    pressed.disabled = true;
    remember(by.value);
    const body = { by: by.value.trim(), reason: why.value.trim() };
    try {
      await send("POST", `/api/v1/plans/${part(plan.plan)}/${plan.active ? "deactivate" : "activate"}`, plan.active ? body : { ...body, until: until.value, drill: drill.checked });
      close();
    } catch (error) {
      ask();
      put(fault, failed(error));
    }
  }
  function ask() {
    put(fault, "");
    sure.replaceChildren(first, button(t("plans_all"), list), button(t("close"), close));
  }
  ask();
  return form;
}
