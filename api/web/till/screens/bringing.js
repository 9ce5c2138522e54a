/* What a member brings to a basket: their vouchers, each a switch, and the rewards that they could have now. */

import { amount, ending } from "/shared/format.js";
import { html } from "/shared/preact.js";
import { Icon } from "/shared/ui.js";
import { t } from "/shared/words.js";
import { till } from "../till.js";
import { walletOf, worth } from "./parts.js";
import { Picture } from "./pieces.js";
import { redeemHere } from "./redeem.js";

/** The vouchers that can be used here; one that was scanned is switched on. */
export function Vouchers({ basket }) {
  const { vouchers, chosen, isPresent, quoteState } = basket;
  if (!vouchers.length) return null;
  const needsCard = !isPresent && vouchers.some(({ id }) => !chosen.get(id));
  return html`<fieldset class="brings">
    <legend>${t("basket.vouchers")}</legend>
    ${vouchers.map((voucher) => html`<${VoucherSwitch} key=${voucher.id} basket=${basket} voucher=${voucher} />`)}
    ${quoteState === "offline" && chosen.size > 0 && html`<p class="hint">${t("basket.vouchers.offline")}</p>`}
    ${needsCard && html`<p class="hint">${t("basket.vouchers.card")}</p>`}
  </fieldset>`;
}

function VoucherSwitch({ basket, voucher }) {
  const { id, title, value, expiresAt, reward } = voucher;
  const isOn = basket.chosen.has(id);
  const isScanned = Boolean(basket.chosen.get(id));
  const fault = basket.voucherFaults.get(id);
  const details = [
    worth(value),
    expiresAt && t("voucher.until", { day: ending(expiresAt, till.programme?.timezone) }),
  ].filter(Boolean);
  return html`<label class=${`choice voucher ${isOn ? "on" : ""} ${isScanned ? "scanned" : ""}`}>
    <${Picture} reward=${reward} size=${44} />
    <span class="grow"
      ><strong>${title}</strong>${details.length > 0 && html`<small class="why">${details.join(" · ")}</small>`}
      ${isScanned && !fault && html`<span class="verdict good"><${Icon} name="check" />${t("voucher.usable")}</span>`}
      ${fault && html`<span class="verdict bad" role="alert"><${Icon} name="close" />${fault}</span>`}
    </span>
    <input
      type="checkbox"
      role="switch"
      name="voucher"
      checked=${isOn}
      disabled=${!isOn && !basket.isPresent}
      onChange=${(event) => basket.toggle(id, event.target.checked)}
    />
  </label>`;
}

/** The rewards that the member could have now, each led to by one tap. */
export function Rewards({ basket }) {
  const { customer } = basket;
  const list = customer.rewards.edges.map((edge) => edge.node.reward);
  if (!list.length) return null;
  return html`<section class="stack tight">
    <h2>${t("customer.redeemable")}</h2>
    <ul class="shelf">
      ${list.map(
        (reward) => html`<li key=${reward.id}>
          <${Picture} reward=${reward} size=${44} /><span class="grow"
            >${reward.title}
            ${reward.cost && html`<span class="figure num">${cost(reward.cost, customer.wallets)}</span>`}</span
          >
          <button
            class="button"
            type="button"
            aria-label=${t("redeem.of", { title: reward.title })}
            onClick=${() => redeemHere(basket, reward)}
          >
            ${t("redeem")}
          </button>
        </li>`,
      )}
    </ul>
    <p class="small quiet">${t("customer.redeemable.hint")}</p>
  </section>`;
}

/* What a reward costs: points with their wallet's name, since a programme may have several. */
function cost({ wallet: code, amount: value }, wallets) {
  const wallet = walletOf(wallets, code);
  return wallet?.walletKind === "MONEY"
    ? amount(value, wallet)
    : t("cost", { amount: amount(value, wallet), wallet: wallet?.name ?? code });
}
