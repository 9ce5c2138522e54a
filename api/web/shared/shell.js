/* A page's shell on the device, so that it opens without a network: imported by each page's service worker.
   The kept shell answers at once and is renewed as a whole behind it, so that modules of two versions never
   mix. Pictures are kept as they are shown. Nothing of /graphql is ever kept. */

/* What a page showed stays to be seen without a network, up to so many pictures: the oldest go first. */
const PICTURES = "selo-pictures-1";
const MOST_PICTURES = 80;
/* Names that hold a hash of their content never mean another. */
const LASTING = "/pictures/";

const isPicture = ({ pathname, origin }) =>
  origin === self.location.origin && [LASTING, "/media/"].some((folder) => pathname.startsWith(folder));

async function keepPicture(cache, request, answer) {
  await cache.put(request, answer);
  const all = await cache.keys();
  await Promise.all(all.slice(0, Math.max(0, all.length - MOST_PICTURES)).map((each) => cache.delete(each)));
}

async function answerPicture(event) {
  const cache = await caches.open(PICTURES).catch(() => null);
  const kept = await cache?.match(event.request).catch(() => null);
  const { pathname } = new URL(event.request.url);
  if (kept && pathname.startsWith(LASTING)) return kept;
  try {
    const answer = await fetch(event.request);
    if (answer.ok && cache)
      event.waitUntil(keepPicture(cache, event.request, answer.clone()).catch(() => {}));
    return answer;
  } catch (error) {
    if (kept) return kept;
    throw error;
  }
}

/** Serve `files` from the cache called `name`; `later` are large ones fetched after the page works. */
self.keepShell = function keepShell(name, page, files, later = []) {
  const renew = async (paths) => {
    const answers = await Promise.all(paths.map((path) => fetch(path, { cache: "no-cache" })));
    if (answers.some((answer) => !answer.ok)) throw new Error("the shell is incomplete");
    const cache = await caches.open(name);
    await Promise.all(answers.map((answer, i) => cache.put(paths[i], answer)));
  };

  self.addEventListener("install", (event) => {
    self.skipWaiting();
    event.waitUntil(renew(files));
  });

  self.addEventListener("activate", (event) => {
    event.waitUntil(self.clients.claim());
  });

  self.addEventListener("fetch", (event) => {
    const address = new URL(event.request.url);
    if (event.request.method === "GET" && isPicture(address)) return event.respondWith(answerPicture(event));
    const { pathname, origin } = address;
    if (origin !== self.location.origin || event.request.method !== "GET") return;
    const path = event.request.mode === "navigate" && pathname.startsWith(page) ? page : pathname;
    if (![...files, ...later].includes(path)) return;
    const answerRequest = async () => {
      // A browser that took its storage away has no caches: then the page comes from the server.
      const cache = await caches.open(name).catch(() => null);
      const kept = await cache?.match(path).catch(() => null);
      if (event.request.mode === "navigate") event.waitUntil(renew(files).catch(() => {}));
      if (kept) return kept;
      const answer = await fetch(event.request);
      if (answer.ok && cache) event.waitUntil(cache.put(path, answer.clone()).catch(() => {}));
      return answer;
    };
    event.respondWith(answerRequest());
  });

  self.addEventListener("message", (event) => {
    if (event.data === "keep-later")
      event.waitUntil(
        caches
          .open(name)
          .then((cache) => cache.match(later[0]))
          .then((kept) => kept || renew(later))
          .catch(() => {}),
      );
  });
};
