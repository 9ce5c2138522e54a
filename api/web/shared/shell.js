/* A page's shell on the device, so that it opens without a network: imported by each page's service worker.
   The kept shell answers at once and is renewed as a whole behind it, so that modules of two versions never
   mix. Nothing of /graphql is ever kept. */

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
    const { pathname, origin } = new URL(event.request.url);
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
