// What is shown for the names that the service goes by: of queues, codes, kinds of cases and agents.

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

  agent(agent) {
    return this.store.items.get("names")?.[agent] ?? agent;
  }
}
