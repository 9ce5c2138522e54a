/* What the whole console knows: who is signed in, the programme, and how to get from screen to screen. */

import { Session } from "/shared/graphql.js";
import { keep, recall } from "/shared/storage.js";
import { PROPOSALS } from "./queries.js";

const SILENT_MS = 7 * 24 * 3_600_000;
const REFUSED_MS = 3_600_000;

export const session = new Session("selo-console");

/* `waiting` counts what waits for approval, null until they were read; `search` is what was looked
   for last, so that the way back from a member leads to the same list. */
export const desk = {
  programme: null,
  trouble: null,
  waiting: null,
  search: null,
  get staff() {
    return session.tokens?.about.staff ?? null;
  },
  get isOperator() {
    return this.staff?.role === "OPERATOR";
  },
  get timezone() {
    return this.programme?.timezone;
  },
};

const bus = new EventTarget();

/** Go to a page, to one thing of it where it shows one, with `filters` as an address has them. */
export function go(screen, thing = "", filters = "") {
  bus.dispatchEvent(new CustomEvent("go", { detail: { screen, thing, filters: String(filters) } }));
}

/** Keep in the address how a page is filtered, so that it can be sent to a colleague. */
export function noteFilters(filters) {
  history.replaceState(history.state, "", `${location.pathname}${filters ? `?${filters}` : ""}`);
}

export function onGo(act) {
  bus.addEventListener("go", (event) => act(event.detail));
}

/** Note how much waits for approval, and tell the bar. */
export function noteWaiting(count) {
  desk.waiting = count;
  bus.dispatchEvent(new Event("waiting"));
}

/** The proposed versions that an operator can still answer. */
export function versionsOf({ programmeProposals = [] }) {
  return programmeProposals.filter((each) => each.proposalState === "WAITING" && !each.isOvertaken);
}

/** How many of the answer to PROPOSALS there are, of all kinds. */
export function countOf(proposals) {
  const { correctionProposals, staffProposals, contactProposals } = proposals;
  return (
    correctionProposals.length +
    staffProposals.length +
    contactProposals.length +
    versionsOf(proposals).length
  );
}

/** Read all that waits for approval, and tell the bar how much it is. */
export async function readProposals() {
  const answer = await ask(PROPOSALS, { isOperator: desk.isOperator });
  noteWaiting(countOf(answer));
  return answer;
}

/** Whether a source has reported nothing for so long that somebody should ask why: since it did last, or since it
 *  is known at all. One that is paused is waited for by nobody; of one that is refused, that is the answer. */
export function isSilent({ lastAt, knownSince, pausedAt, refusedSince }) {
  const since = lastAt ?? knownSince;
  return !pausedAt && !refusedSince && Boolean(since) && session.now() - Date.parse(since) > SILENT_MS;
}

/** Whether everything that a source sends has been refused for so long that somebody should look why. */
export function isRefused({ refusedSince }) {
  return Boolean(refusedSince) && session.now() - Date.parse(refusedSince) > REFUSED_MS;
}

export function onWaiting(act) {
  bus.addEventListener("waiting", act);
}

/** What this browser prefers: the language, and the token by which the server knows it again. */
export function prefer(key, value) {
  if (value !== undefined) keep(`selo-console-${key}`, value);
  return recall(`selo-console-${key}`);
}

export function ask(document, variables) {
  return session.ask(document, variables);
}
