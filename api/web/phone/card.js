/* Where the card's code comes from: made here from the device's key where the server registers devices, asked
   of the server where not. */

import { makeCard, openSecret, STEP_SECONDS, stepAt } from "/shared/card.js";
import { ServerError } from "/shared/graphql.js";
import { isLasting } from "/shared/storage.js";
import { ask, database, installationId, session } from "./phone.js";
import { CARD, REGISTER } from "./queries.js";

/** Register this browser, so that it can make its own codes; a server without devices is no fault. One that
 * keeps nothing would be another device each time: for it the server makes the codes. */
export async function prepareCard() {
  if (!isLasting() || (await (await database).get("facts", "card"))) return;
  try {
    await registerBrowser();
  } catch (error) {
    if (!(error instanceof ServerError)) throw error;
  }
}

/* The registration that is under way: the server may list the device before this browser knows that it is its own. */
let registering = Promise.resolve();

/** Tell the server of this browser, and keep its new key: with a subscription it is pushed to, without one not. */
export function registerBrowser(subscription) {
  const done = register(subscription);
  registering = done.catch(() => {});
  return done;
}

async function register(subscription) {
  const push = subscription ? { token: subscription, tokenKind: "SUBSCRIPTION" } : {};
  const { registerDevice } = await ask(REGISTER, {
    input: { installationId: installationId(), platform: "WEB", ...push },
  });
  const own = await openSecret(registerDevice.cardSecret);
  if (!session.open) return;
  const db = await database;
  await db.put("facts", own, "card");
  await db.put("facts", registerDevice.device.id, "device");
}

/** The device that this browser is to the server, where it is one. */
export async function ownDevice() {
  await registering;
  return (await database).get("facts", "device");
}

/** Forget the key of a device that was taken away: from now on the server makes the codes. */
export async function forgetCard() {
  const db = await database;
  await db.remove("facts", "card");
  await db.remove("facts", "device");
}

/** Return {code, until} for now: `until` in milliseconds of this device's clock. */
export async function currentCard() {
  const own = await (await database).get("facts", "card");
  if (!own) {
    const { card } = (await ask(CARD, {})).viewer;
    return { code: card.code, until: Date.now() + Date.parse(card.expiresAt) - session.now() };
  }
  const now = session.now();
  const step = stepAt(now);
  return { code: await makeCard(own, step), until: Date.now() + (step + 1) * STEP_SECONDS * 1000 - now };
}
