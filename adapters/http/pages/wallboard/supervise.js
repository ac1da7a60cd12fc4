// What a supervisor may do from the board. Each is a fact in the log, with who ordered it and why.

import { $, el, put, show } from "./dom.js";
import { store, shown } from "./store.js";
import { t, number } from "./words.js";
import { get, send, orderAnew, kiosk } from "./link.js";
import { refusal } from "./refusal.js";
import { rule } from "./alerts.js";

const WHO = "trunkline-who";
const part = encodeURIComponent;
/** Somebody has asked for orders, and where one could be moved to is looked up. */
let looking = false;
export const who = () => { try { return sessionStorage.getItem(WHO) ?? store.board.name; } catch { return store.board.name; } };

export const remember = (name) => { try { sessionStorage.setItem(WHO, name.trim()); } catch { /* asked again next time */ } };

export const may = () => Boolean(store.board?.may_supervise) && !kiosk() && store.pastMs === null;
export const mayStatus = () => Boolean(store.board?.may_set_status) && !kiosk() && store.pastMs === null;

/** Has Enter in a text field do what `act` does: there is no one button that a form would be sent by. */
export function onEnter(form, act) {
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing || event.target.tagName !== "INPUT" || event.target.type === "checkbox") return;
    event.preventDefault();
    act();
  });
}

/** Asks who and why, beside `fields`; resolves with whether it was done. `orders` are [words, danger, act, field]; of
 * several Enter gives the one whose field was changed last; where none was, it says that it is not known which. Where one
 * changes what becomes of callers or agents, `needsWhy`. */
function ask(title, fields, orders, needsWhy = false) {
  orderAnew();
  const dialog = $("dialog"), fault = el("p", { class: "fault", role: "alert" });
  const by = el("input", { id: "d-by", value: who(), maxlength: 128, autocomplete: "name", required: true }), why = el("input", { id: "d-why", maxlength: 256, required: needsWhy });
  const form = el("form", { method: "dialog" }, el("h2", { id: "d-title" }, title), ...fields.flatMap(([name, node]) => [el("label", { for: node.id }, name), node]),
    el("label", { for: "d-by" }, t("order_by")), by, el("label", { for: "d-why" }, t("order_why")), why, fault);
  dialog.setAttribute("aria-labelledby", "d-title");
  return new Promise((resolve) => {
    const done = (value) => { dialog.close(); resolve(value); };
    const buttons = orders.map(([words, danger, act, field]) => el("button", { type: "button", class: danger ? "order danger" : "order", on: { click: async ({ currentTarget: pressed }) => {
      if (![field, by, why].every((one) => one?.reportValidity() ?? true)) return;
      remember(by.value);
      pressed.disabled = true;
      put(fault, "");
      try {
        await act({ by: by.value.trim(), ...(why.value.trim() ? { reason: why.value.trim() } : {}) });
        done(true);
      } catch (error) {
        pressed.disabled = false;
        put(fault, refusal(error, "order_failed"));
      }
    } } }, words));
    form.append(el("div", { class: "orders" }, ...buttons, el("button", { type: "button", class: "order", on: { click: () => done(false) } }, t("cancel"))));
    form.addEventListener("submit", (event) => event.preventDefault());
    let meant = buttons.length === 1 ? buttons[0] : null;
    orders.forEach(([, , , field], place) => field?.addEventListener("change", () => {
      meant = buttons[place];
      put(fault, "");
    }));
    onEnter(form, () => {
      if (meant) return meant.click();
      put(fault, t("order_which"));
      buttons[0].focus();
    });
    dialog.replaceChildren(form);
    dialog.oncancel = () => resolve(false);
    dialog.showModal();
  });
}

const choice = (id, options, value) => {
  const made = el("select", { id }, ...options.map(([key, words]) => new Option(words, key)));
  if (value !== undefined) made.value = value;
  return made;
};

/** The queues that a contact may be moved to: those of its channel, on this board or not; where it is closed or nobody serves it, that is said.
 * Null: they cannot be looked up, and the stream knows neither their channels nor those of other boards. */
async function elsewhere(one) {
  let all;
  try {
    all = (await get("/api/v1/queues")).queues;
  } catch {
    return null;
  }
  const said = (queue) => [queue.open ? "" : t("closed"), Object.values(queue.agents).some(Boolean) ? "" : t("unserved")].filter(Boolean).join(", ");
  return all.filter((queue) => queue.queue !== one.queue && queue.channel === one.channel && !queue.for_colleagues)
    .map((queue) => [queue.queue, said(queue) ? `${shown(queue)} (${said(queue)})` : shown(queue)]);
}

/** Moves, withdraws or re-prioritises one who waits, as the list shows them: a queue's whole line is not in the stream. */
export async function contact(one) {
  if (looking) return false;
  looking = true;
  const path = `/api/v1/contacts/${part(one.contact)}`, others = await elsewhere(one).finally(() => { looking = false; });
  if ($("dialog").open) return false;
  const to = choice("d-to", others ? [["", "–"], ...others] : [["", t("order_no_queues")]]); // so that one alone is chosen, too
  [to.required, to.disabled] = [true, !others];
  const level = choice("d-priority", [...Array(8).keys()].map((n) => [String(n), number(n)]), String(one.priority));
  return ask(t("order_contact", { caller: one.caller || t("not_known"), contact: one.contact }), [...(others?.length === 0 ? [] : [[t("order_to"), to]]), [t("order_priority"), level]], [
    ...(others?.length ? [[t("order_move"), false, (said) => send("POST", `${path}/transfer`, { queue: to.value, ...said }), to]] : []),
    [t("order_set_priority"), false, (said) => send("POST", `${path}/priority`, { priority: Number(level.value), ...said }), level],
    [t("order_withdraw"), true, (said) => send("POST", `${path}/withdraw`, said)],
  ], true);
}

/** Opens or closes a queue. */
export function queue(name) {
  const one = store.queues.get(name), path = `/api/v1/queues/${part(name)}`;
  return ask(t("commands_of", { name: shown(one) }), [], [one.open
    ? [t("order_close"), true, (said) => send("POST", `${path}/close`, said)]
    : [t("order_open"), false, (said) => send("POST", `${path}/open`, said)]], true);
}

/** Sets an agent's status. */
export function agent(name) {
  const one = store.agents.get(name), status = choice("d-status", ["available", "paused", "offline"].map((word) => [word, t(`status_${word}`)]), one.status);
  const known = store.board.pause_reasons, reason = known.length ? choice("d-reason", [["", "–"], ...known.map((word) => [word, word])]) : el("input", { id: "d-reason", maxlength: 64 });
  return ask(t("commands_of", { name: shown(one) }), [[t("order_status"), status], [t("order_pause_reason"), reason]], [
    [t("order_set_status"), false, ({ by, reason: note }) => send("PUT", `/api/v1/agents/${part(name)}/status`, { status: status.value, by, ...(note ? { note } : {}), ...(status.value === "paused" && reason.value ? { reason: reason.value } : {}) })],
  ], true);
}

/** Says that an alert was seen. */
export function acknowledge(name) {
  const one = store.alerts.get(name);
  return ask(rule(one), [], [[t("acknowledge"), false, (said) => send("POST", "/api/v1/alerts/acknowledge", { alert: name, since_ns: one.since_ns, ...said })]]);
}

/** Ticks a lost contact off. */
export function calledBack(id) {
  return ask(t("called_back"), [], [[t("called_back"), false, (said) => send("POST", "/api/v1/alerts/acknowledge", { alert: `lost/${id}`, ...said })]]);
}

/** Lets a screen on a wall in: its address is told this once. */
export async function kioskTicket() {
  const name = el("input", { id: "d-name", maxlength: 128, required: true });
  let made = null;
  await ask(t("kiosk_new"), [[t("kiosk_where"), name]], [[t("kiosk_make"), false, async () => {
    if (!name.reportValidity()) throw new Error();
    made = await send("POST", "/api/v1/kiosks", { name: name.value.trim(), board: store.board.board });
  }]]);
  if (made) tell(t("kiosk_new"), [t("kiosk_told"), el("code", { class: "address" }, location.origin + made.path)]);
}

/** Shows something in the dialog, with a button to close it. */
export function tell(title, nodes) {
  const dialog = $("dialog");
  dialog.setAttribute("aria-labelledby", "d-title");
  dialog.replaceChildren(el("h2", { id: "d-title" }, title), ...nodes.map((node) => (typeof node === "string" ? el("p", {}, node) : node)),
    el("div", { class: "orders" }, el("button", { type: "button", class: "order", on: { click: () => dialog.close() } }, t("close"))));
  dialog.showModal();
}
