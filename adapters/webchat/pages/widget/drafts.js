// What is half written, for the next page of the same tab: the line, and the answers of a form.

import { chat } from "./chat.js";
import { keep, load, visit } from "./kept.js";
import { area } from "./panel.js";

// What is shown as being sent is no draft: it is read there, and not written.
export const QUESTIONS = ".asking input:not([name=number]):read-write";
export const TEXT = "form:not(.held) textarea:not([name=comment]):read-write";
const LENGTH_MAX = 20000;

try {
  const { text, filled } = JSON.parse(load("draft", visit) || "{}");
  Object.assign(chat, { draft: text || "", filled: filled || {} });
} catch {
  // It is not ours.
}

// Called whenever it may have changed. What is said of a chat that is over is no draft of the next.
export function noteDraft() {
  const text = area.querySelector(TEXT)?.value ?? chat.draft;
  const filled = { ...chat.filled };
  for (const { name, value } of area.querySelectorAll(QUESTIONS)) filled[name] = value;
  const draft = JSON.stringify({ text, filled });
  keep("draft", (text || Object.values(filled).some(Boolean)) && draft.length <= LENGTH_MAX ? draft : "", visit);
}

area.addEventListener("input", noteDraft);
