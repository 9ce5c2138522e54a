/* The till page: bar, screens, tabs. It speaks only GraphQL to /graphql. */

import { onBack, stand } from "/shared/back.js";
import { drawUnpressed, fill, h, icon, sheet, toast } from "/shared/dom.js";
import { NoNetwork } from "/shared/graphql.js";
import { isLasting, onRefused, serviceWorkers } from "/shared/storage.js";
import { language, speak, t } from "/shared/words.js";
import { noteKey, noteRelease } from "./keys.js";
import { PROGRAMME, SIGN_OUT } from "./queries.js";
import { keepSending, onQueue, queued } from "./queue.js";
import { customerScreen } from "./screens/customer.js";
import { notice, say } from "./screens/parts.js";
import { scanScreen } from "./screens/scan.js";
import { shiftScreen } from "./screens/shift.js";
import { signInScreen } from "./screens/sign-in.js";
import { successScreen } from "./screens/success.js";
import { voucherScreen } from "./screens/voucher.js";
import { signal, soundOn } from "./sounds.js";
import { database, go, network, onGo, onNetwork, prefer, session, till } from "./till.js";

const SCREENS = {
  "sign-in": signInScreen,
  scan: scanScreen,
  customer: customerScreen,
  voucher: voucherScreen,
  refund: refundScreen,
  shift: shiftScreen,
  success: successScreen,
};
const TABS = [
  ["scan", "scan"],
  ["refund", "refund"],
  ["shift", "list"],
];
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
const TYPED_INTO = "input, select, textarea, button";
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
  document.title = `${t(TITLES[screen] ?? `tab.${screen}`)} · ${t("title")}`;
  if (session.open) stand(screen, "scan");
  const element = h("section", { class: "screen" });
  if (!isLasting() && TOLD_OF_STORAGE.includes(screen))
    element.append(notice(t("storage.refused"), "", "alert"));
  fill(place, element);
  drawTabs();
  place.scrollTop = 0;
  drawBar();
  const left = (await SCREENS[screen](element, params)) ?? null;
  // A screen that had to read something first may be gone again by now: what stands there is another's.
  if (turn !== shows) return left?.();
  leave = left;
  // The focus is given at once, and never taken from a field of this screen: whoever types there already would
  // lose keys.
  if (!element.contains(document.activeElement))
    (element.querySelector("[autofocus]") ?? element.querySelector("h1"))?.focus({ preventScroll: true });
}

/* Fetched when it is wanted: a refund needs the network anyway, and the device keeps the file besides. */
async function refundScreen(element) {
  const fetched = await import("./screens/refund.js").catch(() => null);
  if (fetched) return fetched.refundScreen(element);
  network(false);
  element.append(h("h1", { tabindex: -1 }, t("refund.title")), notice(t("fault.network"), "bad", "cloud"));
  return null;
}

async function drawBar() {
  const bar = document.getElementById("bar");
  if (!session.open) return fill(bar);
  const rows = await queued();
  if (session.open) drawUnpressed(() => drawState(bar, rows));
}

function drawState(bar, rows) {
  if (!session.open) return;
  const refused = rows.filter((row) => row.state === "refused").length;
  const waiting = rows.length - refused;
  leaving.loses = waiting > 0 && !isLasting();
  // What is not as it should be is said; that all is well only where there is nothing else to say.
  const state = till.online && rows.length ? [] : [t(till.online ? "net.on" : "net.off")];
  if (waiting) state.push(t("queue.waiting", { count: waiting }));
  if (refused) state.push(t("queue.refused", { count: refused }));
  fill(
    bar,
    h(
      "div.where",
      {},
      h("img", { src: "/shared/selo.svg", alt: "", width: 34, height: 34 }),
      h("strong", {}, till.staff.store.name),
    ),
    h(
      `button.state${refused ? ".bad" : till.online ? ".on" : ".off"}`,
      { onclick: () => go("shift"), "data-waiting": waiting, "data-refused": refused },
      icon(refused ? "alert" : till.online ? "check" : "cloud"),
      h(
        `span.told${waiting ? ".waits" : ""}`,
        { role: "status" },
        state.map((each) => each.replaceAll(" ", "\u00a0")).join("\u00a0· "),
      ),
    ),
    h("button.button.round.plain", { "aria-label": t("menu.open"), onclick: menu }, icon("person")),
  );
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
  fill(
    tabs,
    TABS.map(([screen, picture]) =>
      h(
        "button",
        { "aria-current": shown === screen ? "page" : null, onclick: () => go(screen) },
        icon(picture),
        h("span", {}, t(`tab.${screen}`)),
      ),
    ),
  );
}

function menu() {
  return sheet(t("menu"), t("close"), (close) =>
    h(
      "div.stack",
      {},
      h("h2", {}, till.staff.name),
      h("p.quiet", {}, `${t(`role.${till.staff.role}`)} · ${till.staff.store.name}`),
      languagePicker(),
      h("label.choice", {}, soundBox(), t("menu.sound")),
      h(
        "button.button.wide",
        {
          onclick: () => {
            close();
            signOut();
          },
        },
        t("signout"),
      ),
    ),
  );
}

function soundBox() {
  const box = h("input", {
    type: "checkbox",
    onchange: () => {
      prefer("sound", box.checked);
      signal("seen");
    },
  });
  box.checked = soundOn();
  return box;
}

/** Also on the sign-in screen: a cashier chooses the language before anything else. */
export function languagePicker() {
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
          onclick: () => {
            prefer("language", tag);
            location.reload();
          },
        },
        name,
      ),
    ),
  );
}

async function signOut() {
  // A session that cannot be ended for want of a network lapses by itself; the till forgets it at once.
  await session.ask(SIGN_OUT, { input: {} }).catch(() => {});
  session.end();
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
  noteKey(event);
}

async function start() {
  await speak(
    ["en", "pt", "pl"],
    async (tag) => (await import(`./words/${tag}.js`)).default,
    prefer("language"),
  );
  // Camera, card key and locks are there over https and on this machine alone.
  if (!isSecureContext) return fill(place, h("p.notice.bad", { role: "alert" }, t("insecure")));
  onGo(show);
  onQueue(drawBar);
  onNetwork(drawBar);
  let { signIn } = session.tokens ?? {};
  session.addEventListener("change", () => {
    const before = signIn;
    ({ signIn } = session.tokens ?? {});
    // What one person began is not finished by the next: also not where they signed in on another tab.
    if (signIn !== before || !session.open) go(session.open ? "scan" : "sign-in");
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
