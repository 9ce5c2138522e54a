/* What the page keeps on the device. Where the browser refuses that, or has no room left, the page works on
   from memory, until it is closed, and can say so. */

const memory = new Map();
const bus = new EventTarget();
let isRefused = false;

/** Whether what is kept outlives the page: false once the browser refused to keep something. */
export function isLasting() {
  return !isRefused;
}

/** Told once, when the browser refuses to keep something for the first time. */
export function onRefused(act) {
  bus.addEventListener("refused", act, { once: true });
}

function refuse(error) {
  if (isRefused) return;
  isRefused = true;
  console.warn(`The browser keeps nothing for this page: ${error}`);
  bus.dispatchEvent(new Event("refused"));
}

/* ---------------------------------------------------------------- small values, shared by all open tabs */
/** Return what was kept under a key, null where there is nothing, or nothing that can be read. */
export function recall(key) {
  try {
    return JSON.parse(memory.get(key) ?? localStorage.getItem(key));
  } catch (error) {
    if (!(error instanceof SyntaxError)) refuse(error);
    return null;
  }
}

/** Keep a value under a key. */
export function keep(key, value) {
  const text = JSON.stringify(value);
  try {
    localStorage.setItem(key, text);
    memory.delete(key);
  } catch (error) {
    memory.set(key, text);
    refuse(error);
  }
}

/** Forget what was kept under a key. */
export function forget(key) {
  memory.delete(key);
  try {
    localStorage.removeItem(key);
  } catch (error) {
    refuse(error);
  }
}

/* ---------------------------------------------------------------- one at a time */
const turns = new Map();

/** Do something while no other tab does the same. Tabs that share no storage have no locks either, and need
 * none: then only this page's own calls wait for each other. */
export async function alone(name, act) {
  let isBegun = false;
  const begin = () => {
    isBegun = true;
    return act();
  };
  try {
    return await navigator.locks.request(name, begin);
  } catch (error) {
    if (isBegun) throw error;
  }
  const turn = (turns.get(name) ?? Promise.resolve()).then(begin);
  turns.set(
    name,
    turn.catch(() => {}),
  );
  return turn;
}

/** Return the page's service worker container, null where the browser has or allows none. */
export function serviceWorkers() {
  try {
    return navigator.serviceWorker ?? null;
  } catch {
    return null;
  }
}

/* ---------------------------------------------------------------- larger things, in IndexedDB */
/** Open a database; `stores` maps each object store to its options, and `version` grows with them. What a
 * browser does not let us keep is kept in memory. */
export async function openDatabase(name, version, stores) {
  try {
    return new Database(await open(name, version, stores));
  } catch (error) {
    refuse(error);
    return new Database(null);
  }
}

function open(name, version, stores) {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, version);
    request.onupgradeneeded = () => {
      for (const [store, options] of Object.entries(stores))
        if (!request.result.objectStoreNames.contains(store))
          request.result.createObjectStore(store, options);
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/* IndexedDB in promises. A write is done when its transaction is; one that fails is kept in memory, over what
   the database has. */
class Database {
  #memory = new Map();
  #count = 0;

  constructor(db) {
    this.db = db;
    if (db) db.onversionchange = () => db.close();
  }

  async get(store, key) {
    const own = this.#own(store);
    return own.has(key) ? own.get(key) : this.#read(store, (s) => s.get(key));
  }

  async all(store) {
    const own = this.#own(store);
    const stored = (await this.#read(store, (s) => s.getAll())) ?? [];
    return [...stored.filter((value) => !own.has(value.id)), ...own.values()];
  }

  /** Keep a value and return its key: `key`, or the `id` within the value, made here where it has none. */
  async put(store, value, key) {
    const own = this.#own(store);
    try {
      const stored = await this.#run(store, "readwrite", (s) => s.put(value, key));
      own.delete(stored);
      return stored;
    } catch (error) {
      refuse(error);
      const made = key ?? value.id ?? `memory-${++this.#count}`;
      own.set(made, key === undefined ? { ...value, id: made } : value);
      return made;
    }
  }

  async remove(store, key) {
    this.#own(store).delete(key);
    await this.#write(store, (s) => s.delete(key));
  }

  async clear(store) {
    this.#own(store).clear();
    await this.#write(store, (s) => s.clear());
  }

  #own(store) {
    if (!this.#memory.has(store)) this.#memory.set(store, new Map());
    return this.#memory.get(store);
  }

  /* A database that can no longer be read, because its data was cleared under the page, holds nothing. */
  #read(store, act) {
    return this.#run(store, "readonly", act).catch(refuse);
  }

  #write(store, act) {
    return this.#run(store, "readwrite", act).catch(refuse);
  }

  async #run(store, mode, act) {
    if (!this.db) throw new Error("the browser has no database for this page");
    return new Promise((resolve, reject) => {
      // Strict: a purchase confirmed without a network must survive the tablet's battery.
      const transaction = this.db.transaction(store, mode, { durability: "strict" });
      const request = act(transaction.objectStore(store));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onerror = transaction.onabort = () => reject(transaction.error ?? request.error);
    });
  }
}
