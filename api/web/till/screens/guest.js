/* A guest: the sale waits under a code, which is printed or scanned from here, for whoever enters it first. */

import { money } from "/shared/format.js";
import { html, useRef, useState } from "/shared/preact.js";
import { t } from "/shared/words.js";
import { RECORD_GUEST } from "../queries.js";
import { signal } from "../sounds.js";
import { till } from "../till.js";
import { ask, finish, note, say } from "./parts.js";
import { SaleForm, useSale, waitingFigures } from "./waiting-sale.js";

/** Where somebody enters the code of a receipt on their own phone. */
export function claimAddress(code) {
  const address = new URL("/phone", location.href);
  address.search = new URLSearchParams({ store: till.staff.store.code, c: code });
  return address.href;
}

export function Guest({ close }) {
  const { currency } = till.programme;
  const [fault, setFault] = useState("");
  const sale = useSale();
  const box = useRef(null);

  async function act() {
    setFault("");
    sale.leave();
    if (sale.total === null || sale.total === undefined) return undefined;
    try {
      const { recordGuestPurchase: answer } = await ask(RECORD_GUEST, {
        input: { sale: sale.take(), idempotencyKey: sale.key() },
      });
      if (answer.__typename === "GuestPurchaseRecorded") return recorded(answer);
      signal("bad");
      return setFault(answer.message);
    } catch (error) {
      signal("bad");
      return setFault(say(error));
    }
  }

  function recorded({ code, sale: parked }) {
    note("PURCHASE", parked.externalId, { amount: parked.total, currency });
    finish(box.current, {
      title: t("guest.done"),
      name: money(parked.total, currency),
      subtitle: t("guest.done.hint"),
      receiptCode: { code, address: claimAddress(code) },
      ...waitingFigures(parked, currency),
    });
    return close();
  }

  return html`<${SaleForm}
    box=${box}
    sale=${sale}
    fault=${fault}
    act=${act}
    button=${t("guest.make")}
    hint=${t("guest.hint")}
    isNeeded
  />`;
}
