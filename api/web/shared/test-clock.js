/* The clock of a demo, which may be ahead of everybody's: then a strip at the top of every page says so. A
   server that is no demo is asked once. */

import { speech } from "./words.js";

const CLOCK = `query TestClock { programme { code
  clock { aheadSeconds } #?
} }`;
const TEXTS = {
  en: "Test clock: {span} ahead",
  pt: "Relógio de teste: {span} à frente",
  pl: "Zegar testowy: {span} do przodu",
};
const PACE_MS = 5000;
const UNITS = [
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
];

/** Show the strip whenever the demo's clock is ahead, for as long as the page is open. */
export async function followTestClock(session) {
  let isDemo = true;
  try {
    const { programme } = await session.askPublic(CLOCK);
    isDemo = Boolean(programme.clock);
    showAhead(programme.clock?.aheadSeconds ?? 0);
  } catch {
    // Without a network, or an answer, it is asked again.
  }
  if (isDemo) setTimeout(() => followTestClock(session), PACE_MS);
}

function showAhead(seconds) {
  const text = seconds ? (TEXTS[speech.language] ?? TEXTS.en).replace("{span}", span(seconds)) : "";
  const strip = document.getElementById("test-clock");
  if (strip?.textContent === text || !(strip || text)) return;
  if (strip) strip.textContent = text;
  else document.body.append(made(text));
}

function made(text) {
  const strip = document.createElement("p");
  strip.id = "test-clock";
  strip.setAttribute("role", "status");
  strip.textContent = text;
  return strip;
}

/* In days, hours and minutes, as the language counts them. */
function span(seconds) {
  const parts = [];
  let left = seconds;
  for (const [unit, length] of UNITS) {
    const count = Math.floor(left / length);
    left -= count * length;
    if (count) parts.push(counted(count, unit));
  }
  return parts.join(" ") || counted(0, "minute");
}

function counted(count, unit) {
  return count.toLocaleString(speech.locale, { style: "unit", unit, unitDisplay: "long" });
}
