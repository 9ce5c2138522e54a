/* Screens that few look at first: each comes when it is opened, so that the first view is small. */

import { html, useEffect, useState } from "/shared/preact.js";
import { addTexts, speech } from "/shared/words.js";
import { phone } from "../phone.js";
import { Failed } from "../ui.js";

/* After what the first screen is for. */
const OFFER_MS = 1500;
/* With the words that they alone say. */
async function club() {
  addTexts((await import(`/phone/club/words/${speech.language}.js`)).default);
  return import("/phone/club/club.js");
}

/** The field for a code, over the page. */
export async function enterCode(...words) {
  return (await club()).enterCode(...words);
}

/** Tell what came of a code that was given with the enrolment. */
export async function tellEnrolmentCode(...words) {
  return (await club()).tellEnrolmentCode(...words);
}

const moments = () => import("/phone/moments.js");

/** Take what is worth a moment out of activities, and show what waits. */
export async function noteMoments(activities) {
  return (await moments()).noteMoments(activities);
}

/** Forget the moments that wait: somebody else signs in. */
export async function forgetMoments() {
  return (await moments()).forgetMoments();
}

/** Ask for consent to terms that changed. */
export async function askForTerms() {
  const { terms } = phone.programme ?? {};
  if (!terms || !phone.online || phone.me.termsAccepted === terms.version) return;
  await (await import("/phone/screens/terms.js")).askForTerms(terms);
}

/** Note that a message was tapped as a push. */
export async function noteTap(id) {
  return (await import("/phone/screens/inbox.js")).noteTap(id);
}

/** The QR encoder's picture of a text. */
export async function drawCode(text, label) {
  return (await import("/shared/qr.js")).picture(text, label);
}

/** A screen that is loaded when it is first drawn; `load` answers its component. One that came between this
 * drawing and its effect, for a drawing before it, is asked for again, and is there at once. */
export function later(load) {
  let loaded = null;
  return function Later(props) {
    const [screen, setScreen] = useState(() => loaded);
    const [fault, setFault] = useState(null);
    const fetchIt = () => {
      setFault(null);
      load().then((component) => {
        loaded = component;
        setScreen(() => component);
      }, setFault);
    };
    useEffect(() => {
      if (!screen) fetchIt();
    }, []);
    if (screen) return html`<${screen} ...${props} />`;
    return fault ? html`<${Failed} error=${fault} again=${fetchIt} />` : html`<div class="skeleton"></div>`;
  };
}

const pushing = () => import("/phone/push.js");

/** Keep up what this browser was subscribed to. */
export async function keepPush() {
  return (await pushing()).keepPush();
}

/** End it: the membership is left on this device. */
export async function endPush() {
  if (globalThis.Notification?.permission === "granted") await (await pushing()).endPush();
}

/** What this device may be offered once something was earned; nothing of it is loaded before. */
export function Offers() {
  const [offer, setOffer] = useState(null);
  const earned = Boolean(phone.me?.history.length);
  useEffect(() => {
    if (!earned) return undefined;
    const begin = async () => {
      const { offerDue, Offer } = await pushing();
      const kind = await offerDue();
      if (kind) setOffer({ Offer, kind });
    };
    const timer = setTimeout(() => begin().catch(() => {}), OFFER_MS);
    return () => clearTimeout(timer);
  }, [earned]);
  return offer && html`<${offer.Offer} kind=${offer.kind} />`;
}

export const Boards = later(async () => (await club()).Boards);
export const ForYou = later(async () => (await club()).ForYou);
export const Notifications = later(async () => (await club()).Notifications);
export const Stores = later(async () => (await club()).Stores);
export const Purchases = later(async () => (await club()).Purchases);
export const PushSetting = later(async () => (await pushing()).PushSetting);
export const Welcome = later(async () => (await import("/phone/screens/welcome.js")).Welcome);
export const Me = later(async () => (await import("/phone/screens/me.js")).Me);
/* Both ways about leaving: who deletes a membership, and who finds it being deleted. */
const leaving = () => import("/phone/screens/leaving.js");

export const DeleteMembership = later(async () => (await leaving()).DeleteMembership);
export const KeepMembership = later(async () => (await leaving()).KeepMembership);
export const Inbox = later(async () => (await import("/phone/screens/inbox.js")).Inbox);
