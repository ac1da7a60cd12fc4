// Why the service did not do something, in the reader's words: its own are for who reads its log.

import { Refused } from "./link.js";
import { t } from "./words.js";

const KNOWN = ["not_admitted", "wrong_state", "401", "403", "404", "409", "422", "429", "503"];

/** `otherwise` is the word for what did not even reach the service. */
export function refusal(error, otherwise) {
  if (!(error instanceof Refused)) return t(otherwise);
  const known = [error.code, String(error.status)].find((key) => KNOWN.includes(key));
  return known ? t(`refused_${known}`) : t("order_refused", { status: error.status });
}
