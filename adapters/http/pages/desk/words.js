// What the page says, in the reader's language: catalogues with the same keys, numbers and times as the language has them.

import { inLanguage } from "../common/texts.js";
import { pauseMs } from "./pauses.js";
import { isText, objectOf, recordOf } from "./shapes.js";
import { ofBrowser } from "./storage.js";

const LANGUAGES = ["en", "vi"];
const KEPT = "trunkline-desk-language";
const ANSWER_WITHIN_MS = 20_000;
let catalogue = {};
export let language = "en";

/** Tried until they are there: a page without words says nothing to anybody. */
export async function loadWords() {
  const asked = ofBrowser.get(KEPT) || navigator.languages.map((one) => one.slice(0, 2)).find((one) => LANGUAGES.includes(one));
  const wanted = LANGUAGES.includes(asked) ? asked : "en";
  for (let failures = 0; ; failures += 1) {
    try {
      return await speak(wanted);
    } catch {
      await new Promise((go) => setTimeout(go, pauseMs(failures)));
    }
  }
}

async function speak(wanted) {
  const answer = await fetch(`/pages/desk/${wanted}.json`, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
  if (!answer.ok) throw new Error(String(answer.status));
  catalogue = { __proto__: null, ...(await answer.json()) };
  language = wanted;
  document.documentElement.lang = wanted;
}

/** Returns whether the words are there; otherwise the page goes on in the language that it has. */
export async function choose(wanted) {
  try {
    await speak(wanted);
  } catch {
    return false;
  }
  ofBrowser.set(KEPT, wanted);
  return true;
}

export const languages = () => LANGUAGES;

export function t(key, given = {}) {
  const counted = "n" in given ? `${key}.${new Intl.PluralRules(language).select(given.n)}` : key;
  const text = catalogue[counted] ?? catalogue[`${key}.other`] ?? catalogue[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => {
    const value = given[name];
    return value === undefined ? whole : typeof value === "number" ? (FORMS[name] ?? number)(value) : inWords(value);
  });
}

/** What is shown for longer than a moment, so that it can be said again in another language: `given` may be sayings, too. */
export const saying = (key, given = {}) => ({ key, given });

/** A saying in the language of now; a text is somebody's own words, and stays. */
export const inWords = (said) => (isText(said) ? said : t(said.key, said.given));

const NESTED_MOST = 4;
const isSayingOf = (nested) => (said) => isText(said) || (nested > 0 && objectOf({ key: isText, given: recordOf((one) => Number.isFinite(one) || isSayingOf(nested - 1)(one)) })(said));

/** Whether something is a text or a saying. */
export const isSaying = isSayingOf(NESTED_MOST);

/** What was done, and by whom where that is known. */
export const by = (key, agent, given = {}) => (agent ? t(`${key}_by`, { ...given, agent }) : t(key, given));

/** A text of the configuration in the reader's language. */
export const said = (texts) => inLanguage(texts, language);

const FORMS = { size: sized }; // of numbers, by what they are given as

const number = (value) => new Intl.NumberFormat(language).format(value);

export const share = (value) => new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 0 }).format(value);

// 70 bytes, 19.5 kB, 10 MB: never more than it is.
export function sized(bytes) {
  const [unit, size] = bytes < 1024 ? ["byte", bytes] : bytes < 1048576 ? ["kilobyte", bytes / 1024] : ["megabyte", bytes / 1048576];
  return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: unit === "byte" ? "long" : "short" }).format(Math.floor(size * 10) / 10);
}

// 0:07, 12:30, 1:02:30.
export function duration(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (part) => String(part).padStart(2, "0");
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

// The reader's own form of the language that is shown: hours of a day are written otherwise in Britain than in America.
const region = () => (navigator.languages ?? []).find((tag) => tag.split("-")[0] === language) ?? language;

export const clock = (atNs) =>
  new Intl.DateTimeFormat(region(), { hour: "2-digit", minute: "2-digit" }).format(new Date(atNs / 1e6));

export function day(atNs) {
  const date = new Date(atNs / 1e6);
  const today = date.toDateString() === new Date().toDateString();
  const shape = today ? { hour: "2-digit", minute: "2-digit" } : { day: "2-digit", month: "2-digit", hour: "2-digit", minute: "2-digit" };
  return new Intl.DateTimeFormat(region(), shape).format(date);
}
