/* A voucher was scanned: what it is worth, for whom, and one tap to accept it. Never without a network: the
   row alone decides. */

import { busy, field, fill, h, icon, sheet } from "/shared/dom.js";
import { ending, instant } from "/shared/format.js";
import { newKey } from "/shared/graphql.js";
import { t } from "/shared/words.js";
import { REVERSE_VOUCHER, USE_VOUCHER } from "../queries.js";
import { Scanner } from "../scanner.js";
import { signal } from "../sounds.js";
import { go, session, till } from "../till.js";
import { ask, fail, finish, note, picture, say, worth } from "./parts.js";

const UNDO_MS = 15 * 60_000;

export function voucherScreen(element, { voucher, customer, usable, reason, takenBack = false, code }) {
  if (!usable) signal("bad");
  const zone = till.programme?.timezone;
  const used = voucher.voucherState === "USED";
  element.append(
    h(
      "div.row",
      {},
      h("button.button.round.plain", { "aria-label": t("back"), onclick: () => go("scan") }, icon("back")),
    ),
    verdict(voucher, usable, reason, takenBack),
    h(
      "div.lift",
      {},
      h(
        "div.stamp.voucher",
        {},
        picture(voucher.reward, 120),
        h("h1", { tabindex: -1 }, voucher.title),
        worth(voucher.value) && h("p.worth.num", {}, worth(voucher.value)),
        h("p.quiet", {}, voucher.reward.description),
        h("p", {}, icon("person"), " ", customer.name),
        voucher.expiresAt &&
          voucher.voucherState === "ISSUED" &&
          h("p.small.quiet", {}, t("voucher.until", { day: ending(voucher.expiresAt, zone) })),
        voucher.stores.length
          ? h(
              "p.small.quiet",
              {},
              t("voucher.stores", { stores: voucher.stores.map((store) => store.name).join(", ") }),
            )
          : null,
        voucher.reward.terms && h("p.small.quiet", {}, voucher.reward.terms),
      ),
    ),
    usable ? acceptForm(voucher, customer, code) : "",
    used && till.manager && session.now() - Date.parse(voucher.usedAt) < UNDO_MS
      ? h("button.button.wide", { onclick: () => undo(voucher) }, t("undo"))
      : "",
  );
  return () => Scanner.forget();
}

/* What a cashier has to know before anything else: good, or not and why. */
function verdict({ voucherState, usedAt, usedIn }, usable, reason, takenBack) {
  if (takenBack)
    return h(
      "p.notice.bad.verdict",
      { role: "alert" },
      icon("close"),
      h(
        "span",
        {},
        h("strong", {}, t("voucher.takenBack")),
        h("span.because", {}, t("voucher.takenBack.hint")),
      ),
    );
  if (usable) return h("p.notice.good.verdict", {}, icon("check"), h("span", {}, t("voucher.usable")));
  const why = voucherState === "USED" ? usedText(usedAt, usedIn) : voucherState === "ISSUED" ? reason : null;
  return h(
    "p.notice.bad.verdict",
    { role: "alert" },
    icon("close"),
    h("span", {}, h("strong", {}, t(`voucher.${voucherState}`)), why && h("span.because", {}, why)),
  );
}

function usedText(at, store) {
  return t("voucher.used", {
    when: instant(at, till.programme?.timezone),
    where: store?.name ?? t("voucher.elsewhere"),
  });
}

function acceptForm(voucher, customer, code) {
  // One key for as long as this screen stands: pressed again after a cut, the same yes comes back.
  const idempotencyKey = newKey();
  const receipt = h("input", {
    name: "receipt",
    autocomplete: "off",
    autocapitalize: "characters",
    maxlength: 100,
  });
  const fault = h("div", { "aria-live": "assertive" });
  const button = h("button.button.good.tall.wide", { autofocus: true }, icon("check"), t("voucher.accept"));
  const accept = async () => {
    fill(fault);
    try {
      const { useVoucher } = await ask(USE_VOUCHER, {
        input: { code, purchase: receipt.value.trim() || null, idempotencyKey },
      });
      // The answer to a repeated press is the voucher as it is by now: a manager may have taken the use back
      // since.
      if (useVoucher.__typename === "VoucherAccepted" && useVoucher.voucher.voucherState !== "USED") {
        if (!fault.isConnected) return fail(fault, t("voucher.takenBack"));
        return go("voucher", {
          voucher: useVoucher.voucher,
          customer,
          usable: false,
          takenBack: useVoucher.voucher.voucherState === "ISSUED",
          code,
        });
      }
      if (useVoucher.__typename === "VoucherAccepted") {
        note("VOUCHER_USED", useVoucher.voucher.title, {
          name: useVoucher.customer.name,
          voucherId: useVoucher.voucher.id,
        });
        finish(fault, {
          title: t("done.voucher"),
          name: `${useVoucher.voucher.title} · ${useVoucher.customer.name}`,
          subtitle: worth(useVoucher.voucher.value),
        });
        return Scanner.pass(code);
      }
      // It was good a moment ago, and is no longer: the whole screen says so.
      if (!fault.isConnected) return fail(fault, useVoucher.message);
      const { message, voucherState = voucher.voucherState, usedAt = null, usedIn = null } = useVoucher;
      return go("voucher", {
        voucher: { ...voucher, voucherState, usedAt, usedIn },
        customer,
        usable: false,
        reason: message,
        code,
      });
    } catch (error) {
      return fail(fault, say(error), "cloud");
    }
  };
  return h(
    "form.stack",
    {
      onsubmit: (event) => {
        event.preventDefault();
        busy(button, accept);
      },
    },
    button,
    h("details", {}, h("summary", {}, t("voucher.receipt")), field(t("purchase.receipt"), receipt)),
    fault,
  );
}

/** A voucher accepted by mistake, within 15 minutes, by a manager, with a reason. */
export function undo({ id, title }) {
  const idempotencyKey = newKey();
  return sheet(t("undo"), t("close"), (close) => {
    const reasonField = field(
      t("adjust.reason"),
      h("input", { name: "reason", autocomplete: "off", maxlength: 100 }),
    );
    const fault = h("div", { "aria-live": "assertive" });
    const button = h("button.button.primary.tall.wide", {}, t("undo"));
    return h(
      "form.stack",
      {
        onsubmit: (event) => {
          event.preventDefault();
          const reason = reasonField.input.value.trim();
          reasonField.fault(reason ? "" : t("adjust.reason.bad"));
          if (reason) busy(button, () => takeBack(reason));
        },
      },
      h("h2", {}, t("undo")),
      h("p", {}, title),
      reasonField,
      fault,
      button,
    );

    async function takeBack(reason) {
      try {
        const { reverseVoucherUse } = await ask(REVERSE_VOUCHER, {
          input: { voucherId: id, reason, idempotencyKey },
        });
        if (reverseVoucherUse.__typename !== "VoucherUseReversed")
          return fail(fault, reverseVoucherUse.message);
        note("VOUCHER_REVERSED", title, { voucherId: id });
        finish(button, { title: t("done.undone"), name: title });
        return close();
      } catch (error) {
        return fail(fault, say(error));
      }
    }
  });
}
