/* IndexedDB in promises: what must outlive the page. A write is done when its transaction is. */

/** Open a database; `stores` maps each object store to its options, and `version` grows with them. */
export function openDatabase(name, version, stores) {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, version);
    request.onupgradeneeded = () => {
      for (const [store, options] of Object.entries(stores))
        if (!request.result.objectStoreNames.contains(store))
          request.result.createObjectStore(store, options);
    };
    request.onsuccess = () => resolve(new Database(request.result));
    request.onerror = () => reject(request.error);
  });
}

class Database {
  constructor(db) {
    this.db = db;
    db.onversionchange = () => db.close();
  }

  get(store, key) {
    return this.#run(store, "readonly", (s) => s.get(key));
  }

  all(store) {
    return this.#run(store, "readonly", (s) => s.getAll());
  }

  put(store, value, key) {
    return this.#run(store, "readwrite", (s) => s.put(value, key));
  }

  remove(store, key) {
    return this.#run(store, "readwrite", (s) => s.delete(key));
  }

  clear(store) {
    return this.#run(store, "readwrite", (s) => s.clear());
  }

  #run(store, mode, act) {
    return new Promise((resolve, reject) => {
      // Strict: a purchase confirmed without a network must survive the tablet's battery.
      const transaction = this.db.transaction(store, mode, { durability: "strict" });
      const request = act(transaction.objectStore(store));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onerror = transaction.onabort = () => reject(transaction.error);
    });
  }
}
