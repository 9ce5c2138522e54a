/* The till page: bar, screens, tabs. It speaks only GraphQL to /graphql. */

import { onBack, stand } from "/shared/back.js";
import { NoNetwork } from "/shared/graphql.js";
import { toast } from "/shared/passing.js";
import { html, render } from "/shared/preact.js";
import { isLasting, onRefused, serviceWorkers } from "/shared/storage.js";
import { followTestClock } from "/shared/test-clock.js";
import { mount, Notice } from "/shared/ui.js";
import { speak, t } from "/shared/words.js";
import { Bar, losesWith, Tabs } from "./bar.js";
import { dropDraft } from "./drafts.js";
import { noteKey, noteRelease } from "./keys.js";
import { PROGRAMME } from "./queries.js";
import { keepSending, onQueue, queued } from "./queue.js";
import { say } from "./screens/parts.js";
import { signInScreen } from "./screens/sign-in.js";
import { database, go, network, onGo, onNetwork, prefer, programmeName, session, till } from "./till.js";

/* Fetched once somebody is signed in, and kept on the device besides. */
const MODULES = {
  scan: () => import("./screens/scan.js"),
  customer: () => import("./screens/customer.js"),
  voucher: () => import("./screens/voucher.js"),
  refund: () => import("./screens/refund.js"),
  shift: () => import("./screens/shift.js"),
  success: () => import("./screens/success.js"),
};
const fetchedModules = new Map();
/* What the window is called: the words of each screen that has no tab. */
const TITLES = {
  "sign-in": "signin",
  customer: "purchase.title",
  voucher: "action.VOUCHER_USED",
  success: "done.title",
};
/* Where it is said that the browser keeps nothing. */
const TOLD_OF_STORAGE = ["sign-in", "scan", "shift"];
const AGAIN_MS = 5000;
/* So long whoever signs in waits for what the screens are made of. */
const SCREENS_MS = 4000;
const TYPED_INTO = "input, select, textarea, button";
const TEXT_FIELDS = "textarea, select, input:not([type=checkbox], [type=radio], [type=range])";
/* No person strikes two keys so fast. */
const SCANNER_MS = 100;
const place = document.getElementById("screen");
let leave = null;
let shown = "";
let shows = 0;
let typedAt = -Infinity;

async function show({ screen, params }) {
  const turn = ++shows;
  leave?.();
  leave = null;
  if (!session.open) screen = "sign-in";
  shown = screen;
  document.body.dataset.screen = screen;
  document.title = `${t(TITLES[screen] ?? `tab.${screen}`)} · ${t("title")} ${programmeName()}`;
  if (session.open) stand(screen, "scan");
  const section = document.createElement("section");
  section.className = "screen";
  const element = isLasting() || !TOLD_OF_STORAGE.includes(screen) ? section : afterNotice(section);
  place.replaceChildren(section);
  drawTabs();
  place.scrollTop = 0;
  drawBar();
  const left = (await draw(screen, element, params)) ?? null;
  // A screen that had to read something first may be gone again by now: what stands there is another's.
  if (turn !== shows) return left?.();
  leave = left;
  // The focus is given at once, and never taken from a field of this screen: whoever types there already would
  // lose keys.
  if (!element.contains(document.activeElement))
    (element.querySelector("[autofocus]") ?? element.querySelector("h1"))?.focus({ preventScroll: true });
}

/* The place of a screen above which it is said that the browser keeps nothing. */
function afterNotice(section) {
  const [told, element] = ["div", "div"].map((tag) => document.createElement(tag));
  told.className = element.className = "part-of-screen";
  render(html`<${Notice} icon="alert" text=${t("storage.refused")} />`, told);
  section.append(told, element);
  return element;
}

/* Draw a screen: at once where it was fetched before, so that a key that leads to it finds its field there. */
function draw(screen, element, params) {
  if (screen === "sign-in") return signInScreen(element, params);
  const ready = fetchedModules.get(screen);
  return ready ? ready[`${screen}Screen`](element, params) : drawFetched(screen, element, params);
}

async function drawFetched(screen, element, params) {
  const fetched = await fetchModule(screen).catch(() => null);
  if (fetched) return fetched[`${screen}Screen`](element, params);
  network(false);
  return mount(
    html`<h1 tabindex="-1">${t(TITLES[screen] ?? `tab.${screen}`)}</h1>
      <${Notice} kind="bad" icon="cloud" text=${t("fault.network")} />`,
    element,
  );
}

async function fetchModule(screen) {
  const fetched = await MODULES[screen]();
  fetchedModules.set(screen, fetched);
  return fetched;
}

/* All screens at once, so that none has to be fetched while a customer waits or the network is gone. What does not
   come in time is fetched when it is shown. */
function fetchScreens() {
  const late = new Promise((resolve) => setTimeout(resolve, SCREENS_MS));
  return Promise.race([late, Promise.allSettled(Object.keys(MODULES).map(fetchModule))]);
}

async function drawBar() {
  const rows = session.open ? await queued() : [];
  leaving.loses = losesWith(rows);
  // Who signed out meanwhile has none.
  render(session.open ? html`<${Bar} rows=${rows} train=${train} />` : null, document.getElementById("bar"));
}

/* What waits on a page that keeps nothing is lost with it: the browser asks whether that is meant. */
const leaving = { loses: false };

addEventListener("beforeunload", (event) => {
  if (leaving.loses) event.preventDefault();
});

function drawTabs() {
  const tabs = document.getElementById("tabs");
  tabs.hidden = !session.open;
  tabs.setAttribute("aria-label", t("tabs"));
  render(html`<${Tabs} shown=${shown} />`, tabs);
}

/* Try the screens on a member who is nobody, or come back from it: what was begun in the one is not of the other. */
async function train(isOn) {
  const { beginTraining, endTraining } = await import("./training.js");
  if (isOn) await beginTraining();
  else endTraining();
  till.isTraining = isOn;
  // A draft is kept when its screen is left: so after that.
  await show({ screen: "shift", params: {} });
  dropDraft();
  return go("scan");
}

/* Nobody can sign in without the stores of the programme: until there is one, it is asked for again. */
async function readProgramme() {
  const before = till.programme?.stores.length;
  try {
    till.programme = (await session.askPublic(PROGRAMME)).programme;
    network(true);
    if (!before && before !== till.programme.stores.length && shown === "sign-in") go("sign-in");
  } catch (error) {
    till.trouble = error instanceof NoNetwork ? t("signin.offline") : say(error);
    if (error instanceof NoNetwork) network(false);
  }
  if (!till.programme?.stores.length) setTimeout(readProgramme, AGAIN_MS);
}

/* A USB scanner types like a keyboard, wherever the focus is: its keys belong into the code field, also while
   the last success still stands. The Enter that ends a code is no press of a button: a voucher scanned twice
   would be accepted by it. */
function catchKeys(event) {
  const typed = event.key.length === 1 && event.key !== " ";
  const isScanned = event.timeStamp - typedAt < SCANNER_MS;
  if (["Enter", " "].includes(event.key) && isScanned && event.target.closest("button"))
    return event.preventDefault();
  if (typed) typedAt = event.timeStamp;
  const isPlain = !(event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]"));
  if (isPlain && typed && shown === "success") go("scan");
  const field = document.getElementById("code");
  if (isPlain && field && event.key.length === 1 && !document.activeElement.closest(TYPED_INTO))
    field.focus();
  // In a basket also from a switch or button: a key that is typed there does nothing.
  if (isPlain && typed && shown === "customer" && !document.activeElement.closest(TEXT_FIELDS))
    document.querySelector(".buying [name=total]")?.focus();
  noteKey(event);
}

async function start() {
  await speak(
    ["en", "pt", "pl"],
    async (tag) => (await import(`./words/${tag}.js`)).default,
    prefer("language"),
  );
  followTestClock(session);
  // Camera, card key and locks are there over https and on this machine alone.
  if (!isSecureContext) return render(html`<${Notice} kind="bad" text=${t("insecure")} />`, place);
  onGo(show);
  onQueue(drawBar);
  onNetwork(drawBar);
  let { signIn } = session.tokens ?? {};
  if (session.open) fetchScreens();
  session.addEventListener("change", async () => {
    const before = signIn;
    ({ signIn } = session.tokens ?? {});
    // What one person began is not finished by the next: also not where they signed in on another tab.
    if (signIn !== before || !session.open) {
      const now = signIn;
      // A sale that is kept without a network has to be told as kept: its screen is here before the first sale.
      if (session.open) await fetchScreens();
      if (signIn !== now) return;
      till.isTraining = false;
      go(session.open ? "scan" : "sign-in");
      dropDraft();
    }
  });
  addEventListener("online", () => network(true));
  addEventListener("offline", () => network(false));
  addEventListener("keydown", catchKeys);
  addEventListener("keyup", noteRelease);
  onBack(
    () => shown !== "scan",
    () => {
      if (shown !== "scan") go("scan");
    },
  );
  await database;
  onRefused(() => toast(t("storage.refused"), "bad"));
  if (!till.programme) await readProgramme();
  else readProgramme();
  await show({ screen: "scan", params: {} });
  keepSending();
  serviceWorkers()
    ?.register("/till/sw.js", { scope: "/till/" })
    .catch(() => {});
}

start();
