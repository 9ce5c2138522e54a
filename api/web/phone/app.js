/* The member's app as a mobile web page, and a reference client of the API: bar, screens, tabs, live
   activity. */

import { keepFocus, onBack, stand } from "/shared/back.js";
import { busy, drawUnpressed, fill, h, icon, sheet, toast } from "/shared/dom.js";
import { clock } from "/shared/format.js";
import { SignedOut } from "/shared/graphql.js";
import { isLasting, onRefused, serviceWorkers } from "/shared/storage.js";
import { language, speak, t } from "/shared/words.js";
import { prepareCard } from "./card.js";
import { Live } from "./live.js";
import { tell } from "./news.js";
import {
  forget,
  go,
  messageCame,
  onChange,
  onGo,
  phone,
  prefer,
  readHome,
  readProgramme,
  recall,
  session,
} from "./phone.js";
import { ACCEPT_TERMS } from "./queries.js";
import { badgesScreen } from "./screens/badges.js";
import { showCard } from "./screens/card.js";
import { enterCode } from "./screens/codes.js";
import { historyScreen } from "./screens/history.js";
import { homeScreen } from "./screens/home.js";
import { inboxScreen } from "./screens/inbox.js";
import { meScreen } from "./screens/me.js";
import { notice, say, termsLink } from "./screens/parts.js";
import { rewardsScreen } from "./screens/rewards.js";
import { voucherShown } from "./screens/voucher.js";
import { welcomeScreen } from "./screens/welcome.js";

const SCREENS = {
  welcome: welcomeScreen,
  home: homeScreen,
  rewards: rewardsScreen,
  badges: badgesScreen,
  history: historyScreen,
  inbox: inboxScreen,
  me: meScreen,
};
const TABS = [
  ["home", "home"],
  ["rewards", "gift"],
  ["card", "card"],
  ["badges", "star"],
  ["history", "clock"],
];
/* While a voucher is held up, and no socket tells of its use, look this often; else this rarely. */
const PACE_MS = { held: 4000, idle: 30_000 };
const LANGUAGES = ["en", "pt", "pl"];
const REREAD = ["home", "rewards", "badges"];
/* Where it is said that the browser keeps nothing. */
const TOLD_OF_STORAGE = ["welcome", "home", "me"];
const STALE_MS = 500;
const TOGETHER_MS = 120;
const TOGETHER_AT_MOST = 20;
const QUIET_MS = 4000;
const AGAIN_MS = 5000;
const place = document.getElementById("screen");
let shown = { screen: "", params: {} };
let live = null;

function show({ screen, params }, keepScroll = false) {
  if (!session.open) screen = "welcome";
  // Until something was read there is nothing to show elsewhere.
  else if (!phone.me && REREAD.concat("history").includes(screen)) screen = "home";
  const scroll = keepScroll ? place.scrollTop : 0;
  const opened = keepScroll
    ? [...place.querySelectorAll("details[open] > summary")].map((summary) => summary.textContent)
    : [];
  shown = { screen, params };
  document.body.dataset.screen = screen;
  if (session.open) stand(screen, "home");
  const element = h("section", { class: "screen" });
  if (!isLasting() && TOLD_OF_STORAGE.includes(screen))
    element.append(notice(t("storage.refused"), "", "alert"));
  fill(place, element);
  SCREENS[screen](element, params);
  drawBar();
  drawTabs();
  for (const summary of element.querySelectorAll("details > summary"))
    if (opened.includes(summary.textContent)) summary.parentElement.open = true;
  place.scrollTop = scroll;
  // What no socket tells of, such as a reward that is new in the catalogue, shows when its screen is opened.
  if (!keepScroll && REREAD.includes(screen) && Date.now() - phone.readAt > STALE_MS)
    readHome().catch(leaveIfEnded);
  if (!keepScroll)
    (element.querySelector("[autofocus]") ?? element.querySelector("h1"))?.focus({ preventScroll: true });
}

/* Whether somebody types into the screen: it is not drawn again under their hands. */
function typing() {
  return place.contains(document.activeElement) && document.activeElement.matches("input, select, textarea");
}

/* Draw again with what was read afresh. */
function redraw() {
  const refocus = keepFocus();
  if (session.open && !typing() && REREAD.includes(shown.screen)) show(shown, true);
  else drawBar();
  refocus();
}

function drawBar() {
  const { screen } = shown;
  document.title = [
    screen === "welcome" ? t("signin") : t(TABS.some(([tab]) => tab === screen) ? `tab.${screen}` : screen),
    phone.programme?.name ?? "Selo",
  ].join(" · ");
  const bar = document.getElementById("bar");
  if (!session.open || !phone.me) return fill(bar);
  fill(
    bar,
    h("img", { src: "/shared/selo.svg", alt: "", width: 34, height: 34 }),
    h("strong.grow", {}, phone.programme?.name ?? "Selo"),
    h(
      "span.net",
      { role: "status" },
      !phone.online
        ? h(
            "span.chip",
            {},
            icon("cloud"),
            phone.readAt
              ? t("net.off.since", { time: clock(phone.readAt, phone.programme?.timezone) })
              : t("net.off"),
          )
        : phone.live === false
          ? h("span.chip", {}, h("span.spinner"), t("net.again"))
          : null,
    ),
    phone.me.hasMessages &&
      h(
        "button.button.round.plain.bell",
        {
          "aria-label": phone.me.unread ? t("inbox.unread", { count: phone.me.unread }) : t("inbox"),
          onclick: () => go("inbox"),
        },
        icon("bell"),
        phone.me.unread ? h("span.count", { "aria-hidden": "true" }, phone.me.unread) : null,
      ),
    h("button.button.round.plain", { "aria-label": t("me"), onclick: () => go("me") }, icon("person")),
  );
}

function drawTabs() {
  const tabs = document.getElementById("tabs");
  tabs.hidden = !session.open;
  tabs.setAttribute("aria-label", t("tabs"));
  fill(
    tabs,
    TABS.map(([screen, image]) =>
      h(
        `button${screen === "card" ? ".central" : ""}`,
        {
          "aria-current": shown.screen === screen ? "page" : null,
          onclick: () => (screen === "card" ? showCard() : go(screen)),
        },
        h("span.mark", {}, icon(image)),
        h("span", {}, t(`tab.${screen}`)),
      ),
    ),
  );
}

/* ---------------------------------------------------------------- what happens while the page is open */
const together = [];
let gathering = null;

function happened(activity) {
  if (activity.voucher) voucherShown(activity.voucher);
  if (activity.__typename === "MessageReceived") messageCame();
  // A purchase brings several, one after the other: they are one reason to read again, and told together.
  together.push(activity);
  clearTimeout(gathering);
  gathering = setTimeout(tellTogether, together.length < TOGETHER_AT_MOST ? TOGETHER_MS : 0);
}

function tellTogether() {
  readHome().catch(leaveIfEnded);
  tell(together.splice(0));
}

let quiet = null;

/* A socket that is gone for a moment is nobody's business; one that stays away is told, quietly. */
function socketOpen(open) {
  clearTimeout(quiet);
  const tellBar = () => {
    if (phone.live !== open) {
      phone.live = open;
      drawBar();
    }
  };
  if (open) tellBar();
  else quiet = setTimeout(tellBar, QUIET_MS);
}

function listen() {
  live?.close();
  live = session.open
    ? new Live({
        happened,
        socketOpen,
        resync: () => readHome().catch(leaveIfEnded),
        pace: () => (document.querySelector("dialog.held") ? PACE_MS.held : PACE_MS.idle),
      })
    : null;
}

function leaveIfEnded(error) {
  if (error instanceof SignedOut) session.end();
}

/* --------------------------------------------------------- terms that changed since they were accepted */
async function askForTerms() {
  const { terms } = phone.programme ?? {};
  if (!terms || !phone.online || phone.me.termsAccepted === terms.version) return;
  const fault = h("div", { "aria-live": "assertive" });
  await sheet(t("terms.title"), t("close"), (close) =>
    h(
      "div.stack",
      {},
      h("h2", {}, t("terms.title")),
      h("p", {}, t("terms.changed")),
      termsLink(terms),
      fault,
      h(
        "button.button.primary.wide.tall",
        {
          onclick: (event) =>
            busy(event.currentTarget, async () => {
              try {
                const { acceptTerms } = await session.ask(ACCEPT_TERMS, {
                  input: { version: terms.version },
                });
                if (acceptTerms.message) toast(acceptTerms.message, "bad");
                close();
              } catch (error) {
                fill(fault, notice(say(error), "bad", "cloud"));
              }
            }),
        },
        t("terms.accept"),
      ),
    ),
  );
}

/* A code that the address brought is offered once, unless it was given with an enrolment. */
async function offerLinkedCode() {
  const code = phone.linkedCode;
  phone.linkedCode = "";
  const address = new URL(location.href);
  if (address.searchParams.has("c")) {
    address.searchParams.delete("c");
    history.replaceState(history.state, "", address);
  }
  if (code && phone.programme?.takesCodes) await enterCode(code);
}

async function enter() {
  if (!session.open) {
    listen();
    await forget();
    return go("welcome");
  }
  if (["", "welcome"].includes(shown.screen)) show({ screen: "home", params: {} });
  try {
    await readHome(follow);
  } catch (error) {
    leaveIfEnded(error);
    if (!session.open) return enter();
    phone.trouble = say(error);
    redraw();
    return setTimeout(enter, AGAIN_MS);
  }
  listen();
  await prepareCard().catch(() => {});
  await askForTerms().catch(() => {});
  await offerLinkedCode();
}

/* Another member signed in, on another tab: nothing of the one before stays here. */
async function change() {
  live?.close();
  live = null;
  await forget();
  show({ screen: "home", params: {} });
  await enter();
}

/* The API's texts come in the member's own language, wherever it was chosen last: the page follows, so that
   no screen mixes two. */
async function follow(locale) {
  const tag = locale.slice(0, 2);
  if (tag === language || !LANGUAGES.includes(tag)) return;
  prefer("language", tag);
  await learn();
  await readProgramme().catch(() => {});
  if (!typing()) return show(shown, true);
  drawBar();
  drawTabs();
}

/* Without the programme nobody can join, and nothing has its name: until it could be read, it is asked for
   again. */
async function meetProgramme() {
  const known = phone.programme !== null;
  try {
    await readProgramme();
    redraw();
  } catch (error) {
    phone.trouble = say(error);
  }
  if (!phone.programme) setTimeout(meetProgramme, AGAIN_MS);
  // A contact that is being typed stays under its hands; one that is about to be keeps the focus.
  else if (!known && place.querySelector("[name=contact]")?.value === "") {
    const begun = typing();
    show(shown);
    if (begun) place.querySelector("[name=contact]").focus();
  }
}

const learn = () =>
  speak(LANGUAGES, async (tag) => (await import(`./words/${tag}.js`)).default, prefer("language"));

/** Also on the first screen; a member's choice is kept with the membership as well. */
export function languagePicker(chosen) {
  return h(
    "div.segments",
    { role: "group", "aria-label": t("language") },
    [
      ["en", "English"],
      ["pt", "Português"],
      ["pl", "Polski"],
    ].map(([tag, name]) =>
      h(
        "button",
        {
          type: "button",
          lang: tag,
          "aria-pressed": String(tag === language),
          onclick: async () => {
            prefer("language", tag);
            await chosen?.(tag);
            location.reload();
          },
        },
        name,
      ),
    ),
  );
}

async function start() {
  await learn();
  // Camera, card key and locks are there over https and on this machine alone.
  if (!isSecureContext) return fill(place, h("p.notice.bad", { role: "alert" }, t("insecure")));
  onGo(show);
  onChange(() => drawUnpressed(redraw));
  let { signIn } = session.tokens ?? {};
  session.addEventListener("change", async () => {
    const before = signIn;
    ({ signIn } = session.tokens ?? {});
    if (before && signIn && signIn !== before) await change();
    else if (session.open !== Boolean(live)) await enter();
  });
  onBack(
    () => shown.screen !== "home",
    () => {
      if (session.open && shown.screen !== "home") go("home");
    },
  );
  addEventListener("offline", () => {
    phone.online = false;
    drawBar();
  });
  // What this device kept of the last time stands at once; without it, that it is being read.
  await recall();
  onRefused(() => toast(t("storage.refused"), "bad"));
  if (session.open) show({ screen: "home", params: {} });
  const read = meetProgramme();
  if (!phone.programme) await read;
  await enter();
  serviceWorkers()
    ?.register("/phone/sw.js", { scope: "/phone/" })
    .catch(() => {});
}

start();
