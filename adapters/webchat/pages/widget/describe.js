// What the inbox is, before anybody says hello: its words, its forms, whether somebody is there.

import { chat, say } from "./chat.js";
import { showNotices } from "./notices.js";
import { closeButton, host, log, nameLauncher, title } from "./panel.js";
import { address, inbox } from "./place.js";

// Whether it could be had. Nothing is shown of an inbox that nothing is known of.
export async function describe() {
  try {
    const locale = script.dataset.locale || navigator.languages?.join(",") || "";
    const answer = await fetch(address(`inboxes/${encodeURIComponent(inbox)}`, { locale }));
    if (!answer.ok) throw new Error(await answer.text());
    chat.settings = await answer.json();
  } catch (error) {
    console.warn(`The chat "${inbox}" cannot be shown now: ${error.message}. If it never is: does the configuration list ${location.origin} under the inbox's "origins"?`);
    return false;
  }
  chat.words = chat.settings.texts;
  host.hidden = false;
  host.lang = chat.words.locale;
  title.textContent = chat.settings.title;
  log.setAttribute("aria-label", say("conversation"));
  closeButton.setAttribute("aria-label", say("close"));
  nameLauncher();
  showNotices(chat.settings.notices);
  return true;
}
