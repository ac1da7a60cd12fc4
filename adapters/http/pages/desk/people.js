// How a customer is called, as far as they are known.

import { t } from "./words.js";

const NAMES = ["name", "display_name", "customer_name"];

export function who(contact) {
  const attributes = contact.attributes ?? {};
  const name = NAMES.map((key) => attributes[key]).find(Boolean);
  if (contact.channel === "task" && attributes.subject) return attributes.subject.normalize("NFC");
  return (name || contact.customer || attributes.subject || t("unknown_customer")).normalize("NFC");
}

export function initials(name) {
  const parts = name.trim().split(/\s+/).filter(Boolean);
  const chosen = parts.length > 1 ? [parts[0], parts.at(-1)] : parts;
  return chosen.map((part) => [...part][0]).join("").toLocaleUpperCase();
}
