/* What reaches this browser while its page is closed, and the page on the home screen. Neither is asked for at the
   door: only who has earned something is offered it, and the browser's own question comes after a tap. */

import { html, useEffect, useState } from "/shared/preact.js";
import { isLasting, serviceWorkers } from "/shared/storage.js";
import { t } from "/shared/words.js";
import { registerBrowser } from "./card.js";
import { changed, keepFact, keptFact, phone, prefer, programmeName, session } from "./phone.js";
import { Act, Icon, Section, toast } from "./ui.js";

/* Who puts it off is asked again after a quarter. */
const AGAIN_MS = 90 * 86_400_000;
/* What the server was told: the subscription of this browser. */
const TOLD = "push";

const isInstalled = () => matchMedia("(display-mode: standalone)").matches || navigator.standalone === true;
const canPush = () =>
  Boolean(phone.programme?.webPushKey) &&
  isLasting() &&
  serviceWorkers() !== null &&
  "PushManager" in window &&
  "Notification" in window;
/* An iPhone pushes to pages on its home screen alone, and only its own menu puts them there. */
const isByHand = () => navigator.standalone === false;

/* What this browser may be offered now; null for nothing. Who signs in where leave was given before is offered it
   as well: leave for the page is none of this member. */
async function offerKind() {
  if (canPush() && Notification.permission !== "denied" && !(await keptFact(TOLD))) return "push";
  if (isInstalled()) return null;
  return phone.install ? "install" : isByHand() ? "byhand" : null;
}

/** What to offer on the first screen: to whom has earned something, and did not put it off. */
export async function offerDue() {
  const isEarning = phone.me?.history.length > 0;
  return isEarning && Date.now() - (prefer("offered") ?? 0) > AGAIN_MS ? offerKind() : null;
}

/** Subscribe this browser, and tell the server. */
async function subscribe() {
  const { pushManager } = await serviceWorkers().ready;
  const key = phone.programme.webPushKey;
  const before = await pushManager.getSubscription();
  if (before && keyOf(before) !== key) await before.unsubscribe();
  const made = await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  const token = JSON.stringify(made);
  const { signIn } = session.tokens ?? {};
  await registerBrowser(token);
  // Whoever signed in meanwhile gave no leave.
  if (session.open && session.tokens.signIn === signIn) await keepFact(TOLD, token);
}

function keyOf({ options }) {
  const bytes = String.fromCharCode(...new Uint8Array(options?.applicationServerKey ?? []));
  return btoa(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** Keep up with a browser that subscribed anew by itself, and with a server that has another key. */
export async function keepPush() {
  const told = await keptFact(TOLD);
  if (!told || !canPush() || Notification.permission !== "granted") return;
  const { pushManager } = await serviceWorkers().ready;
  const now = await pushManager.getSubscription();
  const isSame = now && JSON.stringify(now) === told && keyOf(now) === phone.programme.webPushKey;
  if (!isSame) await subscribe();
}

/** End this browser's subscription: whoever signs in next is asked anew. */
export async function endPush() {
  const registration = await serviceWorkers()?.getRegistration("/phone/");
  await (await registration?.pushManager?.getSubscription())?.unsubscribe();
}

/* Whether this is over: a try that failed may be made again where it was made. */
async function turnOn() {
  const answer = await Notification.requestPermission();
  if (answer !== "granted") {
    toast(t("push.blocked"), "bad");
    return true;
  }
  try {
    await subscribe();
  } catch {
    // No push service answers, or the server does not: the way to try again stands on the same screen.
    toast(t("push.failed"), "bad");
    return false;
  }
  toast(t("push.done"));
  changed();
  return true;
}

async function turnOff() {
  await endPush();
  await keepFact(TOLD, null);
  // Without a network the server learns of it from the push service, which knows the subscription no more.
  await registerBrowser().catch(() => {});
  changed();
}

async function install() {
  const { install: prompt } = phone;
  phone.install = null;
  await prompt.prompt();
  changed();
  return true;
}

const WORDS = {
  push: ["push.offer", "push.turn.on", turnOn],
  install: ["install.offer", "install", install],
  byhand: ["install.byhand", null, null],
};

/** The offer on the first screen, until it is taken or put off. */
export function Offer({ kind }) {
  const [isOver, setOver] = useState(false);
  if (isOver) return null;
  const [words, button, act] = WORDS[kind];
  const end = () => {
    prefer("offered", Date.now());
    setOver(true);
  };
  const take = async () => {
    if (await act()) end();
  };
  return html`<section class="card stack tight offering">
    <p><${Icon} name=${kind === "push" ? "bell" : "home"} /> ${t(words, { programme: programmeName() })}</p>
    ${act && html`<${Act} class="button primary wide" act=${take}>${t(button)}<//>`}
    <button class="button plain wide" type="button" onClick=${end}>${t("push.later")}</button>
  </section>`;
}

/** Whether this device is told, and the switch, among what is the member's own. */
export function PushSetting() {
  const [isOn, setOn] = useState(false);
  const read = async () => setOn(Boolean(await keptFact(TOLD)));
  useEffect(() => {
    read();
  }, []);
  if (!canPush()) return null;
  const isBlocked = Notification.permission === "denied";
  const turn = async () => {
    await (isOn ? turnOff() : turnOn());
    await read();
  };
  return html`<${Section} title=${t("push")}>
    <p>${t(isBlocked ? "push.blocked" : isOn ? "push.on" : "push.off")}</p>
    ${!isBlocked && html`<${Act} class="button wide" act=${turn}>${t(isOn ? "push.turn.off" : "push.turn.on")}<//>`}
  <//>`;
}
