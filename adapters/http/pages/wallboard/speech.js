// The one sentence, for eyes at once and for ears at most every half minute; and the tone of a breach.

import { $, put, mark } from "./dom.js";
import { store } from "./store.js";
import { sentence, alerts } from "./judge.js";
import { rule } from "./alerts.js";
import { soundOn } from "./head.js";
import { t } from "./words.js";

const SAY_MS = 30000;
let latest = null, told = "", toldAt = 0, known = null, tones = null;

/** Says how things stand; a breach that is new is said at once. */
export function say(judged) {
  if (!store.asOf) return;
  latest = sentence(judged);
  mark($("sentence"), "data-level", latest[0]);
  put($("sentence"), latest[1]);
  announce();
  breaches();
}

export function tick() {
  announce();
}

// The spoken sentence leaves out what changes every second: it is new only where it says something new.
function announce() {
  if (!latest || Date.now() - toldAt < SAY_MS) return;
  const meaning = latest[1].replace(/[\d:.,]+/g, "#");
  if (meaning === told) return;
  [told, toldAt] = [meaning, Date.now()];
  $("status").textContent = latest[1];
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
