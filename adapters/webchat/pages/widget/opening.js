// The panel opens and closes, by the button and by keys.

import { chat, say } from "./chat.js";
import { connect } from "./connection.js";
import { describe } from "./describe.js";
import { endChat } from "./doing.js";
import { markRead, toEnd } from "./lines.js";
import { closeButton, endButton, launcher, panel, setUnread } from "./panel.js";
import { wholePage } from "./place.js";
import { tell } from "./signals.js";
import { focusFirst } from "./views.js";

export async function toggle(open) {
  chat.isOpen = open;
  panel.hidden = !open;
  launcher.setAttribute("aria-expanded", String(open));
  launcher.setAttribute("aria-label", say(open ? "close" : "open"));
  if (!open) {
    launcher.focus();
    return;
  }
  setUnread(0);
  if (!chat.settings && !(await describe())) return;
  connect();
  tell("changed");
  toEnd();
  focusFirst();
  markRead();
}

launcher.addEventListener("click", () => toggle(!chat.isOpen));
closeButton.addEventListener("click", () => toggle(false));
endButton.addEventListener("click", endChat);
panel.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || wholePage) return;
  event.stopPropagation();
  toggle(false);
});
