/* Who stands here: name, tier and balance, in as little room as it takes. */

import { amount } from "/shared/format.js";
import { html } from "/shared/preact.js";
import { Notice } from "/shared/ui.js";
import { t } from "/shared/words.js";
import { till } from "../till.js";
import { expiry } from "./parts.js";
import { TierChip, TierWay } from "./pieces.js";

export function Face({ customer, back }) {
  const { name, number, tier, segments, wallets } = customer;
  return html`<div class="lift">
    <div class="stamp face">
      <div class="row who">
        ${back}<h1 class="grow" tabindex="-1">${name}</h1>
        <span class="marks"><${TierChip} tier=${tier} /><span class="small quiet code">${number}</span></span>
      </div>
      <ul class="wallets">
        ${wallets.map((wallet) => html`<${Balance} key=${wallet.code} wallet=${wallet} />`)}
      </ul>
      <${TierWay} tier=${tier} />
      ${
        till.manager &&
        segments?.length > 0 &&
        html`<ul class="chips" aria-label=${t("customer.segments")}>
          ${segments.map((segment) => html`<li class="chip">${segment.name}</li>`)}
        </ul>`
      }
    </div>
  </div>`;
}

function Balance({ wallet }) {
  const { available, pending, debt, name } = wallet;
  const more = [
    pending && t("wallet.pending", { amount: amount(pending, wallet) }),
    debt && t("wallet.debt", { amount: amount(debt, wallet) }),
  ].filter(Boolean);
  const lapses = expiry(wallet);
  return html`<li>
    <strong class="num">${amount(available, wallet)}</strong> <span>${name}</span>
    ${more.length > 0 && html`<small class="quiet">${more.join(" · ")}</small>`}
    ${lapses && html`<small class="quiet lapses">${lapses}</small>`}
  </li>`;
}

/** Somebody of whom nothing is known here: without a network, or on a purchase that is to be mended. */
export function Stranger({ member, row, back }) {
  return html`<div class="lift">
    <div class="stamp face">
      <div class="row who">
        ${back}<h1 class="grow" tabindex="-1">${member.name ?? t(row ? "customer.mend" : "customer.offline")}</h1>
      </div>
      <p class="code">${member.number ?? ""}</p>
      ${row?.problem && html`<${Notice} kind="bad" icon="close" text=${row.problem.message} />`}
      ${!row && html`<p class="quiet">${t("customer.offline.hint")}</p>`}
    </div>
  </div>`;
}
