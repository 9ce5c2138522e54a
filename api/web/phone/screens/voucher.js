/* A voucher held up to a cashier: its code large on a light card, the screen kept awake, and "used" the
   moment it is. */

import { openDialog } from "/shared/back.js";
import { busy, fill, h, icon } from "/shared/dom.js";
import { ending, instant } from "/shared/format.js";
import { newKey } from "/shared/graphql.js";
import { picture as drawCode } from "/shared/qr.js";
import { t } from "/shared/words.js";
import { ask, onChange, phone, readHome } from "../phone.js";
import { CANCEL } from "../queries.js";
import { notice, picture, say, worth } from "./parts.js";

/* A socket may be dead without knowing it, as in a lift or between two masts: while a voucher is held up,
   look as well. */
const LOOK_MS = 8000;
let open = null;

/** Show one voucher over everything else. */
export function openVoucher(voucher) {
  const dialog = h("dialog.held", { "aria-label": voucher.title });
  const stopAwake = keepAwake();
  const stopWatching = onChange(() => {
    const now = phone.me?.vouchers.find((each) => each.id === open?.voucher.id);
    if (now) voucherShown(now);
  });
  const look = setInterval(() => {
    if (!document.hidden && open?.voucher.voucherState === "ISSUED") readHome().catch(() => {});
  }, LOOK_MS);
  open = { voucher, dialog };
  draw();
  dialog.addEventListener("close", () => {
    open = null;
    clearInterval(look);
    stopAwake();
    stopWatching();
    dialog.remove();
  });
  openDialog(dialog);
  readHome().catch(() => {});
}

/** What became of a voucher: if it is the one held up, the page turns with it. */
export function voucherShown(voucher) {
  if (open?.voucher.id !== voucher.id || open.voucher.voucherState === voucher.voucherState) return;
  if (voucher.voucherState === "USED") navigator.vibrate?.([40, 40, 120]);
  open.voucher = { ...open.voucher, ...voucher, code: voucher.code ?? open.voucher.code };
  draw();
}

function draw() {
  const { voucher, dialog } = open;
  const zone = phone.programme?.timezone;
  const usable = voucher.voucherState === "ISSUED";
  const fault = h("div", { "aria-live": "assertive" });
  const news = dialog.querySelector(".newsarea");
  dialog.dataset.state = voucher.voucherState;
  fill(
    dialog,
    h("button.close", { "aria-label": t("close"), onclick: () => dialog.close() }, icon("close")),
    h(
      "div.sheetlet",
      {},
      h("h2", {}, voucher.title),
      worth(voucher.value) ? h("p.worth.num", {}, worth(voucher.value)) : null,
      usable && voucher.code
        ? [
            h(
              "div.lightcard",
              {},
              drawCode(voucher.code, t("voucher.qr")),
              h("p.code.spell", {}, spelled(voucher.code)),
            ),
            h("p", {}, t("voucher.hint")),
          ]
        : [
            h(
              "div.lightcard.over",
              {},
              picture(voucher.reward, 120),
              h(
                "p.state",
                { role: "status" },
                icon(voucher.voucherState === "USED" ? "check" : "clock"),
                t(`voucher.${voucher.voucherState}`),
              ),
              voucher.usedAt
                ? h(
                    "p",
                    {},
                    [instant(voucher.usedAt, zone), voucher.usedIn?.name].filter(Boolean).join(" · "),
                  )
                : null,
            ),
          ],
      usable && voucher.expiresAt
        ? h("p.small.quiet", {}, t("voucher.until", { day: ending(voucher.expiresAt, zone) }))
        : null,
      voucher.stores.length
        ? h(
            "p.small.quiet",
            {},
            t("voucher.stores", { stores: voucher.stores.map((store) => store.name).join(", ") }),
          )
        : null,
      voucher.reward.terms ? h("p.small.quiet", {}, voucher.reward.terms) : null,
      fault,
      usable && voucher.cancellable
        ? h(
            "details.giveback",
            {},
            h("summary", {}, t("voucher.giveback")),
            h("p", {}, t("voucher.giveback.hint")),
            h(
              "button.button.wide",
              { onclick: (event) => busy(event.currentTarget, () => giveBack(fault)) },
              t("voucher.giveback.sure"),
            ),
          )
        : null,
    ),
    news,
  );
}

async function giveBack(fault) {
  fill(fault);
  open.key ??= newKey();
  try {
    const { cancelVoucher } = await ask(CANCEL, {
      input: { voucherId: open.voucher.id, idempotencyKey: open.key },
    });
    if (cancelVoucher.__typename === "VoucherGivenBack") voucherShown(cancelVoucher.voucher);
    else fill(fault, notice(cancelVoucher.message, "bad", "close"));
    readHome().catch(() => {});
  } catch (error) {
    fill(fault, notice(say(error), "bad", "cloud"));
  }
}

/* Five at a time, for a cashier who types it. */
function spelled(code) {
  return code.match(/.{1,5}/g).join(" ");
}

/** Keep the screen awake while something is held up, where the browser can; returns how to let it sleep
 * again. */
export function keepAwake() {
  let lock = null;
  let held = true;
  const take = async () => {
    if (!document.hidden) lock = await navigator.wakeLock?.request("screen").catch(() => null);
    // What is held up may be put down before the browser has answered.
    if (!held) lock?.release();
  };
  take();
  document.addEventListener("visibilitychange", take);
  return () => {
    held = false;
    document.removeEventListener("visibilitychange", take);
    lock?.release();
  };
}
