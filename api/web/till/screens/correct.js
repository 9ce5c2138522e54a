/* The right amount for a receipt that was recorded with a wrong one: what it changes is said when it is done. */

import { money } from "/shared/format.js";
import { newKey } from "/shared/graphql.js";
import { html, useEffect, useRef, useState } from "/shared/preact.js";
import { parseMoney, plainMoney } from "/shared/typed-amounts.js";
import { Act, Field, Notice, openSheet } from "/shared/ui.js";
import { t } from "/shared/words.js";
import { CORRECT } from "../queries.js";
import { signal } from "../sounds.js";
import { ask, finish, note, say } from "./parts.js";

/** Correct a receipt: `undo` as the success screen and the rows of the shift have it. */
export function correctSheet(undo) {
  return openSheet(t("correct"), Correct, { undo });
}

function Correct({ undo, close }) {
  const { externalId, total, currency, name } = undo;
  const [typed, setTyped] = useState(plainMoney(total, currency));
  const [fault, setFault] = useState("");
  const [isLeft, setLeft] = useState(false);
  const key = useRef({ value: newKey(), total });
  const box = useRef(null);
  const right = parseMoney(typed, currency);
  useEffect(() => {
    const input = box.current.querySelector("input");
    input.focus();
    input.select();
  }, []);

  async function act() {
    setFault("");
    setLeft(true);
    if (right === null || right === total) return undefined;
    if (key.current.total !== right) key.current = { value: newKey(), total: right };
    try {
      const { correctPurchase: answer } = await ask(CORRECT, {
        input: { externalId, total: right, reason: t("correct.reason"), idempotencyKey: key.current.value },
      });
      if (answer.__typename !== "PurchaseCorrected") {
        signal("bad");
        return setFault(answer.message);
      }
      const difference = right - total;
      note("PURCHASE_CORRECTED", externalId, { amount: right, currency, name });
      finish(box.current, {
        title: t("corrected"),
        name: [name, t("corrected.to", { was: money(total, currency), now: money(right, currency) })]
          .filter(Boolean)
          .join(" · "),
        back: [
          t(difference > 0 ? "corrected.more" : "corrected.less", {
            amount: money(Math.abs(difference), currency),
          }),
        ],
        totals: answer.totals,
        wallets: answer.wallets,
        undo: { ...undo, total: right },
      });
      return close();
    } catch (error) {
      signal("bad");
      return setFault(say(error));
    }
  }

  return html`<form
    class="stack"
    ref=${box}
    onSubmit=${(event) => {
      event.preventDefault();
      box.current.querySelector(".primary").click();
    }}
  >
    <h2>${t("correct")}</h2>
    <p>${[name, externalId].filter(Boolean).join(" · ")}</p>
    <${Field}
      label=${t("correct.amount", { currency })}
      name="amount"
      class="big"
      inputmode="decimal"
      fault=${isLeft && (right === null || right === total) ? t(right === null ? "purchase.total.bad" : "correct.same") : ""}
      value=${typed}
      onInput=${(event) => setTyped(event.target.value)}
    />
    <div aria-live="assertive"><${Notice} kind="bad" icon="close" text=${fault} /></div>
    <${Act} class="button primary tall wide" act=${act}>${t("correct.confirm")}<//>
  </form>`;
}
