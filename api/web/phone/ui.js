/* What every screen is made of: drawings, pictures, rings, bars, buttons, fields and forms. */

import { Icon } from "/shared/drawings.js";
import { KIND_DRAWINGS } from "/shared/icons.js";
import { toast } from "/shared/passing.js";
import {
  createContext,
  html,
  useContext,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
} from "/shared/preact.js";
import { t } from "/shared/words.js";
import { fieldOf, say } from "./faults.js";
import { onChange } from "./phone.js";

export { Icon, toast };

/* ---- drawings */

/** A picture of something that is to be had, or the drawing of its kind where it has none or it cannot be had. */
export function Picture({ image, kind, size, sign }) {
  const [missing, setMissing] = useState(null);
  const style = { "--size": size ? `${size}px` : "100%" };
  if (!image || missing === image)
    return html`<span class="picture sign" aria-hidden="true" style=${style}><${Icon} name=${sign ?? KIND_DRAWINGS[kind] ?? "star"} /></span>`;
  return html`<img
    class="picture"
    alt=""
    loading="lazy"
    width=${size ?? 240}
    height=${size ?? 240}
    style=${style}
    onError=${() => setMissing(image)}
    src=${image}
  />`;
}

/** A ring filled so far, with what stands in its middle. */
export function Ring({ fraction, size, colour = "var(--gold-line)", closing = false, children }) {
  const turn = 2 * Math.PI * 44;
  // Its ends are round: of no length it would be a dot.
  const done =
    fraction > 0 &&
    html`<circle
      class=${closing ? "done closing" : "done"}
      cx="50"
      cy="50"
      r="44"
      stroke-dasharray=${`${turn * Math.min(1, fraction)} ${turn}`}
      style=${{ stroke: colour }}
    />`;
  return html`<div class="ring" style=${{ "--size": `${size}px` }}>
    <svg viewBox="0 0 100 100" aria-hidden="true"><circle class="way" cx="50" cy="50" r="44" />${done}</svg>
    <div class="middle">${children}</div>
  </div>`;
}

/** How far something is; `ahead` is the lighter part, which is earned and comes later. */
export function Bar({ fraction, ahead = 0, label }) {
  const part = (share) => `${Math.round(Math.min(1, Math.max(0, share)) * 100)}%`;
  return html`<div
    class="bar"
    role="progressbar"
    aria-label=${label}
    aria-valuemin="0"
    aria-valuemax="100"
    aria-valuenow=${Math.round(Math.min(1, fraction + ahead) * 100)}
  >
    <span style=${{ width: part(fraction) }}></span>
    ${ahead > 0 && html`<span class="ahead" style=${{ width: part(ahead) }}></span>`}
  </div>`;
}

/** Whether things may move before these eyes. */
export function mayMove() {
  return !matchMedia("(prefers-reduced-motion: reduce)").matches;
}

const COUNT_MS = 900;

/** A figure that counts up to its new value where things may move. */
export function useCount(value) {
  const [shown, setShown] = useState(value);
  const from = useRef(value);
  useEffect(() => {
    const start = from.current;
    from.current = value;
    if (start === value || !mayMove()) return setShown(value);
    let frame = 0;
    const began = performance.now();
    const step = (now) => {
      const part = Math.min(1, (now - began) / COUNT_MS);
      setShown(Math.round(start + (value - start) * (1 - (1 - part) ** 3)));
      if (part < 1) frame = requestAnimationFrame(step);
    };
    frame = requestAnimationFrame(step);
    return () => cancelAnimationFrame(frame);
  }, [value]);
  return shown;
}

/* ---- what is said */

export function Notice({ kind = "", icon = "clock", children }) {
  return html`<p class=${`notice ${kind}`.trim()} role=${kind === "bad" ? "alert" : null}><${Icon} name=${icon} /><span>${children}</span></p>`;
}

/** What failed, and the way to try it again. */
export function Failed({ error, again }) {
  return html`<div class="stack">
    <${Notice} kind="bad" icon="cloud">${say(error)}<//>
    <button class="button wide" type="button" onClick=${again}>${t("again")}</button>
  </div>`;
}

/** Where there is nothing yet: a drawing, and what will stand here. */
export function Empty({ icon, children }) {
  return html`<div class="empty"><${Icon} name=${icon} /><p>${children}</p></div>`;
}

/* ---- parts of a screen */

/** A part of a screen under its heading, with the way to all of it. */
export function Part({ title, onAll, level = 2, children }) {
  const heading = level === 2 ? html`<h2>${title}</h2>` : html`<h3>${title}</h3>`;
  return html`<section class="stack tight">
    ${
      onAll
        ? html`<div class="row spread wrap part">${heading}<button class="button plain" onClick=${onAll}>${t("all")}</button></div>`
        : heading
    }
    ${children}
  </section>`;
}

/** A card of a screen under its heading. */
export function Section({ title, children }) {
  return html`<section class="card stack"><h2>${title}</h2>${children}</section>`;
}

/** A name and its value. */
export function Fact({ name, children }) {
  return html`<li><span>${name}</span><span class="figure">${children}</span></li>`;
}

/** Draw again whenever the member was read afresh. */
export function useChange() {
  const [, setTurn] = useState(0);
  useEffect(() => onChange(() => setTurn((turn) => turn + 1)), []);
}

/** A button whose act runs once at a time, and shows that it is under way. */
export function Act({ act, children, ...rest }) {
  const [isBusy, setBusy] = useState(false);
  const running = useRef(false);
  const press = async (event) => {
    if (running.current) return;
    running.current = true;
    setBusy(true);
    try {
      await act(event);
    } finally {
      running.current = false;
      setBusy(false);
    }
  };
  return html`<button type="button" aria-busy=${isBusy ? "true" : null} disabled=${isBusy} onClick=${press} ...${rest}>${children}</button>`;
}

/* ---- forms */

const FormFault = createContext(null);
let fields = 0;

/** A name for an element that no other has. */
export function useName() {
  const name = useRef("");
  name.current ||= `f${++fields}`;
  return name.current;
}

/** A labelled field: label, input and a place for its hint or fault, tied together for screen readers. */
export function Field({ label, hint, name, big = false, inputRef, autofocus = false, ...input }) {
  const id = useName();
  const own = useRef(null);
  const place = inputRef ?? own;
  const fault = useContext(FormFault);
  const wrong = fault?.field === name ? fault.text : "";
  const note = wrong || hint;
  // A sheet that opens gives the focus by the attribute; a field that comes later takes it.
  useLayoutEffect(() => {
    if (autofocus) place.current.focus();
  }, []);
  return html`<div class=${wrong ? "field wrong" : "field"}>
    <label for=${id}>${label}</label>
    <input
      id=${id}
      ref=${place}
      name=${name}
      autofocus=${autofocus}
      class=${big ? "big code" : null}
      aria-describedby=${note ? `${id}-hint` : null}
      aria-invalid=${wrong ? "true" : null}
      ...${input}
    />
    <span class="hint" id=${`${id}-hint`}>${note}</span>
  </div>`;
}

/** A form that sends itself once at a time and shows what went wrong, at the field that it is about or beneath
 * all; at first the `problem` that is known before. `act(form)` answers a refusal in words, or nothing. */
export function Form({ act, button, primary = false, icon, problem = "", disabled = false, children }) {
  const [fault, setFault] = useState({ text: problem });
  const [isBusy, setBusy] = useState(false);
  const running = useRef(false);
  const place = useRef(null);
  const wait = (on) => {
    running.current = on;
    setBusy(on);
  };
  const submit = async (event) => {
    event.preventDefault();
    if (running.current) return;
    wait(true);
    setFault({ text: "" });
    let next = { text: "" };
    try {
      next = { text: (await act(event.target)) ?? "", icon: "close" };
    } catch (error) {
      next = { text: say(error), icon: "cloud", field: fieldIn(event.target, error) };
    }
    wait(false);
    // Who has gone on to something else is told in passing.
    if (!place.current) return next.text && toast(next.text, "bad");
    setFault(next);
    if (next.field) event.target.elements.namedItem(next.field).focus();
  };
  return html`<form class="stack" ref=${place} onSubmit=${submit}>
    <${FormFault.Provider} value=${fault}>${children}<//>
    <div aria-live="assertive">
      ${fault.text && !fault.field && html`<${Notice} kind="bad" icon=${fault.icon ?? "close"}>${fault.text}<//>`}
    </div>
    <button class=${`button wide${primary ? " primary tall" : ""}`} aria-busy=${isBusy ? "true" : null} disabled=${isBusy || disabled}>
      ${icon && html`<${Icon} name=${icon} />`}${button}
    </button>
  </form>`;
}

/* The field that an answer names, where the form has it as one that shows faults. */
function fieldIn(form, error) {
  const name = error.code === "BAD_INPUT" ? fieldOf(error) : undefined;
  return form.elements.namedItem(name ?? "")?.closest?.(".field") ? name : undefined;
}

/** The button beneath a list for what follows: `add(after)` appends it and answers its page info. */
export function More({ pageInfo, add }) {
  const [fault, setFault] = useState("");
  if (!pageInfo.hasNextPage) return null;
  const more = async () => {
    setFault("");
    try {
      await add(pageInfo.endCursor);
    } catch (error) {
      setFault(say(error));
    }
  };
  return html`<div class="stack tight further">
    <div aria-live="assertive">${fault && html`<${Notice} kind="bad" icon="cloud">${fault}<//>`}</div>
    <${Act} class="button wide" act=${more}>${t("more")}<//>
  </div>`;
}
