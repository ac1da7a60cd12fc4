// The door: a name and a password, or a token.

import { el, fill } from "./dom.js";
import { choose, inWords, language, languages, saying, t } from "./words.js";

const ANSWER_WITHIN_MS = 20_000;

// In the language of the page, which the service's own words are not.
function refusal({ status, headers }, byToken) {
  if (status === 429) return saying("too_many_tries", { s: Number(headers.get("Retry-After") ?? 1) });
  if (status === 401) return saying(byToken ? "wrong_token" : "wrong_password");
  return byToken && status === 403 ? saying("token_of_nobody") : saying("sign_in_refused", { status });
}

/** `who` sat here until their session ended: only the password is to be said again. `within` another page: a part of it. */
export function signInView(onSignedIn, said = "", who = "", within = "main") {
  const isPage = within === "main";
  const place = el(within, isPage ? { class: "door", id: "work" } : {});

  function render(message, byToken = false) {
    const agent = el("input", { id: "agent", name: "agent", value: who, autocomplete: "username", required: true, autocapitalize: "none", spellcheck: false });
    const password = el("input", { id: "password", name: "password", type: "password", autocomplete: "current-password" });
    const token = el("input", { id: "token", name: "token", type: "password", autocomplete: "off", required: true });
    const alert = el("p", { class: "door-alert", role: "alert" }, inWords(message));
    const button = el("button", { type: "submit", class: "primary" }, t("sign_in"));
    const row = (field, word) => el("div", { class: "field" }, el("label", { for: field.id }, word), field);
    const form = el(
      "form",
      { class: "door-form", on: { submit: (event) => (event.preventDefault(), submit()) } },
      isPage ? el("h1", {}, t("desk")) : null,
      alert,
      byToken ? row(token, t("token")) : [row(agent, t("agent_name")), row(password, t("password"))],
      button,
      el("button", { type: "button", class: "quiet", on: { click: () => render("", !byToken) } }, t(byToken ? "by_password" : "by_token")),
      isPage && el("div", { class: "door-languages" }, languages().map((one) => el("button", { type: "button", class: "quiet", lang: one, "aria-pressed": String(one === language), on: { click: async () => render((await choose(one)) ? message : saying("no_connection"), byToken) } }, t(`language.${one}`)))),
    );
    fill(place, form);
    queueMicrotask(() => (byToken ? token : who ? password : agent).focus());

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
  render(said);
  return place;
}
