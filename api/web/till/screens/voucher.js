/* A voucher was scanned: what it is worth, for whom, and one tap to accept it. Never without a network: the row alone decides. */

import { field, fill, h, icon, sheet } from "/shared/dom.js";
import { dayOf, instant } from "/shared/format.js";
import { newKey } from "/shared/graphql.js";
import { t } from "/shared/words.js";
import { REVERSE_VOUCHER, USE_VOUCHER } from "../queries.js";
import { Scanner } from "../scanner.js";
import { signal } from "../sounds.js";
import { go, till } from "../till.js";
import { ask, notice, note, picture, say, worth } from "./parts.js";

const UNDO_MS = 15 * 60_000;

export function voucherScreen(element, { voucher, customer, usable, reason, code }) {
  if (!usable) signal("bad");
  const zone = till.programme?.timezone;
  const used = voucher.voucherState === "USED";
  element.append(
    h("div.row", {}, h("button.button.round.plain", { "aria-label": t("back"), onclick: () => go("scan") }, icon("back"))),
    h("div.lift", {}, h("div.stamp.voucher", {},
      picture(voucher.reward, 120),
      h("h1", { tabindex: -1 }, voucher.title),
      worth(voucher.value) && h("p.worth.num", {}, worth(voucher.value)),
      h("p.quiet", {}, voucher.reward.description),
      h("p", {}, icon("person"), " ", customer.name),
      voucher.expiresAt && voucher.voucherState === "ISSUED" && h("p.small.quiet", {}, t("voucher.until", { day: dayOf(voucher.expiresAt, zone) })),
      voucher.stores.length ? h("p.small.quiet", {}, t("voucher.stores", { stores: voucher.stores.map((store) => store.name).join(", ") })) : null,
      voucher.reward.terms && h("p.small.quiet", {}, voucher.reward.terms))),
    usable ? notice(t("voucher.usable"), "good", "check") : notice(used ? usedText(voucher.usedAt, voucher.usedIn) : (reason ?? t(`voucher.${voucher.voucherState}`)), "bad", "close"),
    usable ? acceptForm(code) : "",
    used && till.manager && Date.now() - Date.parse(voucher.usedAt) < UNDO_MS ? h("button.button.wide", { onclick: () => undo(voucher) }, t("undo")) : "",
  );
  return () => Scanner.forget();
}

function usedText(at, store) {
  return t("voucher.used", { when: instant(at, till.programme?.timezone), where: store?.name ?? t("voucher.elsewhere") });
}

function acceptForm(code) {
  // One key for as long as this screen stands: pressed again after a cut, the same yes comes back.
  const idempotencyKey = newKey();
  const receipt = h("input", { name: "receipt", autocomplete: "off", autocapitalize: "characters", maxlength: 100 });
  const fault = h("div", { "aria-live": "assertive" });
  const button = h("button.button.good.tall.wide", { autofocus: true }, icon("check"), t("voucher.accept"));
  return h("form.stack", {
    onsubmit: async (event) => {
      event.preventDefault();
      button.disabled = true;
      fill(fault);
      try {
        const { useVoucher } = await ask(USE_VOUCHER, { input: { code, purchase: receipt.value.trim() || null, idempotencyKey } });
        if (useVoucher.__typename === "VoucherAccepted") {
          note("VOUCHER_USED", useVoucher.voucher.title, { name: useVoucher.customer.name, voucherId: useVoucher.voucher.id });
          go("success", { title: t("done.voucher"), name: `${useVoucher.voucher.title} · ${useVoucher.customer.name}`, subtitle: worth(useVoucher.voucher.value) });
          return Scanner.pass(code);
        }
        signal("bad");
        fill(fault, notice(useVoucher.usedAt ? usedText(useVoucher.usedAt, useVoucher.usedIn) : useVoucher.message, "bad", "close"));
      } catch (error) {
        signal("bad");
        fill(fault, notice(say(error), "bad", "cloud"));
        button.disabled = false;
      }
    },
  }, button, h("details", {}, h("summary", {}, t("voucher.receipt")), field(t("purchase.receipt"), receipt)), fault);
}

/** A voucher accepted by mistake, within 15 minutes, by a manager, with a reason. */
export function undo({ id, title }) {
  const idempotencyKey = newKey();
  return sheet(t("undo"), t("close"), (close) => {
    const reasonField = field(t("adjust.reason"), h("input", { name: "reason", autocomplete: "off", maxlength: 100 }));
    const fault = h("div", { "aria-live": "assertive" });
    return h("form.stack", {
      onsubmit: async (event) => {
        event.preventDefault();
        const reason = reasonField.input.value.trim();
        reasonField.fault(reason ? "" : t("adjust.reason.bad"));
        if (!reason) return;
        try {
          const { reverseVoucherUse } = await ask(REVERSE_VOUCHER, { input: { voucherId: id, reason, idempotencyKey } });
          if (reverseVoucherUse.__typename !== "VoucherUseReversed") return fill(fault, notice(reverseVoucherUse.message, "bad", "close"));
          note("VOUCHER_REVERSED", title, { voucherId: id });
          close();
          go("success", { title: t("done.undone"), name: title });
        } catch (error) {
          fill(fault, notice(say(error), "bad", "close"));
        }
      },
    }, h("h2", {}, t("undo")), h("p", {}, title), reasonField, fault, h("button.button.primary.tall.wide", {}, t("undo")));
  });
}
