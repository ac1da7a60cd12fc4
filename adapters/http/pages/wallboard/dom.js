// Making nodes and changing them only where they look different: a wall of figures is drawn many times a second.

const CALM_MS = 1000;
const SVG = "http://www.w3.org/2000/svg";
const DRAWN = new Set(["svg", "rect", "path", "line", "circle", "text", "title", "g"]);

export const $ = (id) => document.getElementById(id);

/** Makes an element; attributes without a value are left out. */
export function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "on") for (const [event, act] of Object.entries(value)) made.addEventListener(event, act);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== undefined && value !== null && value !== false && value !== "") made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return made;
}

/** Makes an element of a drawing. */
export function draw(tag, attributes = {}, ...children) {
  if (!DRAWN.has(tag)) throw new Error(`${tag} is not part of a drawing`);
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== undefined && value !== "") made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** Sets the text of a node that holds nothing else. */
export function put(node, text) {
  if (node.said !== text) {
    node.said = text;
    node.textContent = text;
  }
}

/** Sets an attribute; nothing takes it away. */
export function mark(node, name, value) {
  const key = `mark_${name}`;
  if (node[key] === value) return;
  node[key] = value;
  if (value === null || value === undefined || value === "") node.removeAttribute(name);
  else node.setAttribute(name, value);
}

export function show(node, visible) {
  if (node.hidden === visible) node.hidden = !visible;
}

/**
 * Keeps one child a key in `place`, in the order of `items`. `make(item)` returns an object with its `node`,
 * `update(view, item)` changes it; views of items that are gone go, too.
 */
export function keyed(place, items, key, make, update) {
  const before = place.views ?? new Map();
  const after = new Map();
  for (const item of items) {
    const name = key(item);
    const view = before.get(name) ?? make(item);
    after.set(name, view);
    update(view, item);
  }
  for (const [name, view] of before) if (!after.has(name)) view.node.remove();
  place.views = after;
  order(place, [...after.values()]);
  return after;
}

/**
 * Sorts for the eye: at most once a second, and at once where `urgent` says something else than before; in between
 * everything stays where it is, and what is new comes last. `place.unsettled` says that there is more to do.
 */
export function calmly(place, items, key, compare, urgent = "") {
  const now = performance.now(), before = place.views;
  place.unsettled = Boolean(before?.size) && place.urgent === urgent && now - place.sortedMs < CALM_MS;
  if (!place.unsettled) {
    [place.sortedMs, place.urgent] = [now, urgent];
    return items.sort(compare);
  }
  const at = new Map([...before.keys()].map((name, index) => [name, index]));
  return items.sort((one, other) => (at.get(key(one)) ?? Infinity) - (at.get(key(other)) ?? Infinity) || compare(one, other));
}

/** Puts views in this order with as few moves as can be: each move has the page laid out anew. */
function order(place, views) {
  const stay = inOrder(views.map((view) => view.at ?? -1));
  let next = null;
  for (let at = views.length - 1; at >= 0; at -= 1) {
    const view = views[at];
    if (!stay.has(at)) place.insertBefore(view.node, next);
    next = view.node;
    view.at = at;
  }
}

/** The places of the longest run of rising numbers; those below zero are not among them. */
function inOrder(numbers) {
  const ends = [], before = new Array(numbers.length).fill(-1);
  numbers.forEach((number, at) => {
    if (number < 0) return;
    let low = 0, high = ends.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (numbers[ends[middle]] < number) low = middle + 1;
      else high = middle;
    }
    if (low) before[at] = ends[low - 1];
    ends[low] = at;
  });
  const found = new Set();
  for (let at = ends.at(-1) ?? -1; at >= 0; at = before[at]) found.add(at);
  return found;
}
