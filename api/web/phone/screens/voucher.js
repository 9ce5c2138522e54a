/* A voucher held up to a cashier: its code large on a light card, the screen kept awake, and "used" the
   moment it is. */

import { ending, instant } from "/shared/format.js";
import { newKey } from "/shared/graphql.js";
import { html, useEffect, useRef, useState } from "/shared/preact.js";
import { t } from "/shared/words.js";
import { held } from "../dialogs.js";
import { say } from "../faults.js";
import { ask, onChange, phone, readHome } from "../phone.js";
import { CANCEL } from "../queries.js";
import { addressOf } from "../route.js";
import { Act, Icon, Notice, Picture } from "../ui.js";
import { drawCode } from "./later.js";
import { worth } from "./parts.js";

/* A socket may be dead without knowing it, as in a lift or between two masts: while a voucher is held up,
   look as well. */
const LOOK_MS = 8000;
const watching = new Set();

/** Show one voucher over everything else. */
export function openVoucher(voucher) {
  readHome().catch(() => {});
  return held("", voucher.title, Held, { voucher, address: addressOf("vouchers", voucher.id) });
}

/** What became of a voucher: whoever holds it up sees it turn. */
export function voucherShown(voucher) {
  for (const watch of watching) watch(voucher);
}

/** A voucher as it is by now, where it changes while it is looked at. */
export function useVoucher(given) {
  const [voucher, setVoucher] = useState(given);
  const last = useRef(given);
  const key = useRef(null);
  useEffect(() => {
    last.current = given;
    setVoucher(given);
    const turn = (now) => {
      if (now.id !== last.current.id || now.voucherState === last.current.voucherState) return;
      if (now.voucherState === "USED") navigator.vibrate?.([40, 40, 120]);
      last.current = { ...last.current, ...now, code: now.code ?? last.current.code };
      setVoucher(last.current);
    };
    watching.add(turn);
    const stopWatching = onChange(() => {
      const now = phone.me?.vouchers.find((each) => each.id === last.current.id);
      if (now) turn(now);
    });
    const look = setInterval(() => {
      if (!document.hidden && last.current.voucherState === "ISSUED") readHome().catch(() => {});
    }, LOOK_MS);
    return () => {
      watching.delete(turn);
      stopWatching();
      clearInterval(look);
    };
  }, [given.id]);
  return { voucher, key };
}

function Held({ voucher: given, dialog }) {
  const { voucher, key } = useVoucher(given);
  dialog.dataset.state = voucher.voucherState;
  useAwake();
  return html`<div class="sheetlet">
    <h2>${voucher.title}</h2>
    ${worth(voucher.value) && html`<p class="worth num">${worth(voucher.value)}</p>`}
    <${VoucherFace} voucher=${voucher} />
    <${GiveBack} voucher=${voucher} idempotencyKey=${key} />
  </div>`;
}

/** The code of a voucher that can be used, or what became of it, with where and how long it holds. */
export function VoucherFace({ voucher }) {
  const zone = phone.programme?.timezone;
  const usable = voucher.voucherState === "ISSUED";
  const { reward } = voucher;
  return html`${
    usable && voucher.code
      ? html`<div class="lightcard">
            <${Code} text=${voucher.code} label=${t("voucher.qr")} />
            <p class="code spell">${voucher.code.match(/.{1,5}/g).join(" ")}</p>
          </div>
          <p>${t("voucher.hint")}</p>`
      : html`<div class="lightcard over">
          <${Picture} image=${reward.image} kind=${reward.rewardKind} size=${120} />
          <p class="state" role="status">
            <${Icon} name=${voucher.voucherState === "USED" ? "check" : "clock"} />${t(`voucher.${voucher.voucherState}`)}
          </p>
          ${
            voucher.usedAt &&
            html`<p>${[instant(voucher.usedAt, zone), voucher.usedIn?.name].filter(Boolean).join(" · ")}</p>`
          }
        </div>`
  }
  ${
    usable &&
    voucher.expiresAt &&
    html`<p class="small quiet">${t("voucher.until", { day: ending(voucher.expiresAt, zone) })}</p>`
  }
  ${
    voucher.stores.length > 0 &&
    html`<p class="small quiet">
      ${t("voucher.stores", { stores: voucher.stores.map((store) => store.name).join(", ") })}
    </p>`
  }
  ${reward.terms && html`<p class="small quiet">${reward.terms}</p>`}`;
}

function GiveBack({ voucher, idempotencyKey }) {
  const [fault, setFault] = useState(null);
  const giveBack = async () => {
    setFault(null);
    idempotencyKey.current ??= newKey();
    try {
      const input = { voucherId: voucher.id, idempotencyKey: idempotencyKey.current };
      const { cancelVoucher } = await ask(CANCEL, { input });
      if (cancelVoucher.__typename === "VoucherGivenBack") voucherShown(cancelVoucher.voucher);
      else setFault({ text: cancelVoucher.message, icon: "close" });
      readHome().catch(() => {});
    } catch (error) {
      setFault({ text: say(error), icon: "cloud" });
    }
  };
  return html`<div aria-live="assertive">${fault && html`<${Notice} kind="bad" icon=${fault.icon}>${fault.text}<//>`}</div>
    ${
      voucher.voucherState === "ISSUED" &&
      voucher.cancellable &&
      html`<details class="giveback">
        <summary>${t("voucher.giveback")}</summary>
        <p>${t("voucher.giveback.hint")}</p>
        <${Act} class="button wide" act=${giveBack}>${t("voucher.giveback.sure")}<//>
      </details>`
    }`;
}

/** A text as a QR code. */
export function Code({ text, label }) {
  const place = useRef(null);
  useEffect(() => {
    let isOver = false;
    drawCode(text, label).then((code) => {
      if (!isOver) place.current?.replaceChildren(code);
    });
    return () => {
      isOver = true;
    };
  }, [text, label]);
  return html`<div class="qrplace" ref=${place}></div>`;
}

/** Keep the screen awake while something is held up, where the browser can. */
export function useAwake() {
  useEffect(keepAwake, []);
}

function keepAwake() {
  let lock = null;
  let isUp = true;
  const take = async () => {
    if (!document.hidden) lock = await navigator.wakeLock?.request("screen").catch(() => null);
    // What is held up may be put down before the browser has answered.
    if (!isUp) lock?.release();
  };
  take();
  document.addEventListener("visibilitychange", take);
  return () => {
    isUp = false;
    document.removeEventListener("visibilitychange", take);
    lock?.release();
  };
}
