// The head of the board: whose it is, the time, how old the figures are, and the switches.

import { $, el, draw, put, mark, show } from "./dom.js";
import { store, nowMs } from "./store.js";
import { t, clock, duration, tenths, current, LANGUAGES, nameOf } from "./words.js";
import { kiosk } from "./link.js";
import { keep, theme, privacy, soundOn } from "./switches.js";
import { may } from "./supervise.js";

const FRESH_S = 5;
const THEMES = ["auto", "dark", "light", "contrast"];
const GLYPH = {
  replay: "M3 8a5 5 0 1 1 1.6 3.7M3 12v-3h3M8 5v3l2 1.4",
  privacy: "M1.5 8s2.4-4.2 6.5-4.2S14.5 8 14.5 8 12.1 12.2 8 12.2 1.5 8 1.5 8zM3 14 13 2",
  sound: "M2 6h2.5L8 3v10L4.5 10H2zM10.3 5.6a3.4 3.4 0 0 1 0 4.8M12.3 3.6a6.2 6.2 0 0 1 0 8.8",
  theme: "M8 2a6 6 0 1 0 0 12zM8 2a6 6 0 0 1 0 12",
  plans: "M4 14V2h8l-2 3 2 3H4",
  full: "M2 6V2h4M10 2h4v4M14 10v4h-4M6 14H2v-4",
  help: "M5.5 6a2.5 2.5 0 1 1 3.6 2.2C8.3 8.6 8 9 8 10M8 12.4v.2",
};
let link = "lost", switches = {}, buttons = {};

export const onLink = (state) => { link = state; };

/** Makes the switches; `act` has what they do: language, replay, people, help. */
export function build(act) {
  const place = $("tools");
  const chosen = el("select", { id: "language", on: { change: (event) => { keep("language", event.target.value); act.language(); } } },
    ...LANGUAGES.map((code) => el("option", { value: code, lang: code }, nameOf(code))));
  buttons = {
    replay: press("replay", act.replay),
    privacy: press("privacy", () => { keep("privacy", String(!privacy())); act.redraw(); apply(); }),
    sound: press("sound", () => { keep("sound", String(!soundOn())); apply(); act.sound(); }),
    theme: press("theme", () => { keep("theme", THEMES[(THEMES.indexOf(theme()) + 1) % THEMES.length]); apply(); }),
    full: press("full", () => (document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen())),
    plans: press("plans", act.plans),
    help: press("help", act.help),
  };
  place.replaceChildren(el("label", { class: "unseen", for: "language", "data-t": "language" }), chosen, ...Object.values(buttons));
  switches = { chosen };
  show(buttons.replay, !kiosk());
  show(buttons.help, !kiosk());
  document.addEventListener("fullscreenchange", apply);
  apply();
}

function press(name, act) {
  return el("button", { type: "button", id: `do-${name}`, class: "tool", on: { click: act } }, draw("svg", { viewBox: "0 0 16 16", class: "glyph", "aria-hidden": "true" }, draw("path", { d: GLYPH[name] })));
}

/** Brings switches and page to what is chosen. */
export function apply() {
  document.documentElement.dataset.theme = theme();
  document.documentElement.dataset.kiosk = kiosk() ? "yes" : "no";
  switches.chosen.value = current();
  mark(buttons.sound, "aria-pressed", String(soundOn()));
  mark(buttons.privacy, "aria-pressed", String(privacy()));
  show(buttons.privacy, !store.board?.unnamed);
  show(buttons.plans, may());
  mark(buttons.full, "aria-pressed", String(Boolean(document.fullscreenElement)));
  const names = { replay: t("replay"), privacy: t("privacy"), sound: t("sound"), theme: t("theme", { theme: t(`theme_${theme()}`) }), full: t("full"), plans: t("plans"), help: t("help") };
  for (const [name, text] of Object.entries(names)) {
    buttons[name].setAttribute("aria-label", text);
    buttons[name].title = text;
  }
  document.querySelector("label[for=language]").textContent = t("language");
}

export function title() {
  const board = store.board, name = board.title || board.service;
  put($("title"), name.normalize("NFC"));
  mark($("title"), "title", name.normalize("NFC")); // a low screen may shorten it
  put($("service"), board.title ? board.service.normalize("NFC") : "");
  document.title = board.title ? `${name} · ${board.service}` : name;
}

/** Every tick: the clock, and the age of what is shown. */
export function tick() {
  const zone = store.board?.time_zone;
  put($("clock"), clock(nowMs(), zone, "seconds"));
  put($("date"), clock(nowMs(), zone, "date"));
  $("clock").dateTime = new Date(nowMs()).toISOString().slice(0, 19);
  const oldS = (Date.now() - store.heardMs) / 1000;
  let state = link, text;
  if (store.pastMs !== null) [state, text] = ["past", t("link_past")];
  else if (link === "live") {
    state = oldS > FRESH_S ? "stale" : "live";
    text = t(`link_${state}`, { age: state === "live" ? tenths(oldS) : duration(oldS) });
  } else text = store.heardMs && link === "lost" ? t("link_lost", { age: duration(oldS) }) : t(`link_${link === "refused" ? "refused" : "first"}`);
  mark($("link"), "data-state", state);
  put($("age"), text);
  document.documentElement.dataset.link = state;
}
