// What is half written of each contact, kept by agent over a reload of the tab: lines, notes, answers of the wrap-up, dialogs.

const KEPT = "trunkline-desk-half-written:";
const KINDS = ["lines", "notes", "answers", "dialogs"];

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

export class Drafts {
  constructor() {
    for (const kind of KINDS) this[kind] = new Written(() => this.#keep());
  }

  get all() {
    return KINDS.map((kind) => this[kind]);
  }

  begin(agent) {
    this.agent = agent;
    const kept = this.#kept();
    for (const written of this.all) written.clear();
    for (const kind of KINDS) for (const [id, said] of kept[kind] ?? []) this[kind].set(id, said);
  }

  /** Lets a form of a contact say what was written in its fields before; returns what forgets it, once it is said. */
  follow(form, contactId, key, fields) {
    const of = () => this.dialogs.get(contactId) ?? {};
    for (const [name, value] of Object.entries(of()[key] ?? {})) {
      const field = fields[name];
      field.value = value;
      if (field.selectedIndex === -1) field.selectedIndex = 0; // what was chosen is not there any more
    }
    form.addEventListener("input", () => {
      const written = Object.entries(fields).map(([name, field]) => [name, field.value]);
      this.dialogs.set(contactId, { ...of(), [key]: Object.fromEntries(written) });
    });
    return () => this.dialogs.set(contactId, { ...of(), [key]: {} });
  }

  #keep() {
    const written = Object.fromEntries(KINDS.filter((kind) => this[kind].size).map((kind) => [kind, [...this[kind]]]));
    try {
      if (Object.keys(written).length) sessionStorage.setItem(KEPT + this.agent, JSON.stringify(written));
      else sessionStorage.removeItem(KEPT + this.agent);
    } catch {
      // Storage that is full or denied costs nothing but this.
    }
  }

  #kept() {
    try {
      return JSON.parse(sessionStorage.getItem(KEPT + this.agent) ?? "{}");
    } catch {
      return {};
    }
  }
}
