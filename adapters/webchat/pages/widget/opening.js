// The panel opens and closes, by the button and by keys.

import { chat } from "./chat.js";
import { connect } from "./connection.js";
import { covers, keepWithin, showCover } from "./covering.js";
import { describe } from "./describe.js";
import { endChat } from "./doing.js";
import { markRead, toEnd } from "./lines.js";
import { closeButton, endButton, launcher, nameLauncher, panel, setUnread } from "./panel.js";
import { wholePage } from "./place.js";
import { tell } from "./signals.js";
import { focusFirst } from "./views.js";

export async function toggle(open) {
  chat.isOpen = open;
  panel.hidden = !open;
  launcher.setAttribute("aria-expanded", String(open));
  nameLauncher();
  showCover();
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
// What has the focus may stand behind the panel, where nobody sees it.
document.addEventListener("keydown", (event) => {
  if (!covers() || event.defaultPrevented) return;
  if (event.key === "Escape") toggle(false);
  else if (event.key === "Tab") keepWithin(event);
});
