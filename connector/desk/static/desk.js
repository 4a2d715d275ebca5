// What a page does in the browser beyond links and forms. Everything works without it, but for copying.
"use strict";
(() => {
  const LIVE_MS = 1000;

  // A live part is fetched anew, as long as somebody looks and nobody is typing or marking text in it.
  const idle = (part) =>
    !document.hidden &&
    !part.contains(document.activeElement) &&
    (window.getSelection() || "").toString() === "";

  const refresh = async (parts) => {
    const answer = await fetch(location.href, { headers: { "X-Live": "1" } });
    if (!answer.ok || answer.redirected) {
      return;
    }
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of parts) {
      const next = fresh.getElementById(part.id);
      if (next !== null && idle(part) && next.innerHTML !== part.innerHTML) {
        const open = new Set([...part.querySelectorAll("details[open][id]")].map((one) => one.id));
        part.replaceChildren(...next.childNodes);
        for (const one of part.querySelectorAll("details[id]")) {
          one.open = open.has(one.id);
        }
      }
    }
  };

  const parts = [...document.querySelectorAll("[data-live]")];
  let seen = null;
  const tick = async () => {
    try {
      // A word that changes with every incident and run: the page itself is fetched only then.
      // Runs come every few seconds, and only their own page shows them.
      const answer = await fetch(document.querySelector("[data-runs]") === null ? "/live" : "/live?runs");
      const { version } = answer.ok && !answer.redirected ? await answer.json() : { version: seen };
      // At first, too: something may have changed while the page was on its way.
      if (version !== seen && parts.some(idle)) {
        await refresh(parts);
        seen = version;
      }
    } catch (error) {
      if (!(error instanceof TypeError)) {
        throw error;
      }
      // The server is away for a moment; the next tick asks again.
    }
    setTimeout(tick, LIVE_MS);
  };
  if (parts.length > 0) {
    tick();
  }

  document.addEventListener("click", async (event) => {
    const copy = event.target.closest("[data-copy]");
    if (copy !== null) {
      const source = document.getElementById(copy.dataset.copy);
      const text = "value" in source ? source.value : source.textContent;
      try {
        await navigator.clipboard.writeText(text);
      } catch (error) {
        // Without a clipboard (no secure context, no permission) the text is marked, ready for Ctrl-C.
        const range = document.createRange();
        range.selectNodeContents(source);
        window.getSelection().removeAllRanges();
        window.getSelection().addRange(range);
        return;
      }
      copy.querySelector("[data-label]").textContent = copy.dataset.done;
      return;
    }
    // A menu closes when something else is clicked.
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(event.target)) {
        menu.open = false;
      }
    }
  });

  document.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" ? document.querySelector("details.menu[open]") : null;
    if (menu !== null) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });

  // A choice that means "now" sends its form; the button beside it is for those without script.
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-send]")) {
      event.target.form.requestSubmit();
    }
  });
})();
