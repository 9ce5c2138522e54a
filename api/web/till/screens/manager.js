/* What a manager may do for a member, each with a reason that is kept: correct a balance, put a membership on
   hold, let it go on. */

import { toast } from "/shared/passing.js";
import { html } from "/shared/preact.js";
import { Correction, WithReason } from "/shared/reasoned.js";
import { openSheet } from "/shared/ui.js";
import { t } from "/shared/words.js";
import { ADJUST, ALLOWANCE, FREEZE, PROPOSE, UNFREEZE } from "../queries.js";
import { signal } from "../sounds.js";
import { ask, finish, note, say } from "./parts.js";

/** The buttons of a manager at a member; `again(customer)` shows the member as they stand after it. */
export function Managing({ customer, again }) {
  const isFrozen = customer.status === "FROZEN";
  const hold = t(isFrozen ? "unfreeze" : "freeze");
  return html`<div class="row wrap managing">
    <button
      class="button plain"
      type="button"
      onClick=${() => openSheet(t("adjust"), Adjusting, { customer })}
    >
      ${t("adjust")}
    </button>
    <button
      class="button plain"
      type="button"
      onClick=${() => openSheet(hold, Holding, { customer, isFrozen, again })}
    >
      ${hold}
    </button>
  </div>`;
}

const failed = () => signal("bad");

function Adjusting({ customer, close }) {
  const { wallets } = customer;
  const done = (wallet, amount, origin) => {
    note("ADJUSTMENT", wallet.name, { amount, currency: wallet.currency, name: customer.name });
    const totals = [{ wallet: wallet.code, amount }];
    finish(origin, { title: t("done.adjusted"), name: customer.name, totals, wallets });
  };
  return html`<${Correction}
    customer=${customer}
    adjust=${async (input) => (await ask(ADJUST, { input })).adjustBalance}
    propose=${async (input) => (await ask(PROPOSE, { input })).proposeCorrection}
    allowed=${async () => (await ask(ALLOWANCE)).correctionAllowance}
    done=${done}
    proposed=${() => toast(t("adjust.proposed"))}
    say=${say}
    failed=${failed}
    close=${close}
  />`;
}

/* On hold a membership earns and redeems nothing, until a manager lets it go on. */
function Holding({ customer, isFrozen, again, close }) {
  const title = t(isFrozen ? "unfreeze" : "freeze");
  const act = async (reason, idempotencyKey) => {
    const { answer } = await ask(isFrozen ? UNFREEZE : FREEZE, {
      input: { member: customer.id, reason, idempotencyKey },
    });
    if (!answer.customer) return answer.message;
    again(answer.customer);
    return "";
  };
  const hint = t(isFrozen ? "unfreeze.hint" : "freeze.hint");
  return html`<${WithReason} title=${title} about=${customer.name} hint=${hint} confirm=${title} act=${act} say=${say} failed=${failed} close=${close} />`;
}
