// What is shown for the names that the service goes by: of queues, codes, kinds of cases, customers and agents.

import { called, who } from "./people.js";
import { t } from "./words.js";

export class Names {
  constructor(store) {
    this.store = store;
  }

  queue(queue) {
    if (queue === "case-reports") return t("case_reports");
    return this.store.house?.queues.find((one) => one.queue === queue)?.display_name ?? queue;
  }

  code(code) {
    return this.store.house?.codes.find((one) => one.code === code)?.display_name ?? code;
  }

  kind(kind) {
    return this.store.house?.cases.find((one) => one.kind === kind)?.display_name ?? kind;
  }

  /** How a customer is called, of their earlier contacts where this one does not tell it. */
  customer(contact) {
    return who(contact, this.store.earlier.get(contact.id));
  }

  /** Who is there, as a saying: a colleague who asks, or the customer. */
  there(contact) {
    return contact.asked_by || called(contact, this.store.earlier.get(contact.id));
  }

  agent(agent) {
    return this.store.items.get("names")?.[agent] ?? agent;
  }
}
