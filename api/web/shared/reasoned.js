/* What is done to a member by staff, each with a reason that is kept: the sheet that asks for it, and a balance
   corrected. */

import { amount as amountText } from "/shared/format.js";
import { newKey } from "/shared/graphql.js";
import { html, useEffect, useRef, useState } from "/shared/preact.js";
import { parseSigned } from "/shared/typed-amounts.js";
import { Act, Field, Notice } from "/shared/ui.js";
import { t } from "/shared/words.js";

/** A sheet with a reason beneath what is asked for. `act(reason, key, origin)` returns in words what stands in the
 * way, or nothing once it is done: told the sheet, by which is known whether it still stands. `say` tells of a
 * failure, and `failed` hears of each. */
export function WithReason({
  title,
  about,
  hint,
  reasonHint = t("reason.hint"),
  isReady = true,
  onAsked,
  confirm,
  act,
  say,
  failed,
  close,
  children,
}) {
  const [reason, setReason] = useState("");
  const [fault, setFault] = useState("");
  const [isAsked, setAsked] = useState(false);
  const key = useRef(newKey());
  const box = useRef(null);
  const tell = (problem) => {
    failed?.();
    setFault(problem);
  };
  const send = async () => {
    setAsked(true);
    onAsked?.();
    setFault("");
    if (!isReady || !reason.trim()) return undefined;
    try {
      const problem = await act(reason.trim(), key.current, box.current);
      return problem ? tell(problem) : close();
    } catch (error) {
      return tell(say(error));
    }
  };
  return html`<form
    class="stack"
    ref=${box}
    onInput=${() => {
      key.current = newKey();
    }}
    onSubmit=${(event) => {
      event.preventDefault();
      box.current.querySelector(".primary").click();
    }}
  >
    <h2>${title}</h2>
    <p><strong>${about}</strong></p>
    ${hint && html`<p class="quiet">${hint}</p>`}
    ${children}
    <${Field}
      as="textarea"
      rows="2"
      label=${t("reason")}
      hint=${reasonHint}
      name="reason"
      maxlength="500"
      fault=${isAsked && !reason.trim() ? t("reason.bad") : ""}
      value=${reason}
      onInput=${(event) => setReason(event.target.value)}
    />
    <div aria-live="assertive"><${Notice} kind="bad" icon="close" text=${fault} /></div>
    <${Act} class="button primary tall wide" act=${send}>${confirm}<//>
  </form>`;
}

/** What one may still correct, or give, alone today: {most, left} as `read()` answers it, null until it did and where
 * it cannot, since the server says in the end what takes a second person. `again` reads it anew. */
export function useAllowance(read) {
  const [allowance, setAllowance] = useState(null);
  const again = () => read().then(setAllowance, () => setAllowance(null));
  useEffect(() => {
    again();
  }, []);
  return { allowance, again };
}

/* The same in the units of a wallet: what is left, or that the amount waits for a second person. */
function allowanceText({ most, left }, isOver, wallet) {
  const written = { most: amountText(most, wallet), left: amountText(left, wallet) };
  return t(isOver ? "alone.over" : "alone", written);
}

/** A balance corrected. `adjust(input)` and `propose(input)` answer what `adjustBalance` and `proposeCorrection` did:
 * what is more than one may correct alone in a day is asked of an operator, by the same sheet, which says so as the
 * amount is typed: `allowed()` answers what `correctionAllowance` does. `done(wallet, amount, origin)` and
 * `proposed()` show what was done. */
export function Correction({ customer, adjust, propose, allowed, done, proposed, ...rest }) {
  const { wallets } = customer;
  const [code, setCode] = useState(wallets[0].code);
  const [typed, setTyped] = useState("");
  const [isAsked, setAsked] = useState(false);
  const [isRefused, setRefused] = useState(false);
  const { allowance, again } = useAllowance(allowed);
  const wallet = wallets.find((each) => each.code === code);
  const amount = parseSigned(typed, wallet);
  const isOver = allowance !== null && Math.abs(amount ?? 0) > allowance.left;
  const takesTwo = isRefused || isOver;
  const act = async (reason, idempotencyKey, origin) => {
    const input = { member: customer.id, wallet: code, amount, reason, idempotencyKey };
    if (takesTwo) {
      const answer = await propose(input);
      if (answer.__typename !== "CorrectionProposed") return answer.message;
      proposed();
      return "";
    }
    const answer = await adjust(input);
    if (answer.reason === "FOUR_EYES") {
      setRefused(true);
      again();
      return t("adjust.two");
    }
    if (answer.__typename !== "BalanceAdjusted") return answer.message;
    await done(wallet, amount, origin);
    return "";
  };
  const changed = (set) => (event) => {
    set(event.target.value);
    setRefused(false);
  };
  return html`<${WithReason}
    title=${t("adjust")}
    about=${customer.name}
    isReady=${Boolean(amount)}
    onAsked=${() => setAsked(true)}
    reasonHint=${t("adjust.reason.hint")}
    confirm=${t(takesTwo ? "adjust.propose" : "adjust.confirm")}
    act=${act}
    ...${rest}
  >
    ${
      wallets.length > 1 &&
      html`<${Field} as="select" label=${t("adjust.wallet")} name="wallet" value=${code} onChange=${changed(setCode)}>
        ${wallets.map((each) => html`<option key=${each.code} value=${each.code}>${each.name}</option>`)}
      <//>`
    }
    <${Field}
      label=${wallets.length > 1 ? t("adjust.amount") : wallet.name}
      hint=${t("adjust.amount.hint")}
      name="amount"
      inputmode="text"
      autofocus
      fault=${isAsked && !amount ? t("adjust.amount.bad") : ""}
      value=${typed}
      onInput=${changed(setTyped)}
    />
    <p class=${`small ${isOver ? "minus" : "quiet"}`} role="status">${allowance !== null && allowanceText(allowance, isOver, wallet)}</p>
  <//>`;
}
