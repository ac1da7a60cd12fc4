// The visitor's side of the web chat: <script async src="…/widget.js" data-inbox="web"></script>
(() => {
"use strict";
const script = document.currentScript;
if (!script || !script.dataset.inbox || document.getElementById("trunkline-chat")) return;
/* modules */
})();
