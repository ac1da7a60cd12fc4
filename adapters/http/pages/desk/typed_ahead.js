// What is typed on after the one it was meant for has gone: for nobody, until the typist pauses, or where the cursor was taken
// from a field, until they do what ends a text: Escape, an arrow, a click. It is no text, and no keys.

export const PAUSE_MS = 1000;

/** Where a key or the cursor is: a window that has closed keeps it until the page is drawn next, and that is nowhere. */
export const placeOf = (place) => (place?.closest?.("dialog:not([open])") ? document.body : place);

/** The field in which somebody may be in the middle of a text. */
export function textField() {
  const field = placeOf(document.activeElement);
  return typeof field?.selectionStart === "number" ? field : null;
}

export class TypedAhead {
  constructor(onLost) {
    this.onLost = onLost; // told of each key that goes to nobody because the cursor was taken
    this.typedAt = -Infinity; // when somebody typed into a field last
    this.meantUntil = -Infinity;
    this.cursorTaken = false;
    document.addEventListener("pointerdown", () => this.free());
    document.addEventListener("focusin", () => (this.cursorTaken = false));
  }

  typed() {
    this.typedAt = performance.now();
  }

  /** The field in which somebody is typing just now. */
  get field() {
    return performance.now() - this.typedAt < PAUSE_MS ? textField() : null;
  }

  /** What is typed goes into no field any more, but for one of a dialog. */
  leaveField() {
    const field = textField();
    if (!field || field.closest("dialog")) return false;
    field.blur();
    return true;
  }

  /** The typist knows that the text is at its end. */
  free() {
    this.cursorTaken = false;
    this.meantUntil = -Infinity;
  }

  /** A contact takes no more words: `atWord` of who sits here, who means what they press next, or not; see `halt`. */
  stop(atWord, always = false) {
    if (atWord) this.leaveField();
    else this.halt(always);
  }

  /** Whom somebody wrote to is gone, or takes no more: where `always`, also if they did not type just now. */
  halt(always = false) {
    this.cursorTaken = this.leaveField() || this.cursorTaken;
    if (always || performance.now() - this.typedAt < PAUSE_MS) this.waitForPause();
  }

  waitForPause() {
    this.meantUntil = performance.now() + PAUSE_MS;
  }

  /** Whether a key belongs to a text that is gone; one that does puts the pause off. */
  isMeant() {
    if (this.cursorTaken) this.onLost();
    if (this.cursorTaken) return true;
    if (performance.now() > this.meantUntil) return false;
    this.waitForPause();
    return true;
  }
}
