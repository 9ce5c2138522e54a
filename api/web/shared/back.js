/* The device's back button: it closes what is open, then leads to the page's first screen, and only then leaves the page.
   The page keeps one step in the browser's history while there is something to go back from, and no more. */

const inside = () => Boolean(history.state?.selo);

/** Note which screen is shown, and which is the page's first: the back button leads from the one to the other. */
export function stand(screen, first) {
  if (inside()) history.replaceState({ selo: screen }, "");
  else if (screen !== first) history.pushState({ selo: screen }, "");
}

/** Show a dialog over everything else; the back button closes it. */
export function openDialog(dialog) {
  if (!inside()) history.pushState({ selo: "dialog" }, "");
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
