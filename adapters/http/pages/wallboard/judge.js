// How things stand: each queue's level from its alerts, and the one sentence that says it.

import { number, percent, duration, t } from "./words.js";
import { store, queues, customers, sum, ageS, shown } from "./store.js";

export const ICON = { alert: "▲", warn: "◆", ok: "●", closed: "■", quiet: "○", few: "◌", internal: "◇" };
export const RANK = { alert: 0, warn: 1, ok: 2, few: 2, quiet: 3, internal: 3, closed: 4 };
const DUE = ["oldest_wait_s", "average_speed_of_answer_s", "expected_p50_s"];
const SHARE = ["service_level", "abandon_rate", "occupancy"];
/** Shares, and of how many contacts each is. */
const OF = { service_level: "service_level_of", abandon_rate: "abandon_rate_of" };
/** As the service has it: somebody waits and nobody can take them. */
const UNATTENDED = "unattended";

/** The alerts of this board by queue and figure. */
export function alerts() {
  return [...store.alerts.values()].filter((alert) => alert.board === store.board?.board);
}


/** How a queue's number of waiting stands, in its cell as in the tile of all: by its thresholds, where it has none by whoever is overdue. */
export function waitingLevel(queue, levels) {
  if (queue.unattended) return "alert";
  if (thresholds(queue, "waiting")) return levels.get(queue.queue)?.get("waiting") ?? "ok";
  return queue.overdue && !queue.for_colleagues ? "alert" : "ok";
}

/** {queue, level} of the oldest wait that is to be looked at first: of those that stand worst the longest; null: nobody waits. */
export function oldest(levels) {
  const waits = customers().filter((queue) => queue.oldest_since_ns).map((queue) => ({ queue, level: levels.get(queue.queue)?.get("oldest_wait_s") ?? "ok" }));
  return waits.reduce((first, one) => (first && (RANK[first.level] - RANK[one.level] || first.queue.oldest_since_ns - one.queue.oldest_since_ns) <= 0 ? first : one), null);
}

/** How a share stands to its thresholds; "few" where it lies beyond one and is of too few contacts to say so. */
function shareLevel(metric, share, of, { warn, alert }) {
  const beyond = (limit) => (metric === "service_level" ? share < limit : share >= limit);
  const level = beyond(alert) ? "alert" : beyond(warn) ? "warn" : "ok";
  return level !== "ok" && of < store.board.judged_of ? "few" : level;
}

const thresholds = (queue, metric) => store.board?.thresholds[queue.queue]?.[metric];
const isFew = (queue) => Object.entries(OF).some(([metric, of]) => queue[of] && thresholds(queue, metric) && shareLevel(metric, queue[metric], queue[of], thresholds(queue, metric)) === "few");

/** [share, level] of all queues together that have thresholds, by their mean; null where there is nothing to judge. */
function together(metric) {
  const all = customers().filter((queue) => queue[OF[metric]] && thresholds(queue, metric)), of = sum(all, OF[metric]);
  if (!of) return null;
  const mean = (value) => all.reduce((total, queue) => total + value(queue) * queue[OF[metric]], 0) / of;
  const share = mean((queue) => queue[metric]);
  return [share, shareLevel(metric, share, of, { warn: mean((queue) => thresholds(queue, metric).warn), alert: mean((queue) => thresholds(queue, metric).alert) })];
}

/** {levels: by queue and figure, worst: by queue, of: by figure, of how many queues it is told}: shares of all together. */
export function judge() {
  const levels = new Map(), of = new Map(), beyond = new Map();
  for (const alert of alerts()) {
    if (!levels.has(alert.queue)) levels.set(alert.queue, new Map());
    levels.get(alert.queue).set(alert.metric, alert.level);
    if (store.queues.get(alert.queue)?.for_colleagues) continue;
    if (of.get(alert.metric) !== "alert") of.set(alert.metric, alert.level);
    beyond.set(alert.metric, (beyond.get(alert.metric) ?? 0) + 1);
  }
  const worst = new Map();
  for (const queue of queues()) {
    const own = [...(levels.get(queue.queue)?.values() ?? [])];
    let level = "ok";
    if (queue.unattended || own.includes("alert")) level = "alert";
    else if (own.includes("warn")) level = "warn";
    else if (!queue.open) level = "closed";
    else if (queue.for_colleagues) level = "internal";
    else if (!queue.at_work) level = "quiet";
    else if (isFew(queue)) level = "few";
    worst.set(queue.queue, level);
  }
  // Beside a share of all queues stands how that share is; that single queues are worse is said in words.
  for (const metric of Object.keys(OF)) if (together(metric)) of.set(metric, together(metric)[1]);
  return { levels, worst, of, beyond };
}

/** A figure of a queue as thresholds know it; null where there is none. */
export function figure(queue, metric) {
  if (metric === UNATTENDED) return null;
  if (metric === "oldest_wait_s") return queue.oldest_since_ns ? ageS(queue.oldest_since_ns) : null;
  return queue[metric];
}

export function inWords(metric, value) {
  if (DUE.includes(metric)) return duration(value);
  return SHARE.includes(metric) ? percent(value) : number(value);
}

/** Why a queue needs attention, in a few words: "oldest 2:10, service level 61 %". */
export function reasons(queue, levels) {
  const told = queue.unattended ? [t("reason_nobody")] : [];
  for (const [metric] of levels.get(queue.queue) ?? []) {
    if (metric !== UNATTENDED) told.push(`${t(`metric_${metric}`)} ${inWords(metric, figure(queue, metric))}`);
  }
  return told.join(", ");
}

/** [level, sentence, the same without figures that change every second]. */
export function sentence({ levels, worst, of }) {
  if (!queues().length) return ["quiet", t("say_no_queues")];
  const all = customers(), bad = queues().filter((queue) => RANK[worst.get(queue.queue)] < 2).sort((one, other) => RANK[worst.get(one.queue)] - RANK[worst.get(other.queue)]);
  const counted = (level) => all.filter((queue) => queue.open && worst.get(queue.queue) === level).length;
  const [deserted, few, onTarget] = ["quiet", "few", "ok"].map(counted), told = (key, count) => (count ? t(key, { count }) : "");
  if (bad.length) {
    const named = bad.slice(0, 3).map((queue) => `${shown(queue)} (${reasons(queue, levels)})`).join(", ");
    const breached = worst.get(bad[0].queue) === "alert";
    const text = t(breached ? "say_breached" : "say_at_risk", { count: bad.length, queues: named });
    return [breached ? "alert" : "warn", clauses(bad.length > 3 ? `${text}, …` : text, told("say_some_deserted", deserted))];
  }
  if (all.every((queue) => !queue.entries && !queue.waiting && !queue.connected && !queue.staffed)) return ["quiet", t("say_quiet")];
  const amiss = Object.keys(OF).filter((metric) => ["alert", "warn"].includes(of.get(metric)) && together(metric));
  if (amiss.length) {
    const text = t("say_together", { figures: amiss.map((metric) => `${t(`metric_${metric}`)} ${percent(together(metric)[0])}`).join(", ") });
    return [of.get(amiss[0]), clauses(text, told("say_some_deserted", deserted))];
  }
  if (!deserted) return few ? ["quiet", t("say_few")] : onTarget ? ["ok", t("say_ok", { count: onTarget })] : ["quiet", t("say_closed")];
  if (!few && !onTarget) return ["quiet", t("say_deserted", { count: deserted })];
  return ["quiet", clauses(told("say_some_ok", onTarget), told("say_some_few", few), told("say_some_deserted", deserted))];
}

/** What is to be said, as one sentence. */
function clauses(...told) {
  const text = told.filter(Boolean).join("; ");
  return text[0].toUpperCase() + text.slice(1);
}
