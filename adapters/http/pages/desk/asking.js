// What is asked about each contact until it is answered: the earlier contacts of the customer, and their cases.

const AGAIN_MS = 10_000;

export class Asking {
  constructor(wire, store) {
    this.wire = wire;
    this.store = store;
    this.underWay = new Set();
  }

  // That there is nothing is said only where there is nothing.
  earlier() {
    for (const { id } of this.store.contacts) if (!this.store.earlier.has(id) && !this.underWay.has(id)) this.#earlierOf(id);
  }

  async #earlierOf(id) {
    const { store, underWay } = this;
    underWay.add(id);
    const told = await this.wire.ask({ what: "earlier", contact_id: id });
    underWay.delete(id);
    if (told.dropped || !store.items.has(`contact:${id}`)) return;
    store.earlier.set(id, told.earlier ?? null);
    if (told.earlier) return this.cases(id);
    store.changed();
    setTimeout(() => store.earlier.get(id) === null && this.#earlierOf(id), AGAIN_MS);
  }

  async cases(id) {
    const told = await this.wire.ask({ what: "cases", contact_id: id });
    if (told.cases) this.store.cases.set(id, told.cases);
    this.store.changed();
  }
}
