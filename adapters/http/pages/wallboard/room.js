// How large squares may be, so that as many as there are stand in the room that there is.

/** The sizes of squares, roomiest first; where the page scrolls as a whole each is taken for up to so many. */
export const SIZES = [["roomy", 24], ["medium", 80], ["close", 80], ["dense", Infinity]];
/** Where everything stands on one screen, as base.css has it; and where that screen is low, as blocks.css has it. */
const WHOLE = "(min-width: 70rem) and (min-height: 40rem)", LOW = `${WHOLE} and (max-height: 59.99rem)`;
/** As blocks.css has it of packed squares; with the gap a square is the 24 pixels that a finger needs. */
const GAP = 2, EDGE = 3, SIDES = 7, ENDS = 2, LEAST_HIGH = 23, LEAST_WIDE = 28;
/** Of letters: the least and the most, in pixels and of the page's; and in letters what a sign, a sign with a time, a line and two need. */
const LEAST_LETTER = 8.5, MOST_LETTERS = 1.05, SIGN = 1.1, TIME = 3.6, ONE = 1.15, TWO = 2.3;

export const isWhole = () => matchMedia(WHOLE).matches;
export const isLow = () => matchMedia(LOW).matches;

/** How much wider columns are tried where rows leave room below. */
const WIDER = [2, 1.7, 1.45, 1.25, 1.1];

/** Finds the roomiest size at which all squares are seen without scrolling; `enter(size)` tries one, `letters` has the longest short name. */
export function fit(frame, place, count, letters, enter) {
  place.style.removeProperty("--wide");
  if (!isWhole()) {
    enter(SIZES.find(([, most]) => count <= most)[0]);
    return;
  }
  for (const [size] of SIZES) {
    enter(size);
    if (over(frame)) continue;
    widen(frame, place);
    return;
  }
  enter("packed");
  pack(frame, place, count, letters);
}

/** Words have what the rows leave: columns as wide as all squares still stand in the frame. */
function widen(frame, place) {
  const least = parseFloat(getComputedStyle(place).getPropertyValue("--least-wide"));
  for (const factor of least ? WIDER : []) {
    place.style.setProperty("--wide", `${(least * factor).toFixed(2)}rem`);
    if (!over(frame)) return;
  }
  place.style.removeProperty("--wide");
}

export const over = (frame) => frame.scrollHeight > frame.clientHeight;

/** The height in pixels below which a block of so many squares would have to scroll, with the gap above it. */
export function leastHigh(frame, place, count, letters) {
  const block = frame.parentElement, columns = fitting(wideOf(frame), letters);
  const border = 2 * frame.clientTop, around = block.offsetHeight - frame.offsetHeight + (parseFloat(getComputedStyle(block.parentElement).rowGap) || 0);
  return Math.ceil(around + border + 2 * EDGE + beside(frame, place) + Math.ceil(count / columns) * (LEAST_HIGH + GAP));
}

/** What else stands in the frame. */
const beside = (frame, place) => [...frame.children].reduce((sum, one) => sum + (one === place || !one.offsetHeight ? 0 : one.offsetHeight + GAP), 0);
/** The frame within its edges, without the bar by which it may be scrolled right now. */
const wideOf = (frame) => frame.offsetWidth - 2 * frame.clientLeft - 2 * EDGE;
/** The least that a square with a sign and its short name is wide, in letters that can be read. */
const leastWide = (letters) => Math.max(LEAST_WIDE, Math.ceil(LEAST_LETTER * (SIGN + letters)) + SIDES);
const fitting = (wide, letters) => Math.max(1, Math.floor((wide + GAP) / (leastWide(letters) + GAP)));

/** The width of the longest of short names, in letters. */
export function widest(names, place) {
  const pen = document.createElement("canvas").getContext("2d");
  pen.font = `700 100px ${getComputedStyle(place).fontFamily}`;
  return Math.max(0, ...[...new Set(names)].map((name) => pen.measureText(name).width)) / 100;
}

/** Divides the room evenly, with letters as large as can be. Where none could be read, or not be pressed, they scroll. */
function pack(frame, place, count, name) {
  const wide = wideOf(frame), high = frame.clientHeight - 2 * EDGE - beside(frame, place);
  const most = MOST_LETTERS * parseFloat(getComputedStyle(document.documentElement).fontSize);
  let best = null;
  for (let columns = 1; columns <= count; columns += 1) {
    const rows = Math.ceil(count / columns), w = (wide - (columns - 1) * GAP) / columns, h = Math.floor((high - (rows - 1) * GAP) / rows);
    if (w < leastWide(name)) break;
    if (h < LEAST_HIGH) continue;
    const two = Math.min((w - SIDES) / Math.max(name, TIME), (h - ENDS) / TWO, most), one = Math.min((w - SIDES) / (SIGN + name), (h - ENDS) / ONE, most);
    const made = two >= Math.min(LEAST_LETTER, one) ? { lines: 2, letter: two } : { lines: 1, letter: one };
    if (!best || made.lines > best.lines || (made.lines === best.lines && made.letter > best.letter)) best = { ...made, columns, high: h };
  }
  best ??= { lines: 1, letter: LEAST_LETTER, columns: fitting(wide, name), high: LEAST_HIGH };
  place.dataset.lines = best.lines;
  place.style.setProperty("--columns", best.columns);
  place.style.setProperty("--high", `${best.high}px`);
  place.style.setProperty("--letter", `${best.letter.toFixed(2)}px`);
}
