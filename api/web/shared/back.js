/* The device's back button: it closes what is open, then leads to the page's first screen, and only then
   leaves the page. The page keeps one step in the browser's history while there is something to go back from,
   and no more. */

const inside = () => Boolean(history.state?.selo);

/** Note which screen is shown, and which is the page's first: the back button leads from the one to the
 * other. */
export function stand(screen, first) {
  if (inside()) history.replaceState({ selo: screen }, "");
  else if (screen !== first) history.pushState({ selo: screen }, "");
}

/* Note what has the focus. What is returned gives it to the control of the same words, where that one was drawn
   anew meanwhile. */
function keepFocus() {
  const was = document.activeElement;
  const same = (each) =>
    each.textContent === was.textContent &&
    each.getAttribute("aria-label") === was.getAttribute("aria-label");
  return () => {
    if (!was.isConnected && document.activeElement === document.body)
      [...document.querySelectorAll(was.tagName)].find(same)?.focus({ preventScroll: true });
  };
}

/** Show a dialog over everything else; the back button closes it, and the focus returns to what opened it. */
export function openDialog(dialog) {
  if (!inside()) history.pushState({ selo: "dialog" }, "");
  dialog.addEventListener("close", keepFocus());
  document.body.append(dialog);
  dialog.showModal();
}

/** Be told when the back button asks for the first screen; `away` says whether another one is shown. */
export function onBack(away, home) {
  addEventListener("popstate", () => {
    if (inside()) return;
    const open = [...document.querySelectorAll("dialog[open]")].at(-1);
    open?.close();
    if (!open) home();
    else if (away()) history.pushState({ selo: "dialog" }, "");
  });
}
