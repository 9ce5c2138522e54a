/* The member's card: a code that renews itself every 30 seconds, held up so that purchases count. It never
   authorises spending. A voucher takes its place with one tap, and the sale shows on it as it lands. */

import { amount } from "/shared/format.js";
import { html, useEffect, useRef, useState } from "/shared/preact.js";
import { t } from "/shared/words.js";
import { currentCard } from "../card.js";
import { held } from "../dialogs.js";
import { say } from "../faults.js";
import { phone, programmeName } from "../phone.js";
import { addressOf } from "../route.js";
import { Icon, mayMove, Notice, useChange, useCount } from "../ui.js";
import { Code, useAwake, useVoucher, VoucherFace } from "./voucher.js";

const FLASH_MS = 1200;

export function showCard() {
  return held("member", t("card.title"), Card, { address: addressOf("card") });
}

/** What lies behind a member's card: their tier's, else the brand's. */
function artOf(me) {
  return me?.tier?.current.cardArt ?? phone.programme?.brand?.cardArt ?? null;
}

function Card() {
  useChange();
  useAwake();
  const { me } = phone;
  const [chosen, setChosen] = useState(null);
  const usable = me?.vouchers.filter((voucher) => voucher.voucherState === "ISSUED") ?? [];
  return html`<div class="sheetlet">
    <${Face} me=${me} />
    ${chosen ? html`<${InPlace} key=${chosen.id} voucher=${chosen} />` : html`<${MemberCode} key="code" />`}
    ${
      (usable.length > 0 || chosen) &&
      html`<div class="turns" role="group" aria-label=${t("home.vouchers")}>
        <button class="chip" aria-pressed=${String(!chosen)} onClick=${() => setChosen(null)}>
          <${Icon} name="card" />${t("tab.card")}
        </button>
        ${usable.map(
          (
            voucher,
          ) => html`<button class="chip" key=${voucher.id} aria-pressed=${String(chosen?.id === voucher.id)} onClick=${() => setChosen(voucher)}>
            <${Icon} name="gift" />${voucher.title}
          </button>`,
        )}
      </div>`
    }
  </div>`;
}

/* Who it is, at a glance; the balance counts up and the card lights up when a sale lands. */
function Face({ me }) {
  const [wallet] = me?.wallets ?? [];
  const total = wallet ? wallet.available + wallet.pending : 0;
  const shown = useCount(total);
  const before = useRef(total);
  const [isLit, setLit] = useState(false);
  useEffect(() => {
    const has = total !== before.current;
    before.current = total;
    if (!has) return;
    setLit(true);
    const timer = setTimeout(() => setLit(false), FLASH_MS);
    return () => clearTimeout(timer);
  }, [total]);
  const art = artOf(me);
  return html`<div class=${`face${isLit ? " lit" : ""}${art ? " art" : ""}`}>
    ${art && html`<img class="behind" src=${art} alt="" />`}
    <div class="facewords">
      <p class="small">${programmeName()}</p>
      <h2>${me?.name ?? t("card.title")}</h2>
      <p class="row wrap">
        ${me?.tier && html`<span class="chip">${me.tier.current.name}</span>`}
        ${wallet && html`<strong class="num balance">${amount(shown, wallet)} ${wallet.name}</strong>`}
      </p>
    </div>
  </div>`;
}

function InPlace({ voucher: given }) {
  const { voucher } = useVoucher(given);
  return html`<${VoucherFace} voucher=${voucher} />`;
}

function MemberCode() {
  const [code, setCode] = useState("");
  const [fault, setFault] = useState("");
  const life = useRef(null);
  useEffect(() => {
    let timer = null;
    let isOver = false;
    const renew = async () => {
      clearTimeout(timer);
      try {
        const { code: text, until } = await currentCard();
        if (isOver) return;
        const left = Math.max(1000, until - Date.now());
        setCode(text);
        setFault("");
        runDown(life.current, left);
        timer = setTimeout(renew, left);
      } catch (error) {
        if (isOver) return;
        setCode("");
        setFault(say(error));
        timer = setTimeout(renew, 3000);
      }
    };
    const looked = () => {
      if (!document.hidden) renew();
    };
    document.addEventListener("visibilitychange", looked);
    renew();
    return () => {
      isOver = true;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", looked);
    };
  }, []);
  return html`<div class="lightcard" data-code=${code}>
      ${code && html`<${Code} text=${code} label=${t("card.qr")} />`}
    </div>
    <div class="life" aria-hidden="true"><span ref=${life}></span></div>
    <p class="spell code">${phone.me?.number ?? ""}</p>
    <p>${t("card.hint")}</p>
    <div aria-live="polite">${fault && html`<${Notice} kind="bad" icon="cloud">${fault}<//>`}</div>`;
}

function runDown(element, left) {
  for (const animation of element.getAnimations()) animation.cancel();
  element.animate([{ transform: `scaleX(${Math.min(1, left / 30_000)})` }, { transform: "scaleX(0)" }], {
    duration: left,
    easing: mayMove() ? "linear" : "steps(6)",
  });
}
