// What is typed on after the one it was meant for has gone: for nobody, until the typist pauses. It is no text, and no keys.

const PAUSE_MS = 1000;

/** The field in which somebody may be in the middle of a text. */
export function textField() {
  const field = document.activeElement;
  return typeof field?.selectionStart === "number" ? field : null;
}

export class TypedAhead {
  constructor() {
    this.typedAt = -Infinity; // when somebody typed into a field last
    this.meantUntil = -Infinity;
  }

  typed() {
    this.typedAt = performance.now();
  }

  /** What is typed goes into no field any more, but for one of a dialog. */
  leaveField() {
    const field = textField();
    if (!field?.closest("dialog")) field?.blur();
  }

  /** Whom somebody wrote to is gone, or takes no more: where `always`, also if they did not type just now. */
  halt(always = false) {
    this.leaveField();
    if (always || performance.now() - this.typedAt < PAUSE_MS) this.waitForPause();
  }

  waitForPause() {
    this.meantUntil = performance.now() + PAUSE_MS;
  }

  /** Whether a key belongs to a text that is gone; one that does puts the pause off. */
  isMeant() {
    if (performance.now() > this.meantUntil) return false;
    this.waitForPause();
    return true;
  }
}
