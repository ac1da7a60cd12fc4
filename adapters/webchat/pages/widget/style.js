// How it looks; colours are chosen for contrast of at least 4.5 : 1 on their ground. What a page says of its own elements
// reaches the host, and by inheritance all within; against `!important` on the host itself a page has nothing, not even its own.

import { make } from "./dom.js";
import { NARROW } from "./place.js";

const style = `
:host{all:initial!important;direction:ltr!important;unicode-bidi:isolate!important;--ink:#0f172a;--paper:#fff;--soft:#eef2f7;--muted:#475569;--edge:#7b8797;--main:#1d4ed8;--bad:#b42318;
 font:16px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif!important;color:var(--ink)!important}
@media (prefers-color-scheme:dark){:host{--ink:#f1f5f9;--paper:#111a2c;--soft:#1e2a40;--muted:#a9b6c9;--edge:#7486a0;--main:#2f63e0;--bad:#ff8f87}}
:host([hidden]){display:none!important}*{box-sizing:border-box}[hidden]{display:none!important}
button,input,textarea{font:inherit;color:inherit}
button{cursor:pointer;min-height:40px;border:1px solid transparent;border-radius:8px;padding:6px 14px;background:var(--main);color:#fff}
button[aria-disabled=true]{cursor:default}button.quiet{background:transparent;color:inherit;border-color:transparent}button.second{background:transparent;color:var(--ink);border-color:var(--edge)}
button.icon{padding:8px;min-width:40px;display:inline-grid;place-items:center}
:focus-visible{outline:3px solid #f0b429;outline-offset:2px}
svg{width:22px;height:22px;fill:currentColor}
.launcher{position:fixed;right:20px;bottom:20px;width:60px;height:60px;border-radius:50%;padding:0;display:grid;place-items:center;box-shadow:0 4px 16px #0005;z-index:2147483000}
.badge{position:absolute;top:-2px;right:-2px;min-width:22px;border-radius:11px;background:#b42318;color:#fff;font-size:13px;line-height:22px}
.panel{position:fixed;right:20px;bottom:92px;width:min(380px,calc(100vw - 24px));height:min(600px,calc(100vh - 112px));display:flex;flex-direction:column;background:var(--paper);border:1px solid var(--edge);border-radius:14px;overflow:hidden;box-shadow:0 8px 32px #0004;z-index:2147483000}
header{display:flex;align-items:center;gap:4px;padding:8px 8px 8px 16px;background:#1d4ed8;color:#fff}
header h2{flex:1;margin:0;text-wrap:balance;font-size:1.05em;overflow-wrap:anywhere}header button{border-color:#ffffff80!important}
.notices{flex:none;max-height:30%;overflow-y:auto;padding:8px 14px;border-bottom:1px solid var(--edge);background:var(--soft);font-size:.95em;overflow-wrap:anywhere}.notices p{margin:2px 0}
.log{flex:1;overflow-y:auto;padding:12px;display:flex;flex-direction:column;gap:8px}
.log:empty{flex:none;padding:0}.log:empty~.area{flex:1;max-height:none;border-top:0;display:flex;flex-direction:column;overflow-y:auto}.log:empty~.area>.row{margin-top:auto}.log:empty+.status:empty{min-height:0;padding:0}
.line{max-width:85%;align-self:flex-start;background:var(--soft);border-radius:12px;padding:8px 12px;overflow-wrap:anywhere;white-space:pre-wrap}
.line.customer{align-self:flex-end;background:#1d4ed8;color:#fff}.line.system{align-self:center;background:none;color:var(--muted)}
.line a{color:inherit}.who{display:block;font-size:.8em;color:var(--muted)}.customer .who{color:#dbe6ff}.line.system{text-align:center}.follows{margin-top:-4px}.follows .who{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.mark{display:block;font-size:.75em;text-align:right}.mark:empty{display:none}.line.failed{background:var(--paper);color:var(--bad);border:1px solid var(--bad)}.failed .who{color:inherit}
.status{margin:0;padding:4px 14px;min-height:1.8em;color:var(--muted);font-size:.9em}
.area{padding:8px 12px 12px;border-top:1px solid var(--soft);max-height:75%;overflow-y:auto}
form{display:flex;flex-direction:column;gap:10px;margin:0}label{display:block;font-size:.9em}label>input,label>textarea{margin-top:4px}.area p{margin:4px 0 10px}
input,textarea{width:100%;background:var(--paper);border:1px solid var(--edge);border-radius:8px;padding:8px}::placeholder{color:var(--muted);opacity:1}textarea{resize:none;min-height:44px;max-height:140px}
.area .fault{margin:4px 0 0;color:var(--bad);font-size:.9em}.fault:empty{display:none}[aria-invalid=true]{border-color:var(--bad)}
.held{flex-wrap:wrap;margin-bottom:12px}.held>.fault{flex:0 0 100%;margin:0}.held>button,.held>.agent{display:none}.area .agent{margin:0}
.number{margin-bottom:8px}form.row,.row{display:flex;flex-direction:row;gap:8px;align-items:flex-end}.row>button{flex:none}.row>textarea,.row>label{flex:1}
fieldset{border:0;margin:0;padding:0}legend{padding:0;margin-bottom:6px}
.scores{display:grid;grid-auto-flow:column;grid-auto-columns:minmax(0,1fr);gap:3px}.scores label{position:relative;font-size:1em}.scores input{position:absolute;opacity:0;inset:0;width:100%;height:100%;margin:0}
.scores span{display:grid;place-items:center;height:40px;border:1px solid var(--edge);border-radius:8px}
.scores input:checked+span{background:var(--main);color:#fff}.scores input:focus-visible+span{outline:3px solid #f0b429;outline-offset:2px}
.ends{display:flex;justify-content:space-between;font-size:.8em;color:var(--muted)}
.unseen{position:fixed;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.past{border-bottom:1px solid var(--edge);padding-bottom:8px;display:flex;flex-direction:column;gap:6px}.past time{color:var(--muted);font-size:.8em;text-align:center}
:host(.whole) .panel{inset:0;width:100%;height:100%;border:0;border-radius:0}:host(.whole) .launcher,:host(.whole) header .icon{display:none}
@media ${NARROW}{.panel{inset:0;width:100%;height:100%;height:100dvh;border:0;border-radius:0}.panel:not([hidden])+.launcher{display:none}}
@media (prefers-reduced-motion:no-preference){.log{scroll-behavior:smooth}}`;

export function dress(root) {
  try {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(style);
    root.adoptedStyleSheets = [sheet];
  } catch {
    root.append(make("style", {}, style));
  }
}
