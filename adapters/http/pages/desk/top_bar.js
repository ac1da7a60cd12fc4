// Across the top: which house, who sits here, whether the service is there, the own figures, and what holds for the page.

import { sureDialog } from "./dialogs.js";
import { el, fill } from "./dom.js";
import { helpDialog } from "./help_dialog.js";
import { choose, duration, language, languages, saying, share, t } from "./words.js";

const ENDS = { chat: "chats", voice: "calls" };
const becomes = (contact) => (contact.state === "wrapping" ? "wrap_ups" : (ENDS[contact.channel] ?? "work"));

// What becomes of what is in hand; nothing where a desk of theirs is open in another session. What rings just rings elsewhere.
function whatBecomes({ agent, held }) {
  if (agent?.open_elsewhere) return [];
  const all = held.map(becomes);
  const counted = ["chats", "calls", "work", "wrap_ups"].map((kind) => [kind, all.filter((one) => one === kind).length]);
  return counted.filter(([, n]) => n).map(([kind, n]) => t(`sign_out_goes.${kind}`, { n }));
}

// Who has contacts in hand, or would lose words, is asked first.
function signOut(desk) {
  const told = whatBecomes(desk.store);
  if (desk.hasWords) told.push(t("sign_out_text"));
  else if (desk.tabs.hasWordsElsewhere(desk.me)) told.push(t("sign_out_text_elsewhere"));
  if (told.length) sureDialog([...told, t("sign_out_sure")].join(" "), t("sign_out"), () => desk.signOut());
  else desk.signOut();
}

export function topBar(desk, state, sessionEnd) {
  const name = el("span", { class: "me" });
  const service = el("span", { class: "service" });
  const dot = el("span", { class: "dot", "aria-hidden": "true" });
  const connection = el("span", {});
  const figures = el("dl", { class: "figures" });
  const tongues = el("div", { class: "tongues", role: "group" });
  const quiet = (handler) => el("button", { type: "button", class: "quiet", on: { click: handler } });
  const sound = quiet(() => (desk.sound.set(!desk.sound.on), desk.render()));
  const keys = quiet(() => helpDialog(desk));
  const out = quiet(() => signOut(desk));
  const place = el(
    "header",
    { class: "top" },
    el("div", { class: "who" }, el("h1", { class: "service-name" }, service), el("p", { class: "me-line" }, name, el("span", { class: "connection", id: "connection" }, dot, connection))),
    state.place,
    figures,
    el("div", { class: "top-end" }, tongues, sound, keys, out),
    sessionEnd,
  );

  function tongue(one) {
    return el("button", { type: "button", class: "quiet", lang: one, title: t(`language.${one}`), "aria-label": t(`language.${one}`), "aria-pressed": String(one === language), on: { click: async () => ((await choose(one)) ? desk.render() : desk.complain(saying("no_connection"))) } }, one.toUpperCase());
  }

  function renderWords() {
    if (tongues.dataset.language === language) return;
    tongues.dataset.language = language;
    tongues.setAttribute("aria-label", t("language"));
    fill(tongues, languages().map(tongue));
    keys.textContent = t("keys_title");
    out.textContent = t("sign_out");
    document.querySelector(".skip").textContent = t("skip");
  }

  function renderFigures() {
    const own = desk.store.items.get("figures") ?? {};
    const known = (value, say) => (value === null || value === undefined ? "–" : say(value));
    const pairs = [
      [t("answered"), String(own.answered ?? 0)],
      [t("service_level"), known(own.service_level, share)],
      [t("handle_time"), known(own.handle_time_s, duration)],
      [t("occupancy"), known(own.occupancy, share)],
      [t("adherence"), own.scheduled ? known(own.adherence, share) : t("no_schedule")],
    ];
    const signature = JSON.stringify(pairs);
    if (figures.dataset.signature === signature) return;
    figures.dataset.signature = signature;
    fill(figures, pairs.map(([word, value]) => el("div", {}, el("dt", {}, word), el("dd", {}, value))));
  }

  function render() {
    const { store } = desk;
    service.textContent = store.house?.service ?? t("desk");
    name.textContent = store.agent?.display_name || desk.me;
    dot.dataset.state = store.connection;
    connection.textContent = t(`connection.${store.connection}`);
    renderWords();
    sound.textContent = t(desk.sound.on ? "sound_on" : "sound_off");
    if (store.agent) renderFigures();
  }
  return { place, render };
}
