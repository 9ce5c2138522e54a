/* What the screens are put together from: drawings, notices, fields and sheets, as Preact elements. */

import { openDialog } from "/shared/back.js";
import { Icon } from "/shared/drawings.js";
import { KIND_DRAWINGS } from "/shared/icons.js";
import { html, render, useLayoutEffect, useMemo, useRef, useState } from "/shared/preact.js";
import { t } from "/shared/words.js";

export { Icon };

const DOUBLE_MS = 600;
let fields = 0;

/** Draw a screen into its place; what is returned takes it away again. */
export function mount(drawn, place) {
  render(drawn, place);
  return () => render(null, place);
}

/** The drawing for a kind of reward, where it has no picture. */
export function KindIcon({ kind }) {
  return html`<${Icon} name=${KIND_DRAWINGS[kind] ?? "star"} />`;
}

export function Notice({ text, kind = "", icon = "clock", children }) {
  if (!text && !children) return null;
  return html`<p class=${`notice ${kind}`.trim()} role=${kind === "bad" ? "alert" : undefined}>
    <${Icon} name=${icon} /><span>${text}${children}</span>
  </p>`;
}

/** A label, its field and a place for its hint or fault, tied together for screen readers. */
export function Field({ label, hint, fault, kind = "", as = "input", children, ...input }) {
  // One of its own for the whole page: two trees that stand at once, a screen and its sheet, count alike.
  const id = useMemo(() => `f${++fields}`, []);
  const note = fault || hint;
  return html`<div class=${`field ${kind} ${fault ? "wrong" : ""}`.replace(/\s+/g, " ").trim()}>
    <label for=${id}>${label}</label>
    <${as}
      id=${id}
      autocomplete="off"
      aria-invalid=${fault ? "true" : "false"}
      aria-describedby=${note ? `${id}-hint` : undefined}
      ...${input}
    >${children}</${as}>
    <span class="hint" id=${`${id}-hint`}>${note}</span>
  </div>`;
}

/* A field that is half typed, such as a day without its time, has no value, as an empty one. It is told to whoever
   presses a button beside it, and nothing is sent. */
function saysHalfTyped(button) {
  const fields = button.closest("form, dialog, section")?.querySelectorAll("input") ?? [];
  return [...fields].some((field) => field.validity.badInput && !field.reportValidity());
}

/** A button that shows that what it asks for is under way, and asks once at a time. In a form Enter presses it. */
export function Act({ act, disabled, children, ...rest }) {
  const [isBusy, setBusy] = useState(false);
  const running = useRef(false);
  const press = async (event) => {
    event.preventDefault();
    if (running.current || saysHalfTyped(event.currentTarget)) return;
    running.current = true;
    setBusy(true);
    try {
      await act();
    } finally {
      running.current = false;
      setBusy(false);
    }
  };
  return html`<button ...${rest} disabled=${disabled || isBusy} aria-busy=${isBusy ? "true" : undefined} onClick=${press}>
    ${children}
  </button>`;
}

/** An element of another library, in its place. */
export function Within({ element }) {
  const place = useRef(null);
  useLayoutEffect(() => {
    place.current.replaceChildren(element ?? "");
  }, [element]);
  return html`<div class="within" ref=${place}></div>`;
}

/** Show a sheet over the page: focus stays in, Escape and the back button close it. `Content` is told `close`;
 * resolves with what it was closed with. */
export function openSheet(label, Content, props = {}) {
  return new Promise((resolve) => {
    const dialog = document.createElement("dialog");
    dialog.className = "sheet";
    dialog.setAttribute("aria-label", label);
    const close = (answer) => {
      dialog.answer = answer;
      dialog.close();
    };
    // The second half of a double tap on what opened the sheet is meant for nothing in it.
    const openedAt = performance.now();
    dialog.addEventListener(
      "click",
      (event) => {
        if (event.detail < 2 || performance.now() - openedAt > DOUBLE_MS) return;
        event.stopImmediatePropagation();
        event.preventDefault();
      },
      true,
    );
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog) close();
    });
    dialog.addEventListener("close", () => {
      render(null, dialog);
      dialog.remove();
      resolve(dialog.answer);
    });
    render(
      html`<button class="close" type="button" aria-label=${t("close")} onClick=${() => close()}>
          <${Icon} name="close" /></button
        ><${Content} close=${close} ...${props} />`,
      dialog,
    );
    openDialog(dialog);
  });
}
