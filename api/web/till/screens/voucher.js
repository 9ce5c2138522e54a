/* A voucher that cannot be used here: why, whose it is, and what there is to do about it. One that can be used
   lies in its member's basket. */

import { ending, instant } from "/shared/format.js";
import { html } from "/shared/preact.js";
import { Icon, mount } from "/shared/ui.js";
import { t } from "/shared/words.js";
import { Scanner } from "../scanner.js";
import { signal } from "../sounds.js";
import { go, session, till } from "../till.js";
import { worth } from "./parts.js";
import { Picture } from "./pieces.js";
import { undoSheet } from "./undo.js";

/* How long a manager may take a voucher's use back. */
export const REVERSIBLE_MS = 15 * 60_000;

export function voucherScreen(element, params) {
  signal("bad");
  const leave = mount(html`<${Refused} ...${params} />`, element);
  return () => {
    leave();
    Scanner.forget();
  };
}

function Refused({ voucher, customer, reason, takenBack = false }) {
  const zone = till.programme?.timezone;
  const { title, value, reward, stores, expiresAt, usedAt, voucherState } = voucher;
  const isReversible =
    voucherState === "USED" && till.manager && session.now() - Date.parse(usedAt) < REVERSIBLE_MS;
  return html`
    <div class="row">
      <button class="button round plain" aria-label=${t("back")} onClick=${() => go("scan")}>
        <${Icon} name="back" />
      </button>
    </div>
    <${Verdict} voucher=${voucher} reason=${reason} takenBack=${takenBack} />
    <div class="lift">
      <div class="stamp voucher">
        <${Picture} reward=${reward} size=${120} />
        <h1 tabindex="-1">${title}</h1>
        ${worth(value) && html`<p class="worth num">${worth(value)}</p>`}
        <p class="quiet">${reward.description}</p>
        <p><${Icon} name="person" /> ${customer.name}</p>
        ${
          expiresAt &&
          voucherState === "ISSUED" &&
          html`<p class="small quiet">${t("voucher.until", { day: ending(expiresAt, zone) })}</p>`
        }
        ${
          stores.length > 0 &&
          html`<p class="small quiet">
            ${t("voucher.stores", { stores: stores.map((store) => store.name).join(", ") })}
          </p>`
        }
        ${reward.terms && html`<p class="small quiet">${reward.terms}</p>`}
      </div>
    </div>
    ${
      customer.wallets &&
      html`<button class="button primary tall wide" onClick=${() => go("customer", { customer })}>
        ${t("voucher.without", { name: customer.name })}
      </button>`
    }
    ${
      isReversible &&
      html`<button class="button wide" onClick=${() => undoSheet({ vouchers: [voucher] })}>${t("undo")}</button>`
    }
  `;
}

/* What a cashier has to know before anything else: not, and why. */
function Verdict({ voucher: { voucherState, usedAt, usedIn }, reason, takenBack }) {
  const used = () =>
    t("voucher.used", {
      when: instant(usedAt, till.programme?.timezone),
      where: usedIn?.name ?? t("voucher.elsewhere"),
    });
  const why = takenBack
    ? t("voucher.takenBack.hint")
    : voucherState === "USED"
      ? used()
      : voucherState === "ISSUED"
        ? reason
        : null;
  return html`<p class="notice bad verdict" role="alert">
    <${Icon} name="close" />
    <span
      ><strong>${t(takenBack ? "voucher.takenBack" : `voucher.${voucherState}`)}</strong>
      ${why && html`<span class="because">${why}</span>`}</span
    >
  </p>`;
}
