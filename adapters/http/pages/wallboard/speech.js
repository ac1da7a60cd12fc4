// The one sentence, for eyes at once and for ears at most every half minute; and the tone of a breach.

import { $, put, mark } from "./dom.js";
import { store } from "./store.js";
import { sentence, alerts } from "./judge.js";
import { rule } from "./alerts.js";
import { soundOn } from "./switches.js";
import { t, current } from "./words.js";

const SAY_MS = 30000;
let latest = null, told = "", toldAt = 0, toldOf = "", known = null, tones = null;

/** Says how things stand; a breach that is new is said at once. */
export function say(judged) {
  if (!store.asOf) return;
  const [level, text] = sentence(judged);
  latest = { text, of: drawnOf() };
  mark($("sentence"), "data-level", level);
  put($("sentence"), text);
  announce();
  breaches();
}

/** Says that nothing is shown any more, and why. */
export function bar(text) {
  latest = null;
  told = "";
  mark($("sentence"), "data-level", "alert");
  put($("sentence"), text);
  $("status").textContent = text;
}

export function tick() {
  announce();
}

/** What a sentence is of: the language, and whether it is of now. */
const drawnOf = () => `${current()} ${store.pastMs === null ? "now" : "past"}`;

// The spoken sentence leaves out what changes every second: it is new only where it says something new. What was said
// does not stand where it is of another language or time, or of a service that is gone.
function announce() {
  if (!latest || latest.of !== drawnOf()) return; // it is about to be drawn anew
  const gone = ["lost", "refused"].includes(document.documentElement.dataset.link);
  const of = `${latest.of} ${gone}`;
  if (of === toldOf && Date.now() - toldAt < SAY_MS) return;
  const meaning = `${of} ${latest.text.replace(/[\d:.,]+/g, "#")}`;
  if (meaning === told) return;
  [told, toldAt, toldOf] = [meaning, Date.now(), of];
  $("status").textContent = store.pastMs !== null ? t("say_past", { sentence: latest.text }) : gone ? t("say_lost", { sentence: latest.text }) : latest.text;
}

function breaches() {
  if (store.pastMs !== null) return;
  const now = new Map(alerts().filter((alert) => alert.level === "alert" && !alert.acknowledged_ns).map((alert) => [alert.alert, alert]));
  const fresh = known === null ? [] : [...now.values()].filter((alert) => !known.has(alert.alert));
  known = now;
  if (!fresh.length) return;
  $("alarm").textContent = fresh.slice(0, 3).map((alert) => `${t("level_alert")}: ${rule(alert)}`).join(". ");
  setTimeout(() => { $("alarm").textContent = ""; }, 10000);
  if (soundOn()) tone();
}

/** Browsers let a page be heard only after a gesture: this is called by one. */
export function allow() {
  if (!soundOn()) return;
  tones ??= new AudioContext();
  tones.resume();
  tone();
}

function tone() {
  if (tones?.state !== "running") return;
  for (const [after, pitch] of [[0, 660], [0.18, 520]]) {
    const source = tones.createOscillator(), volume = tones.createGain();
    source.frequency.value = pitch;
    volume.gain.setValueAtTime(0.12, tones.currentTime + after);
    volume.gain.exponentialRampToValueAtTime(0.001, tones.currentTime + after + 0.16);
    source.connect(volume).connect(tones.destination);
    source.start(tones.currentTime + after);
    source.stop(tones.currentTime + after + 0.17);
  }
}
