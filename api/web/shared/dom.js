/* Elements without templates: what came from a server or a person becomes text, never markup. */

import { openDialog } from "./back.js";

/** Make an element: h("button.primary", {onclick, disabled}, "text", child, [children], null). */
export function h(name, attributes, ...children) {
  const [tag, ...classes] = name.split(".");
  const element = document.createElement(tag || "div");
  if (classes.length) element.className = classes.join(" ");
  apply(element, attributes);
  add(element, children);
  return element;
}

/** Make an SVG element the same way. */
export function s(name, attributes, ...children) {
  const [tag, ...classes] = name.split(".");
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  if (classes.length) element.setAttribute("class", classes.join(" "));
  apply(element, attributes);
  add(element, children);
  return element;
}

/** Put new children in the place of an element's own. */
export function fill(element, ...children) {
  element.replaceChildren();
  add(element, children);
  return element;
}

function apply(element, attributes) {
  for (const [key, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key === "style")
      for (const [property, text] of Object.entries(value)) element.style.setProperty(property, text);
    else if (key === "value" && "value" in element) element.value = value;
    else if (key === "href" && !opens(value)) continue;
    else if (key === "src" && !opens(value) && !isPicture(value)) continue;
    else element.setAttribute(key, value === true ? "" : value);
  }
}

/* Whether an address opens a page or a picture; any other kind, such as javascript:, could run as code. */
function opens(address) {
  return URL.canParse(address, location.href) && /^https?:$/.test(new URL(address, location.href).protocol);
}

/* A picture made by our own server runs nothing, unlike an SVG or a page in an address. */
function isPicture(address) {
  return String(address).startsWith("data:image/png;base64,");
}

function add(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : String(child));
  }
}

/** A labelled field: label, input and a place for its hint or fault, tied together for screen readers. */
export function field(label, input, hint) {
  input.id ||= `f${++field.count}`;
  const note = h("span.hint", { id: `${input.id}-hint` }, hint);
  if (hint) input.setAttribute("aria-describedby", note.id);
  const box = h("div.field", {}, h("label", { for: input.id }, label), input, note);
  box.input = input;
  box.fault = (text) => {
    fill(note, text || hint);
    box.classList.toggle("wrong", Boolean(text));
    input.setAttribute("aria-invalid", text ? "true" : "false");
    if (text || hint) input.setAttribute("aria-describedby", note.id);
  };
  return box;
}
field.count = 0;

let pressed = false;
const postponed = new Set();

function release() {
  pressed = false;
  const draws = [...postponed];
  postponed.clear();
  for (const draw of draws) draw();
}

addEventListener(
  "pointerdown",
  (event) => {
    pressed = event.isPrimary && event.button === 0;
  },
  true,
);
// The click comes with the release: what is drawn waits until it was dealt with.
for (const type of ["pointerup", "pointercancel", "blur"])
  addEventListener(type, () => setTimeout(release), true);

/** Draw now, or once the button is let go that is being pressed: a button that is drawn anew between press and
 * release gets no click. */
export function drawUnpressed(draw) {
  if (pressed) postponed.add(draw);
  else draw();
}

const DOUBLE_MS = 600;

/** Show a sheet over the page, as the browser's own modal dialogue: focus stays in, Escape closes; resolves
 * when it is closed. */
export function sheet(label, closeText, build) {
  return new Promise((resolve) => {
    const dialog = h("dialog.sheet", { "aria-label": label });
    const close = (answer) => {
      dialog.answer = answer;
      dialog.close();
    };
    dialog.append(
      h("button.close", { type: "button", "aria-label": closeText, onclick: () => close() }, icon("close")),
      build(close, dialog),
    );
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog) close();
    });
    // The second half of a double tap on what opened the sheet is meant for nothing in it.
    const openedAt = performance.now();
    dialog.addEventListener(
      "click",
      (event) => {
        if (event.detail > 1 && performance.now() - openedAt < DOUBLE_MS) {
          event.stopImmediatePropagation();
          event.preventDefault();
        }
      },
      true,
    );
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.answer);
    });
    openDialog(dialog);
  });
}

/** Run what a button asks for, once at a time, and show that it is under way. */
export async function busy(button, act) {
  if (button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  button.disabled = true;
  try {
    await act();
  } finally {
    button.removeAttribute("aria-busy");
    button.disabled = false;
  }
}

/** Tell something in passing, aloud for screen readers too. */
export function toast(text, kind = "") {
  let place = document.getElementById("toasts");
  if (!place) {
    place = h("div", { id: "toasts", role: "status", "aria-live": "polite" });
    document.body.append(place);
  }
  const note = h(`div.toast${kind ? `.${kind}` : ""}`, {}, text);
  place.append(note);
  setTimeout(() => note.remove(), 6000);
}

const STROKES = {
  scan: "M4 8V5a1 1 0 0 1 1-1h3M16 4h3a1 1 0 0 1 1 1v3M20 16v3a1 1 0 0 1-1 1h-3M8 20H5a1 1 0 0 1-1-1v-3M7 12h10",
  refund: "M9 14 4 9l5-5M4 9h10a6 6 0 0 1 0 12h-3",
  list: "M8 6h12M8 12h12M8 18h12M4 6h.01M4 12h.01M4 18h.01",
  close: "M6 6l12 12M18 6 6 18",
  back: "M15 5l-7 7 7 7",
  forward: "M9 5l7 7-7 7",
  check: "M5 13l4 4L19 7",
  lock: "M7 11V8a5 5 0 0 1 10 0v3M6 11h12v9H6z",
  torch: "M8 3h8v4l-2 4v10h-4V11L8 7zM12 14v2",
  camera: "M4 8h3l2-3h6l2 3h3v11H4zM12 17a4 4 0 1 0 0-8 4 4 0 0 0 0 8z",
  keyboard: "M3 7h18v10H3zM7 11h.01M11 11h.01M15 11h.01M8 14h8",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM5 20c1-4 4-5 7-5s6 1 7 5",
  bell: "M6 17V11a6 6 0 0 1 12 0v6l1 1H5zM10 21h4",
  home: "M4 11l8-7 8 7v9h-5v-5H9v5H4z",
  gift: "M4 11h16v9H4zM3 7h18v4H3zM12 7v13M12 7c-2 0-5-1-5-3s4-2 5 3c1-5 5-5 5-3s-3 3-5 3",
  card: "M3 6h18v12H3zM3 10h18M7 15h4",
  clock: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 7v5l3 2",
  star: "M12 4l2.4 5 5.6.7-4.1 3.8 1.1 5.5-5-2.8-5 2.8 1.1-5.5L4 9.7l5.6-.7z",
  cloud: "M7 18a4 4 0 0 1-.5-8A6 6 0 0 1 18 9.5a4 4 0 0 1-1 8.5zM4 4l16 16",
  share: "M12 15V4M8 7l4-4 4 4M5 12v8h14v-8",
  download: "M12 4v11M8 11l4 4 4-4M5 15v5h14v-5",
  plus: "M12 5v14M5 12h14",
  minus: "M5 12h14",
  alert: "M12 4l9 16H3zM12 10v4M12 17h.01",
  tag: "M4 12V4h8l8 8-8 8zM8 8h.01",
  percent:
    "M6 18L18 6M7.5 9a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3zM16.5 18a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3z",
};

/** A line drawing of ours, as large as the text beside it. */
export function icon(name) {
  return s("svg.icon", { viewBox: "0 0 24 24", "aria-hidden": "true" }, s("path", { d: STROKES[name] }));
}

const KINDS = {
  DISCOUNT_AMOUNT: "tag",
  DISCOUNT_PERCENT: "percent",
  PRODUCT: "gift",
  EVENT: "star",
  ACCESS: "lock",
  SERVICE: "person",
};

/** The drawing for a kind of reward, where it has no picture. */
export function kindIcon(kind) {
  return icon(KINDS[kind] ?? "star");
}
