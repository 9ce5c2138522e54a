/* Where the card's code comes from: made here from the device's key where the server registers devices, asked of the server where not. */

import { STEP_SECONDS, makeCard, openSecret, stepAt } from "/shared/card.js";
import { ServerError } from "/shared/graphql.js";
import { ask, database, installationId, session } from "./phone.js";
import { CARD, REGISTER } from "./queries.js";

/** Register this browser, so that it can make its own codes; a server without devices is no fault. */
export async function prepareCard() {
  const db = await database;
  if (await db.get("facts", "card")) return;
  try {
    const { registerDevice } = await ask(REGISTER, { input: { installationId: installationId(), platform: "WEB" } });
    const own = await openSecret(registerDevice.cardSecret);
    if (session.open) await db.put("facts", own, "card");
  } catch (error) {
    if (!(error instanceof ServerError)) throw error;
  }
}

/** Return {code, until} for now: `until` in milliseconds of this device's clock. */
export async function currentCard() {
  const own = await (await database).get("facts", "card");
  if (!own) {
    const { me } = await ask(CARD, {});
    return { code: me.card.code, until: Date.now() + Date.parse(me.card.expiresAt) - session.now() };
  }
  const now = session.now();
  const step = stepAt(now);
  return { code: await makeCard(own, step), until: Date.now() + (step + 1) * STEP_SECONDS * 1000 - now };
}
