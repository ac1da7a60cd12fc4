// Says to who may supervise that the configuration file is not in force, or not all of it, for as long as it is so.

import { $, el, put, show } from "./dom.js";
import { t } from "./words.js";
import { get } from "./link.js";
import { may } from "./supervise.js";

let found = null, asked = 0;

/** Asks the service; what was known stands where it does not answer. */
export async function look() {
  const mine = (asked += 1);
  if (may()) {
    try {
      const answer = await get("/api/v1/configuration");
      if (mine === asked) found = answer;
    } catch { /* it is asked again */ }
  } else found = null;
  if (mine === asked) draw();
}

/** Forgets what was known, and whatever is being asked. */
export function drop() {
  asked += 1;
  found = null;
  draw();
}

export function draw() {
  const place = $("configuration"), isAmiss = Boolean(found) && !found.in_force;
  if (isAmiss && !place.firstChild) place.append(el("div", { class: "in-force" }, el("span", { class: "icon", "aria-hidden": "true" }, "⚠"), el("p", {}, el("strong"), " ", el("span"))));
  if (isAmiss) {
    const kind = found.faults ? "refused" : "in_part";
    put(place.querySelector("strong"), t(`configuration_${kind}`, { count: found.faults }));
    put(place.querySelector("p > span"), found.faults ? t("configuration_mend") : found.not_taken.join(" · "));
  } else place.replaceChildren();
  show(place, isAmiss);
}
