// How things stand: each queue's level from its alerts, and the one sentence that says it.

import { number, percent, duration, t } from "./words.js";
import { store, queues, ageS, shown } from "./store.js";

export const ICON = { alert: "▲", warn: "◆", ok: "●", closed: "■", quiet: "○" };
export const RANK = { alert: 0, warn: 1, ok: 2, quiet: 3, closed: 4 };
const DUE = ["oldest_wait_s", "average_speed_of_answer_s", "expected_p50_s"];
const SHARE = ["service_level", "abandon_rate", "occupancy"];
const AT_WORK = ["idle", "offered", "busy", "wrapping"];

/** The alerts of this board by queue and figure. */
export function alerts() {
  return [...store.alerts.values()].filter((alert) => alert.board === store.board?.board);
}

export const atWork = (queue) => AT_WORK.reduce((n, state) => n + (queue.agents[state] ?? 0), 0);
export const abandoned = (queue) => queue.waiting > 0 && atWork(queue) === 0;

/** {levels: by queue and figure, worst: by queue, of: by figure over all queues}. */
export function judge() {
  const levels = new Map(), of = new Map();
  for (const alert of alerts()) {
    if (!levels.has(alert.queue)) levels.set(alert.queue, new Map());
    levels.get(alert.queue).set(alert.metric, alert.level);
    if (of.get(alert.metric) !== "alert") of.set(alert.metric, alert.level);
  }
  const worst = new Map();
  for (const queue of queues()) {
    const own = [...(levels.get(queue.queue)?.values() ?? [])];
    let level = "ok";
    if (abandoned(queue) || own.includes("alert")) level = "alert";
    else if (own.includes("warn")) level = "warn";
    else if (!queue.open) level = "closed";
    else if (!queue.staffed && !queue.waiting && !queue.connected) level = "quiet";
    worst.set(queue.queue, level);
  }
  return { levels, worst, of };
}

/** A figure of a queue as thresholds know it. */
export function figure(queue, metric) {
  if (metric === "oldest_wait_s") return queue.oldest_since_ns ? ageS(queue.oldest_since_ns) : null;
  return queue[metric];
}

export function inWords(metric, value) {
  if (DUE.includes(metric)) return duration(value);
  return SHARE.includes(metric) ? percent(value) : number(value);
}

/** Why a queue needs attention, in a few words: "oldest 2:10, service level 61 %". */
export function reasons(queue, levels) {
  const told = abandoned(queue) ? [t("reason_nobody")] : [];
  for (const [metric] of levels.get(queue.queue) ?? []) told.push(`${t(`metric_${metric}`)} ${inWords(metric, figure(queue, metric))}`);
  return told.join(", ");
}

/** [level, sentence, the same without figures that change every second]. */
export function sentence({ levels, worst }) {
  const all = queues();
  if (!all.length) return ["quiet", t("say_no_queues")];
  const bad = all.filter((queue) => RANK[worst.get(queue.queue)] < 2).sort((one, other) => RANK[worst.get(one.queue)] - RANK[worst.get(other.queue)]);
  if (bad.length) {
    const told = bad.slice(0, 3).map((queue) => `${shown(queue)} (${reasons(queue, levels)})`).join(", ");
    const breached = worst.get(bad[0].queue) === "alert";
    const text = t(breached ? "say_breached" : "say_at_risk", { count: bad.length, queues: told });
    return [breached ? "alert" : "warn", bad.length > 3 ? `${text}, …` : text];
  }
  const open = all.filter((queue) => queue.open).length;
  if (all.every((queue) => !queue.entries && !queue.waiting && !queue.connected && !queue.staffed)) return ["quiet", t("say_quiet")];
  return open ? ["ok", t("say_ok", { count: open })] : ["quiet", t("say_closed")];
}
