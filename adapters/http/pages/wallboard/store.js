// What the stream has told: items by name and topic, and what of it is new since the last drawing.

export const TOPICS = ["queues", "agents", "waiting", "alerts", "plans"];
const NAME = { queues: "queue", agents: "agent", waiting: "contact", alerts: "alert", plans: "plan" };

export const store = {
  queues: new Map(), agents: new Map(), waiting: new Map(), alerts: new Map(), plans: new Map(),
  board: null, hour: null, week: null, asOf: 0, known: false, skewMs: 0, heardMs: 0, fresh: new Set(),
  /** In replay: the instant shown, in ms; else null. */
  pastMs: null,
};

/** The time that ages are reckoned to: the service's, or that of the moment replayed. */
export const nowMs = () => store.pastMs ?? Date.now() + store.skewMs;
export const ageS = (ns) => Math.max(0, nowMs() / 1000 - ns / 1e9);
export const shown = (item) => (item.display_name || item.queue || item.agent).normalize("NFC");

/** Takes in a snapshot, a delta or a patch of one topic; of a patch, single fields. What changed is another object then. */
export function take(kind, change) {
  const items = store[change.topic], key = NAME[change.topic];
  if (!items) return;
  if (kind === "snapshot") items.clear();
  for (const item of change.items) {
    const known = kind === "patch" ? items.get(item[key]) : undefined;
    items.set(item[key], known ? { ...known, ...item } : item);
  }
  for (const name of change.removed ?? []) items.delete(name);
  store.asOf = Math.max(store.asOf, change.as_of);
  store.known = true;
  store.fresh.add(change.topic);
}

/** Forgets everything: the next snapshot is of another moment, or another log. */
export function clear() {
  for (const topic of TOPICS) {
    store[topic].clear();
    store.fresh.add(topic);
  }
  store.asOf = 0;
  store.known = false;
}

/** What is known now, to be put back when a replay ends. */
export const aside = () => ({ asOf: store.asOf, heardMs: store.heardMs, topics: TOPICS.map((topic) => [topic, new Map(store[topic])]) });

/** Puts back what was known, as old as it is: the service may be gone by now. */
export function restore({ asOf, heardMs, topics }) {
  clear();
  for (const [topic, items] of topics) for (const [name, item] of items) store[topic].set(name, item);
  Object.assign(store, { asOf, heardMs, known: heardMs > 0 });
}

/** The board's queues. */
export function queues() {
  const wanted = store.board?.queues ?? [];
  const all = [...store.queues.values()];
  return wanted.length ? all.filter((queue) => wanted.includes(queue.queue)) : all;
}

/** Those of them in which customers wait: what is told of all together is of these. */
export const customers = () => queues().filter((queue) => !queue.for_colleagues);

/** Waiting contacts of the board's queues, longest wait first. */
export function waiting() {
  const wanted = store.board?.queues ?? [];
  const all = [...store.waiting.values()].filter((contact) => !wanted.length || wanted.includes(contact.queue));
  return all.sort((one, other) => one.since_ns - other.since_ns);
}

export const sum = (items, key) => items.reduce((total, item) => total + item[key], 0);
