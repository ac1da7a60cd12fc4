// What the page knows of the chat, in one place, and the words of its language.

import { load, visit } from "./kept.js";

export const chat = {
  words: {},
  settings: null,
  state: { phase: "none" },
  // The ended chat from which the visitor went on to a new one: it is shown no more.
  left: Number(load("left")) || 0,
  // The service said that it is not for this visitor; the page is asked anew when it is loaded anew.
  isBarred: false,
  // The site says what the visitor is called.
  isNamed: false,
  // The service has no room for what is said now; it is said again.
  isBusy: false,
  hasHistory: false,
  // Earlier conversations stand above.
  historyShown: false,
  // { send(frame), close() } once welcomed.
  link: null,
  attempts: 0,
  // There was one before.
  isLost: false,
  // What is done next is shown so; see views.js.
  view: "",
  // A line that is not written yet to its end, where its field is not shown.
  draft: "",
  // What was filled in beside it, by the names of the questions.
  filled: {},
  isOpen: false,
  unread: 0,
  // Lines shown, by sequence; the greatest of them; how far this side has read.
  lines: new Map(),
  afterSeq: 0,
  readSeq: 0,
  lastAgentSeq: 0,
  // How far somebody has looked in this browser, over reloads: also after the end, when nobody is told any more.
  seenSeq: Number(load("seen")) || 0,
  // How far the other side has read, which may be told before the lines are.
  readBySeq: 0,
  // Why what was done last was not taken, until something else is.
  refusal: "",
  // What is said where something was left instead of a chat, also on the next page of the same tab.
  leftWord: load("thanks", visit),
  // What became of files that were being brought, by name.
  fileWords: {},
  // What was said and is not in the log yet: { frame, element } by client id.
  pending: new Map(),
};

export const say = (word, values = {}) =>
  (chat.words[word] || word).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");

export const isUnderWay = () => chat.state.phase === "queued" || chat.state.phase === "connected";

// What of this kind was said and is not taken yet, and whether there is any.
export const awaited = (type) => [...chat.pending.values()].find((one) => one.frame.type === type);
export const awaits = (type) => Boolean(awaited(type));

// What is asked before a chat: not the name of one whom the site has named.
export const questions = () => (chat.settings.open ? chat.settings.chat_fields : chat.settings.message_fields)
  .filter(({ name }) => name !== "name" || !chat.isNamed);

// The view that asks them: before a chat, or instead of one.
export const formName = () => (chat.settings.open ? "form" : "closed");

// The visitor has left, and the service does not know yet.
export const isEnding = () => awaits("end");

// 70 bytes, 19.5 kB, 10 MB: never more than it is.
export const sized = (bytes) => {
  const [unit, size] = bytes < 1024 ? ["byte", bytes] : bytes < 1048576 ? ["kilobyte", bytes / 1024] : ["megabyte", bytes / 1048576];
  return (Math.floor(size * 10) / 10).toLocaleString(chat.words.locale, { style: "unit", unit, unitDisplay: unit === "byte" ? "long" : "short" });
};

// The reader's own form of the language that is shown: hours of a day are written otherwise in Britain than in America.
export const region = () => (navigator.languages ?? []).find((tag) => tag.split("-")[0] === chat.words.locale) ?? chat.words.locale;

export const freshId = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(12)), (b) => b.toString(16).padStart(2, "0")).join("");

export const looksHere = () => chat.isOpen && document.visibilityState === "visible";
