/* The phone page's service worker: the shell opens without a network, since the card works without one
   too. */

importScripts("/shared/shell.js");

const SHARED = [
  "tokens.css",
  "base.css",
  "back.js",
  "attributes.js",
  "dom.js",
  "graphql.js",
  "words.js",
  "format.js",
  "storage.js",
  "clock.js",
  "shell.js",
  "stamps.js",
  "qr.js",
  "card.js",
  "selo.svg",
];
const OWN = [
  "phone.css",
  "app.js",
  "phone.js",
  "queries.js",
  "live.js",
  "news.js",
  "card.js",
  "manifest.webmanifest",
  "screens/welcome.js",
  "screens/home.js",
  "screens/rewards.js",
  "screens/voucher.js",
  "screens/badges.js",
  "screens/history.js",
  "screens/inbox.js",
  "screens/consents.js",
  "screens/own-data.js",
  "screens/contacts.js",
  "screens/me.js",
  "screens/card.js",
  "screens/codes.js",
  "screens/parts.js",
  "words/en.js",
  "words/pt.js",
  "words/pl.js",
];

self.keepShell("selo-phone-1", "/phone/", [
  "/phone/",
  ...SHARED.map((name) => `/shared/${name}`),
  ...OWN.map((name) => `/phone/${name}`),
]);
