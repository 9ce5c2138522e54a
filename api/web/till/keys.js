/* A USB scanner types, as a keyboard of the United States whatever the layout of this device is: on a Portuguese,
   German or French one, or with Caps Lock, other characters arrive than it sent. So keys that come faster than
   people strike them are read by their place (`event.code`), and what stands in the field is put right.

   A scanner that was set up for the layout of the device is read by its characters: its codes are well-formed only
   that way, or were known only that way, and that is remembered. */

import { classify } from "./codes.js";
import { prefer } from "./till.js";

/* Nobody strikes so many keys in a row so fast. */
const FAST_MS = 50;
const LEAST_KEYS = 6;
/* A scanner without a line end has come to its end by now. */
const QUIET_MS = 120;
const OURS = ["card", "voucher", "number"];
const PLAIN = /^[A-Za-z0-9 ._/+-]*$/;
const TEXT_FIELDS = "textarea, input:not([type=checkbox], [type=radio], [type=password])";
const PAIRS = {
  Minus: "-_",
  Equal: "=+",
  BracketLeft: "[{",
  BracketRight: "]}",
  Backslash: "\\|",
  Semicolon: ";:",
  Quote: "'\"",
  Backquote: "`~",
  Comma: ",<",
  Period: ".>",
  Slash: "/?",
  Space: "  ",
  NumpadSubtract: "--",
  NumpadAdd: "++",
  NumpadDecimal: "..",
  NumpadDivide: "//",
  NumpadMultiply: "**",
};

let burst = null;
let taker = null;
let lastScan = { text: "", other: null };

/** Return the character of a key on a keyboard of the United States, without Caps Lock; null where the key has
 * none. */
export function characterAt({ code, shiftKey }) {
  if (/^Key[A-Z]$/.test(code)) return shiftKey ? code[3] : code[3].toLowerCase();
  if (/^Digit\d$/.test(code)) return shiftKey ? ")!@#$%^&*("[code[5]] : code[5];
  if (/^Numpad\d$/.test(code)) return code[6];
  return PAIRS[code]?.[Number(shiftKey)] ?? null;
}

/** Return how a scan is meant that is `placed` by the places of its keys and `typed` by their characters, and the
 * other reading where that could be a code too. */
export function meantBy(placed, typed, layout) {
  if (placed === typed) return { text: placed, other: null, layout: null };
  const [one, two] = [placed, typed].map((text) => {
    const { kind, text: spelling } = classify(text);
    return { text, spelling, isOurs: OURS.includes(kind), isPlain: PLAIN.test(text) };
  });
  if (one.isOurs !== two.isOurs) return one.isOurs ? by(one, "us") : by(two, "own");
  if (one.isOurs) {
    const isSame = one.spelling === two.spelling;
    return { ...by(layout === "own" ? two : one, null), other: isSame || layout ? null : two.text };
  }
  if (one.isPlain !== two.isPlain) return one.isPlain ? by(one, "us") : by(two, "own");
  return by(layout === "own" ? two : one, null);
}

function by({ text }, layout) {
  return { text, other: null, layout };
}

/** Let a screen take scans that are typed into its fields: `act(text, field)` says whether it took one, which then
 * leaves the field as it was, and presses no button. What is returned ends it. */
export function takeScans(act) {
  taker = act;
  return () => {
    if (taker === act) taker = null;
  };
}

function write(own, value) {
  own.value = value;
  own.dispatchEvent(new Event("input", { bubbles: true }));
}

/* Offer a scan to the screen; says whether it was taken. */
function offer() {
  const { field: own, before, after, meant } = burst;
  if (!taker || own.id === "code") return false;
  write(own, before + after);
  if (taker(meant.trim(), own)) return true;
  write(own, before + meant + after);
  return false;
}

/** Take note of a key that was pressed: the end of a scan puts what it typed into its field right. */
export function noteKey(event) {
  const isEnd = event.key === "Enter" || event.key === "Tab";
  if (event.key === "Shift" || event.key === "CapsLock" || event.key === "AltGraph") return;
  if (event.ctrlKey || event.metaKey || event.altKey) return dropControl(event);
  if (isEnd) return end(event);
  // A dead key has a name, and no character of its own.
  const character = characterAt(event);
  if (event.key.length !== 1 && character === null) return drop();
  const isNext = burst && event.timeStamp - burst.at <= FAST_MS && burst.field === field();
  if (!isNext) begin();
  if (!burst) return;
  clearTimeout(burst.timer);
  burst.at = event.timeStamp;
  burst.count += 1;
  burst.placed = character === null || burst.placed === null ? null : burst.placed + character;
}

/** Take note of a key that was let go: by then its character stands in the field. */
export function noteRelease() {
  if (!burst) return;
  clearTimeout(burst.timer);
  burst.timer = setTimeout(settle, QUIET_MS);
}

/** Return the other reading of the scan that was read as `text`, null where there is none. */
export function otherReading(text) {
  return lastScan.text === text ? lastScan.other : null;
}

/** Remember how the scanner is set up: for a keyboard of the United States (`us`), or for the device's `own`. */
export function rememberLayout(layout) {
  prefer("scanner", layout);
}

function field() {
  const { activeElement } = document;
  return activeElement?.matches(TEXT_FIELDS) ? activeElement : null;
}

function begin() {
  drop();
  const own = field();
  if (!own) return;
  const { value } = own;
  burst = {
    field: own,
    before: value.slice(0, own.selectionStart ?? value.length),
    after: value.slice(own.selectionEnd ?? value.length),
    count: 0,
    placed: "",
    typed: "",
    meant: "",
    at: 0,
    timer: null,
  };
}

function drop() {
  clearTimeout(burst?.timer);
  burst = null;
}

/* STX, ETX and line ends come as Ctrl and a letter: none of them is meant for the browser. */
function dropControl(event) {
  if (burst && burst.count >= LEAST_KEYS && event.timeStamp - burst.at <= FAST_MS && event.ctrlKey)
    event.preventDefault();
}

/* The Enter of a scan then sends the field as it now stands; a Tab sends a code as well. */
function end(event) {
  const own = burst?.field;
  const isScan = settle();
  if (isScan && offer()) {
    event.preventDefault();
    return drop();
  }
  drop();
  if (!isScan || event.key !== "Tab" || own.id !== "code") return;
  event.preventDefault();
  own.form.requestSubmit();
}

/* Put right what a scan typed so far; says whether there is one. */
function settle() {
  if (!burst || burst.count < LEAST_KEYS || !burst.field.isConnected) return false;
  const { value } = burst.field;
  // What was put right before has more keys behind it now.
  const since = value.slice(burst.before.length + burst.meant.length, value.length - burst.after.length);
  burst.typed += since;
  const { placed, typed } = burst;
  const meant = placed === null ? by({ text: typed }, null) : meantBy(placed, typed, prefer("scanner"));
  if (meant.layout) rememberLayout(meant.layout);
  // A whole code is all of its field: what was left there by an earlier one goes.
  if (burst.field.id === "code" && OURS.includes(classify(meant.text).kind))
    Object.assign(burst, { before: "", after: "" });
  burst.meant = meant.text;
  lastScan = { text: meant.text.trim(), other: meant.other };
  const whole = burst.before + meant.text + burst.after;
  if (whole !== value) {
    write(burst.field, whole);
  }
  return true;
}
