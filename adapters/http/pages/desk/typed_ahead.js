// What is typed while a contact is being taken: for its line or for nobody, and never keys.

const PAUSE_MS = 1000;

/** The field in which somebody may be in the middle of a text. */
export function textField() {
  const field = document.activeElement;
  return typeof field?.selectionStart === "number" ? field : null;
}

export class TypedAhead {
  constructor() {
    this.wanted = 0; // the contact that is being taken
    this.text = "";
    this.isInLine = false; // typed into the line of whomever is shown, which is the wanted one's meanwhile
    this.meantUntil = 0;
  }

  begin(contactId, isInLine) {
    this.wanted = contactId;
    this.text = "";
    this.isInLine = isInLine;
  }

  end() {
    this.wanted = 0;
    this.isInLine = false;
  }

  /** Whether somebody is in the middle of a text that is not for the wanted one. */
  get isBesideText() {
    const field = textField();
    return Boolean(field?.value) && !(this.isInLine && field.id === "line");
  }

  /** It is gone: what is typed on was meant for them, and is no keys, until the typist pauses. */
  missed() {
    this.end();
    this.waitForPause();
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
