/* The member's app as a mobile web page, and a reference client of the API: screens and their addresses, bar and tabs,
   what happens while it is open. */

import { onBack, stand } from "/shared/back.js";
import { html, render } from "/shared/preact.js";
import { isLasting, onRefused, serviceWorkers } from "/shared/storage.js";
import { followTestClock } from "/shared/test-clock.js";
import { speak, speech, t } from "/shared/words.js";
import { Bar, Tabs } from "./bar.js";
import { prepareCard } from "./card.js";
import { say } from "./faults.js";
import { leaveIfEnded, listen } from "./listening.js";
import {
  forget,
  go,
  hints,
  onChange,
  onGo,
  phone,
  prefer,
  programmeName,
  readHome,
  readProgramme,
  recall,
  session,
} from "./phone.js";
import { addressOf, placeOf, stayAt } from "./route.js";
import { Badges, openBadge } from "./screens/badges.js";
import { showCard } from "./screens/card.js";
import { History } from "./screens/history.js";
import { Home } from "./screens/home.js";
import {
  askForTerms,
  Boards,
  drawCode,
  endPush,
  enterCode,
  ForYou,
  forgetMoments,
  Inbox,
  keepPush,
  Me,
  noteMoments,
  noteTap,
  Stores,
  Welcome,
} from "./screens/later.js";
import { openLine, openPurchase } from "./screens/purchases.js";
import { openReward, Rewards } from "./screens/rewards.js";
import { openVoucher } from "./screens/voucher.js";
import { Notice, toast } from "./ui.js";

const SCREENS = {
  welcome: Welcome,
  home: Home,
  rewards: Rewards,
  badges: Badges,
  history: History,
  inbox: Inbox,
  me: Me,
  stores: Stores,
  boards: Boards,
  foryou: ForYou,
};
const TABS = ["home", "rewards", "badges", "history"];
const LANGUAGES = ["en", "pt", "pl"];
const REREAD = ["home", "rewards", "badges", "history"];
/* Where it is said that the browser keeps nothing. */
const TOLD_OF_STORAGE = ["welcome", "home", "me"];
const STALE_MS = 500;
const AGAIN_MS = 5000;
const place = document.getElementById("screen");
/* What the address of this page's opening names, until it was opened. */
let landing = placeOf(location);
/* Whether the member was read once: until then that is under way. */
let isEntered = false;
let shown = { screen: "", visit: 0 };

function show(screen) {
  if (!session.open) screen = "welcome";
  // Until something was read there is nothing to show elsewhere.
  else if (!phone.me && REREAD.includes(screen)) screen = "home";
  shown = { screen, visit: shown.visit + 1 };
  document.body.dataset.screen = screen;
  if (session.open) {
    stand(screen, "home");
    if (landing.screen === "home" || phone.me) stayAt(addressOf(screen));
  }
  draw();
  place.scrollTop = 0;
  // What no socket tells of, such as a reward that is new in the catalogue, shows when its screen is opened.
  if (isEntered && REREAD.includes(screen) && Date.now() - phone.readAt > STALE_MS)
    readHome().catch(leaveIfEnded);
  if (!place.contains(document.activeElement) || document.activeElement === place)
    place.querySelector("h1")?.focus({ preventScroll: true });
}

function draw() {
  const { screen, visit } = shown;
  if (!screen) return;
  const title = screen === "welcome" ? t("enter") : t(TABS.includes(screen) ? `tab.${screen}` : screen);
  document.title = [title, programmeName()].filter(Boolean).join(" · ");
  render(
    html`<section class="screen" key=${visit}>
      ${!isLasting() && TOLD_OF_STORAGE.includes(screen) && html`<${Notice} icon="alert">${t("storage.refused")}<//>`}
      <${SCREENS[screen]} />
    </section>`,
    place,
  );
  render(html`<${Bar} />`, document.getElementById("bar"));
  const tabs = document.getElementById("tabs");
  tabs.hidden = !session.open;
  tabs.setAttribute("aria-label", t("tabs"));
  render(html`<${Tabs} shown=${screen} />`, tabs);
}

/* ---- where a link or a reload lands */

const OPENERS = {
  card: () => showCard(),
  rewards: (code) => open(phone.me.rewards, ({ reward }) => reward.code === code, openReward),
  vouchers: (id) => open(phone.me.vouchers, (voucher) => voucher.id === id, openVoucher),
  badges: (code) => open(phone.me.badges, ({ badge }) => badge.code === code, openBadge),
  history: openFromHistory,
};

function open(list, isIt, act) {
  const each = list.find(isIt);
  if (each) act(each);
}

function openFromHistory(id) {
  const entry = phone.me.history.find((each) => each.id === id);
  if (entry) openLine({ key: id, entries: [entry], purchase: null, isBack: false });
  else openPurchase(id);
}

/* The message whose push opened this page, until that is noted. */
let tapped = new URLSearchParams(location.search).get("m");

function land() {
  if (tapped) noteTap(tapped).catch(() => {});
  tapped = null;
  const { screen, over, thing } = landing;
  landing = { screen: "home", over: "", thing: "" };
  if (screen !== shown.screen && shown.screen === "home") show(screen);
  else if (screen === shown.screen) stayAt(addressOf(screen));
  if (over) OPENERS[over]?.(thing);
}

/* A code that the address brought is offered once, unless it was given with an enrolment. */
async function offerLinkedCode() {
  const code = phone.linkedCode;
  phone.linkedCode = "";
  if (code) await enterCode(code);
}

/* ---- coming and going */

async function enter() {
  isEntered = false;
  if (!session.open) {
    endPush().catch(() => {});
    await listen();
    await forget();
    if (shown.screen !== "" && shown.screen !== "welcome") forgetMoments().catch(() => {});
    return show("welcome");
  }
  if (["", "welcome"].includes(shown.screen)) show("home");
  try {
    await readHome(follow);
  } catch (error) {
    leaveIfEnded(error);
    if (!session.open) return enter();
    phone.trouble = say(error);
    draw();
    return setTimeout(enter, AGAIN_MS);
  }
  isEntered = true;
  land();
  await listen();
  await prepareCard().catch(() => {});
  noteMoments([]).catch(() => {});
  await askForTerms().catch(() => {});
  await offerLinkedCode();
}

/* Another member signed in, on another tab: nothing of the one before stays here. */
async function change() {
  await listen(false);
  await endPush().catch(() => {});
  await forget();
  await forgetMoments().catch(() => {});
  show("home");
  await enter();
}

/* The API's texts come in the member's own language, wherever it was chosen last: the page follows, so that
   no screen mixes two. */
async function follow(locale) {
  const tag = locale.slice(0, 2);
  if (tag === speech.language || !LANGUAGES.includes(tag)) return;
  prefer("language", tag);
  await learn();
  await readProgramme().catch(() => {});
  draw();
}

/* Without the programme nobody can join, and nothing has its name: until it could be read, it is asked for
   again. */
async function meetProgramme() {
  try {
    await readProgramme();
  } catch (error) {
    phone.trouble = say(error);
  }
  draw();
  if (!phone.programme) setTimeout(meetProgramme, AGAIN_MS);
}

const learn = () =>
  speak(LANGUAGES, async (tag) => (await import(`/phone/words/${tag}.js`)).default, prefer("language"));

/* A membership begins or ends, here or on another tab. */
function followSession() {
  let { signIn } = session.tokens ?? {};
  let wasOpen = session.open;
  session.addEventListener("change", async () => {
    const before = signIn;
    ({ signIn } = session.tokens ?? {});
    const isOther = before && signIn && signIn !== before;
    if (isOther) await change();
    else if (session.open !== wasOpen) {
      wasOpen = session.open;
      await enter();
    }
    wasOpen = session.open;
  });
}

function watchDevice() {
  onBack(
    () => shown.screen !== "home",
    () => {
      if (session.open && shown.screen !== "home") go("home");
      else stayAt(addressOf("home"));
    },
  );
  addEventListener("beforeinstallprompt", (event) => {
    event.preventDefault();
    phone.install = event;
  });
  addEventListener("offline", () => {
    phone.online = false;
    draw();
  });
  onRefused(() => {
    toast(t("storage.refused"), "bad");
    draw();
  });
}

/* What few need at once comes when the page stands: the shell for the next start, the encoder for the card. */
function comeLater() {
  serviceWorkers()
    ?.register("/phone/sw.js", { scope: "/phone/" })
    .catch(() => {});
  if (!session.open) return;
  drawCode("", "").catch(() => {});
  keepPush().catch(() => {});
}

async function start() {
  await learn();
  // A demo's clock alone can be moved: elsewhere nothing is asked about it.
  if (hints.clock) followTestClock(session);
  place.replaceChildren();
  // Camera, card key and locks are there over https and on this machine alone.
  if (!isSecureContext) return render(html`<p class="notice bad" role="alert">${t("insecure")}</p>`, place);
  onGo(({ screen }) => show(screen));
  onChange(draw);
  followSession();
  watchDevice();
  // What this device kept of the last time stands at once; without it, that it is being read.
  await recall();
  if (session.open) show("home");
  const read = meetProgramme();
  if (!phone.programme && !session.open) await read;
  await enter();
  (globalThis.requestIdleCallback ?? setTimeout)(comeLater);
}

start();
