/* The console: the bar with who is signed in, screens and their addresses. It speaks only GraphQL to /graphql. */

import { onBack, stand } from "/shared/back.js";
import { html, render } from "/shared/preact.js";
import { isLasting } from "/shared/storage.js";
import { followTestClock } from "/shared/test-clock.js";
import { Notice } from "/shared/ui.js";
import { addTexts, language, speak, t } from "/shared/words.js";
import { Bar } from "./bar.js";
import { desk, go, onGo, onWaiting, prefer, readProposals, session } from "./console.js";
import { say } from "./faults.js";
import { addressOf, pageFor, placeOf, screenOf } from "./pages.js";
import { PROGRAMME } from "./queries.js";
import { SignIn } from "./screens/sign-in.js";

const AGAIN_MS = 5000;
const place = document.getElementById("screen");
const SIGN_IN = { name: "sign-in" };
/* `Screen` is null while it is fetched, `fault` says why it did not come. */
let shown = { page: SIGN_IN, thing: "", filters: "", visit: 0, Screen: SignIn, fault: "" };
/* Where whoever signs in lands. */
let landing = placeOf(location);
let isStarted = false;

async function show({ screen, thing, filters }) {
  isStarted = true;
  const visit = shown.visit + 1;
  if (session.open) {
    const page = pageFor(desk.staff.role, screen);
    const isMeant = page.name === screen;
    const at = { thing: isMeant ? thing : "", filters: isMeant ? filters : "" };
    shown = { page, ...at, visit, Screen: null, fault: "" };
    stand(page.name, pageFor(desk.staff.role).name);
    history.replaceState(history.state, "", addressOf(page, at.thing, at.filters));
    await fetched(visit);
  } else shown = { page: SIGN_IN, thing: "", filters: "", visit, Screen: SignIn, fault: "" };
  if (shown.visit !== visit) return;
  draw();
  scrollTo(0, 0);
  if (!place.contains(document.activeElement) || document.activeElement === place)
    (place.querySelector("[autofocus]") ?? place.querySelector("h1"))?.focus({ preventScroll: true });
}

/* Have the screen of what is shown; what takes longer than a blink is told. */
async function fetched(visit) {
  const slow = setTimeout(() => shown.visit === visit && draw(), 200);
  let come = { Screen: null, fault: "" };
  try {
    come = { ...come, Screen: await screenOf(shown.page, language, addTexts) };
  } catch {
    come = { ...come, fault: t("fault.network") };
  }
  clearTimeout(slow);
  if (shown.visit === visit) shown = { ...shown, ...come };
}

function draw() {
  const { page, thing, filters, visit, Screen, fault } = shown;
  document.title = `${t(`page.${page.name}`)} · ${t("title")}`;
  document.body.dataset.screen = page.name;
  render(
    html`<section class="screen" key=${`${visit} ${Boolean(Screen)}`}>
      ${!isLasting() && html`<${Notice} icon="alert" text=${t("storage.refused")} />`}
      ${Screen ? html`<${Screen} thing=${thing} filters=${filters} />` : html`<${Waiting} page=${page} fault=${fault} />`}
    </section>`,
    place,
  );
  drawBar();
}

function Waiting({ page, fault }) {
  return html`<h1 tabindex="-1">${t(`page.${page.name}`)}</h1>
    ${
      fault
        ? html`<${Notice} kind="bad" icon="cloud" text=${fault} />
            <button class="button" type="button" onClick=${() => show({ ...shown, screen: page.name })}>${t("again")}</button>`
        : html`<div class="skeleton tall" role="status" aria-label=${t("loading")}></div>`
    }`;
}

function drawBar() {
  render(html`<${Bar} shown=${shown.page} />`, document.getElementById("bar"));
}

/* How much waits is read once at the start; the screen of approvals reads it anew. */
async function readWaiting() {
  if (!session.open || desk.staff.role === "ANALYST") return;
  await readProposals();
}

async function readProgramme() {
  try {
    desk.programme = (await session.askPublic(PROGRAMME)).programme;
    desk.trouble = null;
  } catch (error) {
    desk.trouble = say(error);
    setTimeout(readProgramme, AGAIN_MS);
  }
  if (isStarted) draw();
}

/* Somebody signs in or out, here or on another tab. */
function followSession() {
  let { signIn } = session.tokens ?? {};
  session.addEventListener("change", () => {
    const before = signIn;
    ({ signIn } = session.tokens ?? {});
    if (signIn === before) return;
    desk.search = null;
    desk.waiting = null;
    if (signIn) {
      show(landing);
      readWaiting().catch(() => {});
    } else {
      document.querySelector("dialog[open]")?.close();
      landing = { screen: "", thing: "", filters: "" };
      show(landing);
    }
  });
}

async function start() {
  await speak(
    ["en", "pt", "pl"],
    async (tag) => (await import(`/console/words/${tag}.js`)).default,
    prefer("language"),
  );
  followTestClock(session);
  if (!isSecureContext) {
    place.replaceChildren();
    return render(html`<${Notice} kind="bad" icon="lock" text=${t("insecure")} />`, place);
  }
  onGo(show);
  onWaiting(drawBar);
  followSession();
  onBack(
    () => session.open && shown.page.name !== pageFor(desk.staff.role).name,
    () => go(""),
  );
  await readProgramme();
  // Until now the page's own opening stood there.
  place.replaceChildren();
  show(landing);
  readWaiting().catch(() => {});
}

start();
