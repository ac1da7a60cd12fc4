// How a customer is called, as far as they are known.

import { inWords, saying, t } from "./words.js";

const NAMES = ["name", "display_name", "customer_name"];

// Visitors of the web chat whom nobody has signed in: as long as chance made it, and of use to nobody.
const VISITOR = /^visitor-([0-9a-f]{4})[0-9a-f]{28}$/;

export const address = (contact) => (VISITOR.test(contact.customer ?? "") ? "" : contact.customer);

/** A name of theirs, of their `earlier` contacts where this one tells none, or the saying that stands for it. */
export function called(contact, earlier) {
  const attributes = contact.attributes ?? {};
  const subject = contact.channel === "task" && attributes.subject;
  const name = subject || NAMES.map((key) => attributes[key]).find(Boolean) || earlier?.find((one) => one.name)?.name;
  const visitor = VISITOR.exec(contact.customer ?? "");
  if (!name && visitor) return saying("visitor", { mark: visitor[1] });
  const own = (name || contact.customer || attributes.subject)?.normalize("NFC") || saying("unknown_customer");
  return contact.asked_by ? saying("asks_about", { agent: contact.asked_by, customer: own }) : own;
}

/** What it is, as a key of the words: a colleague's question is more than a call. */
const kindOf = (contact) => (contact.asked_by ? "consultation" : `channel.${contact.channel}`);

/** How they are called in the language of now. */
export const who = (contact, earlier) => inWords(called(contact, earlier));

/** Who a customer is, whatever the contact is about. */
export function person(contact, earlier) {
  const { subject, ...attributes } = contact.attributes ?? {};
  return who({ ...contact, asked_by: "", attributes }, earlier);
}

/** The number of a customer who is to be called back; empty for every other contact. */
export const calledBackAt = (contact) => (contact.channel === "voice" && contact.attributes?.callback_number) || "";

/** What it is, and to which number where somebody is called back. */
export function what(contact) {
  const number = calledBackAt(contact);
  return number ? t("callback_to", { number }) : t(kindOf(contact));
}

/** Whether they are called back by the agent, with no phone that rings for it: then nothing here holds the call or hangs up. */
export const isDialled = (contact) => Boolean(calledBackAt(contact)) && !contact.at_phone;

/** Whether the call with them can be held. */
export const mayHold = (contact) => contact?.channel === "voice" && !isDialled(contact);

/** At which inbox a callback was asked for; empty for every other contact. */
export const leftAt = (contact) => (calledBackAt(contact) && contact.entry ? t("left_at", { entry: contact.entry }) : "");

/** Whether what is said with them is written. */
export const isWritten = (contact) => contact.channel !== "voice" && contact.channel !== "task";

/** Where somebody is answered who left a message and is not there any more: a line reaches them no more; empty for the others. */
export const answeredAt = (contact) => (contact.channel === "email" && contact.attributes?.answer_to) || "";

/** Whether a line reaches them. */
export const hasLine = (contact) => isWritten(contact) && !answeredAt(contact);

export function initials(name) {
  const parts = name.trim().split(/\s+/).filter(Boolean);
  const chosen = parts.length > 1 ? [parts[0], parts.at(-1)] : parts;
  return chosen.map((part) => [...part][0]).join("").toLocaleUpperCase();
}
