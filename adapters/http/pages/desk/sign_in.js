// The door: a name and a password, or a token.

import { el, fill } from "./dom.js";
import { typedOn } from "./typed_on.js";
import { choose, inWords, language, languages, saying, t } from "./words.js";

const ANSWER_WITHIN_MS = 20_000;

// In the language of the page, which the service's own words are not.
function refusal({ status, headers }, byToken) {
  if (status === 429) return saying("too_many_tries", { s: Number(headers.get("Retry-After") ?? 1) });
  if (status === 404) return saying("ended.unknown");
  if (status === 401) return saying(byToken ? "wrong_token" : "wrong_password");
  return byToken && status === 403 ? saying("token_of_nobody") : saying("sign_in_refused", { status });
}

/**
 * `who` sat here until their session ended: only the password is to be said again. `within` another page: a part of it. Whom it
 * came upon while they were `typing` gets to the first field by Tab or a click; the rest of their `text` has a field of its own.
 */
export function signInView(onSignedIn, { said = "", who = "", within = "main", typing = false, text = null } = {}) {
  const isPage = within === "main";
  const place = el(within, isPage ? { class: "door", id: "work" } : {});

  function render(message, byToken = false, isTyping = false) {
    const agent = el("input", { id: "agent", name: "agent", value: who, autocomplete: "username", required: true, autocapitalize: "none", spellcheck: false });
    const password = el("input", { id: "password", name: "password", type: "password", autocomplete: "current-password" });
    const token = el("input", { id: "token", name: "token", type: "password", autocomplete: "off", required: true });
    const alert = el("p", { class: "door-alert", role: "alert" }, inWords(message));
    const button = el("button", { type: "submit", class: "primary" }, t("sign_in"));
    const first = byToken ? token : who ? password : agent;
    const rest = isTyping && text ? typedOn(text, (isAny) => isAny || hideRest()) : null;
    const row = (field, word) => el("div", { class: "field" }, el("label", { for: field.id }, word), field);
    const form = el(
      "form",
      { class: "door-form", on: { submit: (event) => (event.preventDefault(), submit()) } },
      isPage ? el("h1", {}, t("desk")) : null,
      alert,
      rest?.place,
      byToken ? row(token, t("token")) : [row(agent, t("agent_name")), row(password, t("password"))],
      button,
      el("button", { type: "button", class: "quiet", on: { click: () => render("", !byToken) } }, t(byToken ? "by_password" : "by_token")),
      isPage && el("div", { class: "door-languages" }, languages().map((one) => el("button", { type: "button", class: "quiet", lang: one, "aria-pressed": String(one === language), on: { click: async () => render((await choose(one)) ? message : saying("no_connection"), byToken) } }, t(`language.${one}`)))),
    );
    fill(place, form);
    queueMicrotask(() => (isTyping ? rest?.input ?? place : first).focus());
    if (isTyping) place.tabIndex = -1; // a cursor that is nowhere, and Tab goes on from here
    place.onkeydown = (event) => {
      if (event.key !== "Tab" || event.shiftKey || ![place, rest?.input].includes(event.target)) return;
      event.preventDefault();
      first.focus();
    };

    // Nobody typed on. It leaves its room, or what somebody is clicking on would move.
    function hideRest() {
      if (document.activeElement === rest.input) place.focus();
      rest.place.style.visibility = "hidden";
    }

    async function submit() {
      button.disabled = true;
      try {
        const body = byToken ? { token: token.value.trim() } : { agent: agent.value.trim(), password: password.value };
        const answer = await fetch("/api/v1/desk/session", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body), signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
        if (answer.ok) return onSignedIn(await answer.json());
        message = refusal(answer, byToken);
      } catch {
        message = saying("no_connection");
      }
      alert.textContent = inWords(message);
      button.disabled = false;
    }
  }
  render(said, false, typing);
  return place;
}
