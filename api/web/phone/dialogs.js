/* What is shown over a screen: sheets that rise, and what is held up to a cashier or celebrated, which fills the
   screen. Each may have an address of its own, so that a link or a reload lands in it. */

import { openDialog } from "/shared/back.js";
import { html, render } from "/shared/preact.js";
import { t } from "/shared/words.js";
import { keepAddress } from "./route.js";
import { Icon } from "./ui.js";

const DOUBLE_MS = 600;

/** Show a sheet, as the browser's own modal dialogue: focus stays in, Escape closes; resolves with what `Body` gave
 * to `close` when it is closed. */
export function sheet(label, Body, props = {}) {
  return dialog("sheet", label, Body, props);
}

/** Show something that fills the screen; `kind` is its class. */
export function held(kind, label, Body, props = {}) {
  return dialog(`held ${kind}`.trim(), label, Body, props);
}

function dialog(className, label, Body, { address, ...props }) {
  return new Promise((resolve) => {
    const element = document.createElement("dialog");
    element.className = className;
    element.setAttribute("aria-label", label);
    const close = (answer) => {
      element.answer = answer;
      element.close();
    };
    closeOutside(element, close);
    ignoreSecondTap(element);
    const restore = address ? keepAddress(address) : () => {};
    element.addEventListener("close", () => {
      restore();
      render(null, element);
      element.remove();
      resolve(element.answer);
    });
    render(
      html`<button class="close" type="button" aria-label=${t("close")} onClick=${() => close()}><${Icon} name="close" /></button>
        <${Body} close=${close} dialog=${element} ...${props} />`,
      element,
    );
    openDialog(element);
    restore.begin?.();
  });
}

function closeOutside(element, close) {
  element.addEventListener("click", (event) => {
    if (event.target === element && element.matches(".sheet")) close();
  });
}

/* The second half of a double tap on what opened it is meant for nothing in it. */
function ignoreSecondTap(element) {
  const openedAt = performance.now();
  element.addEventListener(
    "click",
    (event) => {
      if (event.detail > 1 && performance.now() - openedAt < DOUBLE_MS) {
        event.stopImmediatePropagation();
        event.preventDefault();
      }
    },
    true,
  );
}
