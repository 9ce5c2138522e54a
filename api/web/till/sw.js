/* The till's service worker: the shell opens without a network, and so does the decoder once it was
   fetched. */

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
  "selo.svg",
];
const OWN = [
  "till.css",
  "app.js",
  "till.js",
  "queries.js",
  "queue.js",
  "scanner.js",
  "scanner-worker.js",
  "sounds.js",
  "codes.js",
  "keys.js",
  "manifest.webmanifest",
  "screens/sign-in.js",
  "screens/second-factor.js",
  "screens/scan.js",
  "screens/attributes.js",
  "screens/collecting.js",
  "screens/customer.js",
  "screens/purchase.js",
  "screens/quote.js",
  "screens/payment.js",
  "screens/success.js",
  "screens/voucher.js",
  "screens/refund.js",
  "screens/shift.js",
  "screens/manager.js",
  "screens/parts.js",
  "words/en.js",
  "words/pt.js",
  "words/pl.js",
];

self.keepShell(
  "selo-till-1",
  "/till/",
  ["/till/", ...SHARED.map((name) => `/shared/${name}`), ...OWN.map((name) => `/till/${name}`)],
  ["/vendor/zxing-reader-3.1.4.js", "/vendor/zxing-reader-3.1.4.wasm"],
);
