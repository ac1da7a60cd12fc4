// What continuity plans in force tell visitors: above the conversation, before it and while it goes on.

import { chat } from "./chat.js";
import { make } from "./dom.js";
import { notices } from "./panel.js";

const inLanguage = (text) => text[chat.words.locale] ?? text[""] ?? Object.values(text)[0] ?? "";

export function showNotices(told = []) {
  const words = told.map(({ text }) => inLanguage(text));
  const signature = JSON.stringify(words);
  if (notices.dataset.told === signature) return;
  notices.dataset.told = signature;
  notices.replaceChildren(...words.map((one) => make("p", {}, one)));
  notices.hidden = !words.length;
}
