// Words, numbers and times in the reader's language. The catalogues are JSON files with equal keys.

export const LANGUAGES = ["en", "vi"];
const NAMES = { en: "English", vi: "Tiếng Việt" };
const catalogues = {};
const SMALL = 1000;
let words = {}, language = "en", order, plural, whole, shares, exact, fraction, clocks = new Map(), small = [], forms = [];

export const current = () => language;
export const nameOf = (code) => NAMES[code];

async function fetched(code) {
  catalogues[code] = await (await fetch(`/pages/wallboard/${code}.json`)).json();
}

/** Loads the words, of all languages at once so that one can change when the service is gone; `wanted` may be any tag, as `vi-VN`. */
export async function load(wanted) {
  language = LANGUAGES.find((code) => wanted.toLowerCase().startsWith(code)) ?? "en";
  await Promise.all(LANGUAGES.filter((code) => !catalogues[code]).map(fetched));
  words = catalogues[language];
  plural = new Intl.PluralRules(language);
  order = new Intl.Collator(language);
  whole = new Intl.NumberFormat(language, { maximumFractionDigits: 0 });
  fraction = new Intl.NumberFormat(language, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
  shares = new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 0 });
  exact = new Intl.NumberFormat(language, { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });
  [clocks, small, forms] = [new Map(), [], []];
  document.documentElement.lang = language;
  for (const place of document.querySelectorAll("[data-t]")) place.textContent = t(place.dataset.t);
  for (const place of document.querySelectorAll("[data-t-label]")) place.setAttribute("aria-label", t(place.dataset.tLabel));
}

/** The words of a key, with `{name}` replaced; a key with forms chooses by `count`. */
export function t(key, given = {}) {
  const found = words[key];
  if (found === undefined) return key;
  const text = typeof found === "string" ? found : found[form(given.count ?? 0)] ?? found.other;
  return text.includes("{") ? text.replace(/\{(\w+)\}/g, (_, name) => (typeof given[name] === "number" ? number(given[name]) : given[name] ?? "")) : text;
}

// Small numbers are written again and again, and to ask the language each time is most of the cost.
const isSmall = (value) => Number.isInteger(value) && value >= 0 && value < SMALL;
const form = (count) => (isSmall(count) ? (forms[count] ??= plural.select(count)) : plural.select(count));

export const number = (value) => (isSmall(value) ? (small[value] ??= whole.format(value)) : value === null || value === undefined ? "–" : whole.format(value));
export const tenths = (value) => fraction.format(value);
export const percent = (value) => (value === null || value === undefined ? "–" : shares.format(value));
/** A share to a tenth of a percent. */
export const exactly = (value) => exact.format(value);

/** m:ss, then h:mm:ss, then days. */
export function duration(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  const s = Math.max(0, Math.floor(seconds)), two = (n) => (n < 10 ? `0${n}` : n);
  if (s >= 172800) return t("days", { count: Math.floor(s / 86400) });
  return s < 3600 ? `${Math.floor(s / 60)}:${two(s % 60)}` : `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
}

/** A time of day or a date, in a time zone. */
export function clock(ms, zone, form = "short") {
  const key = `${zone} ${form}`;
  if (!clocks.has(key)) {
    const forms = {
      short: { hour: "2-digit", minute: "2-digit" },
      seconds: { hour: "2-digit", minute: "2-digit", second: "2-digit" },
      date: { weekday: "short", day: "numeric", month: "long" },
    };
    clocks.set(key, new Intl.DateTimeFormat(language, { ...forms[form], ...(form === "date" ? {} : { hourCycle: "h23" }), timeZone: zone }));
  }
  return clocks.get(key).format(ms);
}

/** Compares two names as the reader's language sorts them. */
export const alike = (one, other) => order.compare(one, other);

/** "Nguyễn Thị An" is NTA, "Nguyễn Thị An 17" NTA17 and "agent012" A012: a number at an end is what tells many apart. */
export function initials(name) {
  const words = name.normalize("NFC").split(/[\s._-]+/).filter(Boolean), last = words.slice(3).slice(-1).filter((word) => /^\d+$/.test(word));
  return [...words.slice(0, 3), ...last].map((word) => (/^\d+$/.test(word) ? "" : [...word][0].toUpperCase()) + (/\d{1,3}$/.exec(word)?.[0] ?? "")).join("");
}
