/* What a scanned or typed code turns out to be. */

import { newKey } from "/shared/graphql.js";
import { t } from "/shared/words.js";
import { classify } from "./codes.js";
import { otherReading, rememberLayout } from "./keys.js";
import { FIND, SCAN } from "./queries.js";
import { ask, say } from "./screens/parts.js";
import { session, till } from "./till.js";

/** Return the `screen` that a code leads to with its `params`, or the `refusal` to tell. */
export async function meaning(raw) {
  const { kind, text } = classify(raw);
  if (kind === "voucher" && !till.online && !navigator.onLine) return { refusal: t("scan.voucher.offline") };
  if (kind === "contact" || kind === "number") return byContact(kind, text);
  // What could never be a code is no guess at one: nobody is asked.
  if (kind === "unknown") return { refusal: t("scan.nocode", { text: text.slice(0, 40) }) };
  try {
    const { scan } = await ask(SCAN, { input: { code: text, idempotencyKey: newKey() } });
    const other = otherReading(raw);
    const isKnown = scan.__typename !== "UnknownCode";
    if (other && !isKnown) {
      const answer = await meaning(other);
      if (answer.screen) rememberLayout("own");
      return answer;
    }
    if (other) rememberLayout("us");
    return scanned(scan, text);
  } catch (error) {
    if (kind !== "card" || error.constructor.name !== "NoNetwork") throw error;
    say(error);
    return {
      screen: "customer",
      params: { offline: { card: text, scannedAt: new Date(session.now()).toISOString() } },
    };
  }
}

/* A card and a voucher that can be used lead to the same basket; one that cannot says why. */
function scanned(scan, code) {
  if (scan.__typename === "CustomerScan") return { screen: "customer", params: scan };
  if (scan.__typename !== "VoucherScan") return { refusal: scan.message };
  const { voucher, customer, usable } = scan;
  if (!usable || customer.status === "FROZEN") return { screen: "voucher", params: { ...scan, code } };
  return { screen: "customer", params: { customer, scanned: { voucher, code } } };
}

async function byContact(kind, text) {
  try {
    const { findCustomer } = await ask(FIND, { contact: text });
    if (!findCustomer) return { refusal: t("scan.nobody"), nobody: text };
    return { screen: "customer", params: { customer: findCustomer } };
  } catch (error) {
    if (kind !== "number" || error.constructor.name !== "NoNetwork") throw error;
    say(error);
    return { screen: "customer", params: { offline: { number: text } } };
  }
}
