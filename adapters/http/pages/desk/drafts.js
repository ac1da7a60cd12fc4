// What is half written of each contact, kept by agent over a reload of the tab: lines, notes, answers of the wrap-up, dialogs.

import { isText, objectOf, pairsOf, perhaps, recordOf } from "./shapes.js";

const KEPT = "half-written";
const SHAPES = { lines: isText, notes: isText, answers: recordOf(isText), dialogs: recordOf(recordOf(isText)) };
const KINDS = Object.keys(SHAPES);
const isKept = objectOf(Object.fromEntries(KINDS.map((kind) => [kind, perhaps(pairsOf(SHAPES[kind]))])));

// By contact. Clearing it changes nothing that is kept: that is another agent's beginning.
class Written extends Map {
  constructor(onChange) {
    super();
    this.onChange = onChange;
  }

  set(id, said) {
    super.set(id, said);
    this.onChange();
    return this;
  }

  delete(id) {
    const wasThere = super.delete(id);
    if (wasThere) this.onChange();
    return wasThere;
  }
}

// The words of a window are its sentence; its other fields say something before anybody has written.
const isSaid = ({ said, subject }) => Boolean((said ?? subject)?.trim());

export class Drafts {
  constructor(kept) {
    this.kept = kept;
    for (const kind of KINDS) this[kind] = new Written(() => this.keep());
  }

  get all() {
    return KINDS.map((kind) => this[kind]);
  }

  /** The contacts of whom something is half written. */
  get ids() {
    return new Set(this.all.flatMap((written) => [...written.keys()]));
  }

  begin(agent) {
    this.agent = agent;
    const kept = this.kept.read(agent, KEPT, isKept) ?? {};
    for (const written of this.all) written.clear();
    for (const kind of KINDS) for (const [id, said] of kept[kind] ?? []) this[kind].set(id, said);
  }

  /** Lets a form of a contact say what was written in its fields before; returns what forgets it, once it is said. */
  follow(form, contactId, key, fields) {
    const of = () => this.dialogs.get(contactId) ?? {};
    const before = of()[key] ?? {};
    for (const [name, field] of Object.entries(fields).filter(([name]) => name in before)) {
      field.value = before[name];
      if (field.selectedIndex === -1) field.selectedIndex = 0; // what was chosen is not there any more
    }
    form.addEventListener("input", () => {
      const written = Object.entries(fields).map(([name, field]) => [name, field.value]);
      this.dialogs.set(contactId, { ...of(), [key]: Object.fromEntries(written) });
    });
    return () => this.dialogs.set(contactId, { ...of(), [key]: {} });
  }

  /** What was written in windows about a contact, one text of each in which there are words that would be missed. */
  asked(contactId) {
    const said = Object.values(this.dialogs.get(contactId) ?? {}).filter(isSaid);
    return said.map((fields) => Object.values(fields).filter(Boolean).join(" · "));
  }

  /** Whether there are words that would be missed. */
  get hasWords() {
    const { lines, notes, answers, dialogs } = this;
    const written = [...lines.values(), ...notes.values(), ...[...answers.values()].flatMap(Object.values)];
    return written.some((said) => said.trim()) || [...dialogs.keys()].some((id) => this.asked(id).length);
  }

  keep() {
    const written = Object.fromEntries(KINDS.filter((kind) => this[kind].size).map((kind) => [kind, [...this[kind]]]));
    this.kept.write(this.agent, KEPT, Object.keys(written).length ? written : undefined);
  }
}
