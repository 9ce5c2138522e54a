/* The phone page's service worker: the shell opens without a network, since the card works without one
   too, and what is pushed is shown. The page's modules come joined: these are the files that it asks for. */

importScripts("/shared/shell.js");

const SHARED = ["shell.js", "qr.js", "selo.svg"];
const VENDOR = ["uqr-0.1.3.js"];
const OWN = [
  "phone.css",
  "brand.css",
  "app.js",
  "manifest.webmanifest",
  "club/club.js",
  "screens/inbox.js",
  "screens/leaving.js",
  "screens/me.js",
  "screens/terms.js",
  "screens/welcome.js",
  "moments.js",
  "push.js",
  "icon.svg",
  "words/en.js",
  "words/pt.js",
  "words/pl.js",
  "club/words/en.js",
  "club/words/pt.js",
  "club/words/pl.js",
];
const SHELL = "selo-phone-1";
const MANIFEST = "/phone/manifest.webmanifest";
const INBOX = "/phone/inbox";
const PLACES = ["home", "rewards", "badges", "history", "inbox", "me"];

self.keepShell(SHELL, "/phone/", [
  "/phone/",
  ...SHARED.map((name) => `/shared/${name}`),
  ...VENDOR.map((name) => `/vendor/${name}`),
  ...OWN.map((name) => `/phone/${name}`),
]);

/* Whose notification it is: the first icon of the manifest that any system draws. */
async function icon() {
  try {
    const { icons } = await (await (await caches.open(SHELL)).match(MANIFEST)).json();
    return icons.find(({ type }) => type === "image/png")?.src;
  } catch {
    return undefined;
  }
}

async function show({ title, body, tag, silent, link, badge, message, tap }) {
  if (badge > 0) await self.navigator.setAppBadge?.(badge).catch(() => {});
  await self.registration.showNotification(title, {
    body,
    tag,
    silent: Boolean(silent),
    icon: await icon(),
    data: { link, message: message ?? tap },
  });
}

self.addEventListener("push", (event) => {
  if (event.data) event.waitUntil(show(event.data.json()));
});

/* A link of the programme's own app, such as app://rewards/discount-5, leads to the same place here; one that
   this page does not have, to the inbox. */
function addressOf(link) {
  const [, place, thing = ""] = link?.match(/^app:\/\/([\w-]+)(\/[\w-]+)?/) ?? [];
  const own = PLACES.includes(place) ? `/phone/${place}${thing}` : INBOX;
  return new URL(place ? own : link || INBOX, self.location.origin);
}

/* Ours opens in the page that is open already; another's, and anything else, in a page of its own. */
async function open({ link, message } = {}) {
  const address = addressOf(link);
  if (!["https:", "http:"].includes(address.protocol)) return;
  const isOurs = address.origin === self.location.origin && address.pathname.startsWith("/phone/");
  // The page tells the server which message was tapped: it has the session, this worker has none.
  if (isOurs && message) address.searchParams.set("m", message);
  const [page] = isOurs ? await self.clients.matchAll({ type: "window" }) : [];
  if (!page) {
    await self.clients.openWindow(address.href);
    return;
  }
  await ((await page.navigate(address.href)) ?? page).focus();
}

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open(event.notification.data));
});
