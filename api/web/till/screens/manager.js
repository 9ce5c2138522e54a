/* What a manager may do for a member, each with a reason that is kept: correct a balance, put a membership on
   hold, let it go on. */

import { busy, field, fill, h, sheet } from "/shared/dom.js";
import { parseMoney } from "/shared/format.js";
import { newKey } from "/shared/graphql.js";
import { t } from "/shared/words.js";
import { ADJUST, FREEZE, UNFREEZE } from "../queries.js";
import { ask, fail, finish, note, say, walletOf } from "./parts.js";

/** The buttons of a manager at a member; `again(customer)` shows the member as they stand after it. */
export function managing(customer, again) {
  const frozen = customer.status === "FROZEN";
  return h(
    "div.row.wrap.managing",
    {},
    h("button.button.plain", { onclick: () => adjust(customer) }, t("adjust")),
    h(
      "button.button.plain",
      { onclick: () => hold(customer, frozen, again) },
      t(frozen ? "unfreeze" : "freeze"),
    ),
  );
}

/* A sheet with a reason beneath what is asked for; `act(reason, key)` returns the `problem` that stands in the
   way, or how to `show` what was done: told the sheet's button, by which is known whether it still stands. */
function withReason(title, customer, asked, confirm, act) {
  const key = { value: newKey() };
  return sheet(title, t("close"), (close) => {
    const reasonField = field(
      t("adjust.reason"),
      h("input", { name: "reason", autocomplete: "off", maxlength: 100 }),
    );
    const fault = h("div", { "aria-live": "assertive" });
    const button = h("button.button.primary.tall.wide", {}, confirm);
    const submit = (event) => {
      event.preventDefault();
      const reason = reasonField.input.value.trim();
      const ready = asked.map((each) => each.check()).every(Boolean);
      reasonField.fault(reason ? "" : t("adjust.reason.bad"));
      if (!ready || !reason) return;
      fill(fault);
      busy(button, async () => {
        try {
          const { problem, show } = await act(reason, key.value);
          if (problem) return fail(fault, problem);
          show(button);
          return close();
        } catch (error) {
          return fail(fault, say(error), "cloud");
        }
      });
    };
    return h(
      "form.stack",
      {
        onsubmit: submit,
        oninput: () => {
          key.value = newKey();
        },
      },
      h("h2", {}, title),
      h("p", {}, customer.name),
      asked.map((each) => each.element),
      reasonField,
      fault,
      button,
    );
  });
}

function adjust(customer) {
  const wallet = h(
    "select",
    { name: "wallet" },
    customer.wallets.map((each) => h("option", { value: each.code }, each.name)),
  );
  const change = field(
    t("adjust.amount"),
    h("input", { name: "amount", inputmode: "text", autocomplete: "off" }),
    t("adjust.amount.hint"),
  );
  const typed = () => readSigned(change.input.value, walletOf(customer.wallets, wallet.value));
  const asked = [
    { element: field(t("adjust.wallet"), wallet), check: () => true },
    {
      element: change,
      check: () => {
        change.fault(typed() ? "" : t("adjust.amount.bad"));
        return Boolean(typed());
      },
    },
  ];
  return withReason(t("adjust"), customer, asked, t("adjust.confirm"), async (reason, idempotencyKey) => {
    const amount = typed();
    const { adjustBalance } = await ask(ADJUST, {
      input: { member: customer.id, wallet: wallet.value, amount, reason, idempotencyKey },
    });
    if (adjustBalance.__typename !== "BalanceAdjusted") return { problem: adjustBalance.message };
    const { name: subject, currency } = walletOf(customer.wallets, wallet.value);
    note("ADJUSTMENT", subject, { amount, currency, name: customer.name });
    const outcome = {
      title: t("done.adjusted"),
      name: customer.name,
      totals: [{ wallet: wallet.value, amount }],
      wallets: customer.wallets,
    };
    return { show: (origin) => finish(origin, outcome) };
  });
}

/* On hold a membership earns and redeems nothing, until a manager lets it go on. */
function hold(customer, frozen, again) {
  const [title, hint, asking] = frozen
    ? [t("unfreeze"), t("unfreeze.hint"), UNFREEZE]
    : [t("freeze"), t("freeze.hint"), FREEZE];
  const asked = [{ element: h("p.quiet", {}, hint), check: () => true }];
  return withReason(title, customer, asked, title, async (reason, idempotencyKey) => {
    const { answer } = await ask(asking, { input: { member: customer.id, reason, idempotencyKey } });
    return answer.customer ? { show: () => again(answer.customer) } : { problem: answer.message };
  });
}

function readSigned(text, wallet) {
  const [, sign, rest] = text.trim().match(/^([+\-\u2212]?)\s*(.*)$/);
  const value =
    wallet.walletKind === "MONEY"
      ? parseMoney(rest, wallet.currency)
      : /^\d{1,9}$/.test(rest)
        ? Number(rest)
        : null;
  return value && (sign === "" || sign === "+" ? value : -value);
}
