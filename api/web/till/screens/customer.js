/* One basket: a member stands here, by their card, a voucher of theirs, or a number. Amount, vouchers, payment and
   what is earned are on one screen, and one button records it. Without a network the sale alone is kept on the
   device; with an old one given as `row`, that one is mended. */

import { money } from "/shared/format.js";
import { html, useEffect, useLayoutEffect, useReducer, useRef } from "/shared/preact.js";
import { Field, Icon, mount, Notice } from "/shared/ui.js";
import { t } from "/shared/words.js";
import { Basket } from "../basket.js";
import { dropDraft, keepDraft } from "../drafts.js";
import { takeScans } from "../keys.js";
import { Scanner } from "../scanner.js";
import { settle } from "../settling.js";
import { go, till } from "../till.js";
import { Amount, Articles } from "./amount.js";
import { Attributes } from "./attributes.js";
import { Rewards, Vouchers } from "./bringing.js";
import { Collecting } from "./collecting.js";
import { Face, Stranger } from "./face.js";
import { Managing } from "./manager.js";
import { Paying, PayOffline } from "./payment.js";
import { Reasons } from "./pieces.js";
import { Earns, gain, QuoteLines } from "./quote.js";
import { scanInto } from "./scanned-into.js";

export function customerScreen(element, params) {
  const basket = params.basket ?? new Basket(params);
  dropDraft();
  const leave = mount(html`<${Customer} basket=${basket} params=${params} />`, element);
  const dontTake = takeScans((text, field) => scanInto(basket, text, field));
  if (params.basket || params.row || params.scanned) basket.typed();
  basket.watchVisit();
  return () => {
    dontTake();
    basket.close();
    leave();
    const { isDone, isBusy, total, row } = basket;
    if (total.trim() && !isDone && !isBusy && !row) keepDraft(basket, params);
    Scanner.forget();
  };
}

function Customer({ basket, params }) {
  const [, draw] = useReducer((count) => count + 1, 0);
  useLayoutEffect(() => {
    basket.addEventListener("change", draw);
    return () => basket.removeEventListener("change", draw);
  }, [basket]);
  const { customer, member, row } = basket;
  const isFrozen = customer?.status === "FROZEN";
  const place = useRef(null);
  const again = (now) => place.current?.isConnected && go("customer", { ...params, customer: now });
  const back = html`<button class="button round plain back" type="button" aria-label=${t("back")} onClick=${() => go("scan")}>
    <${Icon} name="back" />
  </button>`;
  return html`
    ${
      customer
        ? html`<${Face} customer=${customer} back=${back} />`
        : html`<${Stranger} member=${member} row=${row} back=${back} />`
    }
    ${
      isFrozen
        ? html`<${Notice} kind="bad" icon="lock" text=${t("customer.frozen")} />`
        : html`<${Buying} basket=${basket} />`
    }
    ${
      customer &&
      !isFrozen &&
      html`<${Collecting} badges=${customer.badges} /><${Rewards} basket=${basket} />`
    }
    ${
      customer &&
      till.manager &&
      html`<div class="managed" ref=${place}><${Managing} customer=${customer} again=${again} /></div>`
    }
    ${customer?.attributes?.length > 0 && html`<${Attributes} customer=${customer} />`}
  `;
}

function Buying({ basket }) {
  const { quote, quoteState, quoteFault, row, customer } = basket;
  return html`<form
    class="card stack buying"
    ref=${(form) => {
      if (form) basket.element = form;
    }}
    onSubmit=${(event) => {
      event.preventDefault();
      settle(basket);
    }}
  >
    <h2 class="unseen">${t("purchase.title")}</h2>
    ${
      row &&
      html`<${Field}
        label=${t("purchase.member")}
        hint=${basket.member.number ? "" : t("purchase.member.hint")}
        name="member"
        inputmode="numeric"
        value=${basket.number}
        onInput=${(event) => basket.set("number", event.target.value)}
      />`
    }
    <${Amount} basket=${basket} />
    <${Vouchers} basket=${basket} />
    <div class="paying"><${Paying} basket=${basket} /></div>
    <${Articles} basket=${basket} />
    <div class="quote" aria-live="polite">
      ${
        quoteState === "fault"
          ? html`<${Notice} kind="bad" icon="cloud" text=${quoteFault} />`
          : quoteState === "offline" && !row
            ? html`<${Notice} kind=${customer ? "bad" : ""} icon="cloud" text=${t("quote.offline")} /><${PayOffline} />`
            : quote && quoteState !== "none" && html`<${QuoteLines} basket=${basket} />`
      }
    </div>
    ${
      quote &&
      quoteState !== "none" &&
      html`<div class="stack tight why-box">
        <h3 class="unseen">${t("quote.why")}</h3>
        <${Reasons} all=${quote.explanation} wallets=${customer.wallets} />
      </div>`
    }
    <div aria-live="assertive"><${Notice} kind="bad" icon="close" text=${basket.message} /></div>
    <${Dock} basket=${basket} />
  </form>`;
}

/* What is to pay and what is earned, and the button: always in sight, and nothing lies beneath it. */
function Dock({ basket }) {
  const { quote, quoteState, customer, due, currency, isVoucherAlone, isBusy } = basket;
  const dock = useRef(null);
  useEffect(() => {
    const watcher = new ResizeObserver(([{ target }]) =>
      document.body.style.setProperty("--dock", `${target.getBoundingClientRect().height}px`),
    );
    watcher.observe(dock.current);
    return () => watcher.disconnect();
  }, []);
  const isQuoted = quote && quoteState !== "none" && !isVoucherAlone;
  const earns = isQuoted && gain(quote, customer.wallets);
  return html`<div class="dock" ref=${dock}>
    <div class="sums">
      ${
        due !== null &&
        html`<p class="due">
          <span>${t("pay.left")}</span> <strong class="num">${money(due, currency)}</strong>
        </p>`
      }
      ${isQuoted && html`<${Earns} quote=${quote} customer=${customer} />`}
    </div>
    <button
      class=${`button tall wide record ${isVoucherAlone ? "good" : "primary"}`}
      disabled=${!basket.isReady}
      aria-busy=${isBusy ? "true" : undefined}
    >
      ${isVoucherAlone && html`<${Icon} name="check" />`}
      <span>${t(isVoucherAlone ? "voucher.accept" : "purchase.confirm")}</span>
      ${earns && html`<span class="gained num">${earns}</span>`}
    </button>
  </div>`;
}
