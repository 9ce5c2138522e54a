/* What the whole till page knows: who is signed in where, the programme, the network, and how to get from
   screen to screen. */

import { Session } from "/shared/graphql.js";
import { keep, openDatabase, recall } from "/shared/storage.js";

export const session = new Session("selo-till");

/** The device's own database: purchases waiting to be sent, and what was done from here. */
export const database = openDatabase("selo-till", 1, {
  queue: { keyPath: "id", autoIncrement: true },
  log: { keyPath: "id", autoIncrement: true },
});

export const till = {
  online: navigator.onLine,
  /* Why the programme could not be read, in words. */
  trouble: null,
  get staff() {
    return session.tokens?.about.staff ?? null;
  },
  /** The public facts of the programme, remembered for a start without a network. */
  get programme() {
    return recall("selo-till-programme");
  },
  set programme(value) {
    keep("selo-till-programme", value);
  },
  /* Whether the screens are tried on a member who is nobody. */
  isTraining: false,
  get manager() {
    return this.staff !== null && this.staff.role !== "CASHIER";
  },
};

/** What the server says with the page itself: whose till it is. */
export const hints = document.documentElement.dataset;

/** What the programme is called to people: by its brand where it has one. */
export function programmeName() {
  return hints.name ?? till.programme?.name ?? "Selo";
}

/** What this device prefers: language, store, sounds, camera. */
export function prefer(key, value) {
  if (value !== undefined) keep(`selo-till-${key}`, value);
  return recall(`selo-till-${key}`);
}

const bus = new EventTarget();

export function go(screen, params = {}) {
  bus.dispatchEvent(new CustomEvent("go", { detail: { screen, params } }));
}

export function onGo(act) {
  bus.addEventListener("go", (event) => act(event.detail));
}

/** Say that the network was seen to work or not; the browser's own word for it is only a hint. */
export function network(works) {
  if (till.online === works) return;
  till.online = works;
  bus.dispatchEvent(new Event("network"));
}

export function onNetwork(act) {
  bus.addEventListener("network", act);
}
