// Before anything is drawn: the theme "auto" is what the browser prefers.
"use strict";
(() => {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const follow = () => {
    if (root.dataset.theme === "auto") {
      root.setAttribute("data-bs-theme", dark.matches ? "dark" : "light");
    }
  };
  dark.addEventListener("change", follow);
  follow();
})();
