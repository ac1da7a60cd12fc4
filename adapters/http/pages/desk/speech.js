// What is said to people who listen: what comes up in one moment is said together, as a region tells its latest words alone.

const waiting = new Map();

function tell(region) {
  const words = waiting.get(region) ?? [];
  waiting.delete(region);
  document.getElementById(region).textContent = words.join(" · ");
}

/** Says it: `polite` when there is time, `urgent` at once. */
export function say(region, text) {
  if (!waiting.has(region)) {
    waiting.set(region, []);
    queueMicrotask(() => tell(region));
  }
  waiting.get(region).push(text);
}

/** Nothing that was said stays to be found. */
export function hush() {
  for (const region of ["urgent", "polite"]) {
    waiting.set(region, []);
    tell(region);
  }
}
