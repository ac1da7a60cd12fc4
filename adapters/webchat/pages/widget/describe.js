// What the inbox is, before anybody says hello: its words, its forms, whether somebody is there.

import { chat, say } from "./chat.js";
import { closeButton, endButton, host, launcher, log, title } from "./panel.js";
import { address, inbox } from "./place.js";

export async function describe() {
  try {
    const locale = script.dataset.locale || navigator.languages?.join(",") || "";
    const answer = await fetch(address(`inboxes/${encodeURIComponent(inbox)}`, { locale }));
    if (!answer.ok) throw new Error(answer.status);
    chat.settings = await answer.json();
    chat.words = chat.settings.texts;
  } catch (error) {
    host.hidden = error.message === "403" || error.message === "404";
    chat.settings = null;
    throw error;
  }
  host.lang = chat.words.locale;
  title.textContent = chat.settings.title;
  log.setAttribute("aria-label", say("conversation"));
  endButton.textContent = say("end");
  closeButton.setAttribute("aria-label", say("close"));
  launcher.setAttribute("aria-label", say(chat.isOpen ? "close" : "open"));
  return chat.settings;
}
