// Continuity plans in force, above everything else: what agents are told while one is.

import { el, keep } from "./dom.js";
import { day, said, t } from "./words.js";

export function plansView(desk) {
  const place = el("section", { class: "plans", role: "status", hidden: true });

  function make() {
    return el("p", { class: "in-force" }, el("span", { "aria-hidden": "true" }, "⚑ "), el("strong", {}), el("span", { class: "told" }), el("span", { class: "quiet" }));
  }

  function update(child, plan) {
    const [, title, message, until] = child.children;
    child.dataset.drill = plan.drill ? "yes" : "no";
    const words = [t(plan.drill ? "plan_drill" : "plan_in_force", { plan: said(plan.title) || plan.plan }), said(plan.message), t("plan_until", { time: day(plan.until_ns) })];
    [title, message, until].forEach((part, at) => part.textContent !== words[at] && (part.textContent = words[at]));
  }

  function render() {
    const plans = desk.store.items.get("plans")?.plans ?? [];
    place.hidden = !plans.length;
    place.setAttribute("aria-label", t("plans_in_force"));
    keep(place, plans, (plan) => plan.plan, make, update);
  }
  return { place, render };
}
