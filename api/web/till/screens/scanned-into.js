/* What is scanned while a basket stands: a voucher is laid into it, the member's card shows that they are here,
   anything else is the receipt's number. */

import { NoNetwork } from "/shared/graphql.js";
import { toast } from "/shared/passing.js";
import { t } from "/shared/words.js";
import { classify } from "../codes.js";
import { meaning } from "../lookup.js";
import { signal } from "../sounds.js";
import { go } from "../till.js";
import { say } from "./parts.js";

const AMOUNT = /^\d{1,9}([.,]\d{1,3})?$/;

/** Take a scan that was typed into a field of a basket's screen; returns whether it was one for the basket. */
export function scanInto(basket, text, field) {
  if (document.querySelector("dialog[open]")) return false;
  const { kind } = classify(text);
  const isOurs = kind === "card" || kind === "voucher";
  if (field.name === "receipt") {
    if (isOurs) lookUp(basket, text);
    return isOurs;
  }
  if (field.name !== "total") return false;
  if (isOurs || kind === "number") lookUp(basket, text);
  else if (AMOUNT.test(text) && text.length < 7) return false;
  else basket.set("receipt", text.slice(0, 100));
  signal("seen");
  return true;
}

async function lookUp(basket, text) {
  try {
    const { refusal, screen, params } = await meaning(text);
    if (!basket.element?.isConnected || basket.isBusy) return;
    if (refusal) {
      signal("bad");
      basket.message = refusal;
      basket.changed();
    } else if (screen === "customer" && params.customer && params.customer.id === basket.customer?.id)
      join(basket, params);
    else go(screen, params);
  } catch (error) {
    signal("bad");
    toast(error instanceof NoNetwork ? t("fault.network") : say(error), "bad");
  }
}

function join(basket, { scanned, ...arrival }) {
  if (scanned) basket.addVoucher(scanned);
  else if (arrival.visit) basket.arrived(arrival);
}
