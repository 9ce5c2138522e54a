/* A code of a campaign, an influencer, a package or a receipt: one field to enter it, and what it gave. */

import { dayOf } from "/shared/format.js";
import { newKey } from "/shared/graphql.js";
import { html, useEffect, useRef, useState } from "/shared/preact.js";
import { t } from "/shared/words.js";
import { sheet } from "../dialogs.js";
import { toldHere } from "../news.js";
import { ask, phone, readHome } from "../phone.js";
import { Figure, Reasons } from "../screens/parts.js";
import { openVoucher } from "../screens/voucher.js";
import { Field, Form, Icon, Notice, Picture } from "../ui.js";
import { CLAIM_RECEIPT, ENTER_CODE } from "./queries.js";

/* How many tries are left is told when there are few. */
const FEW_TRIES = 3;

/** The field for a code, over the page. `given` stands in it, as from the link on a package, and beneath it the
 * `problem` that it met before. */
export function enterCode(given = "", problem = "") {
  return sheet(t("codes.enter"), Codes, { given, problem });
}

/** Tell what came of the `code` that was given with the enrolment: a refused one stands in its field again. */
export function tellEnrolmentCode(answer, code) {
  if (answer.__typename !== "CodeEntered") return enterCode(code, refused(answer));
  return sheet(answer.title, Codes, { answer });
}

function Codes({ close, given = "", problem = "", answer = null }) {
  const [gains, setGains] = useState(answer);
  const [first, setFirst] = useState({ given, problem });
  const another = () => {
    setFirst({ given: "", problem: "" });
    setGains(null);
  };
  return html`<div class="stack">
    ${
      gains
        ? html`<${Gains} answer=${gains} close=${close} another=${another} />`
        : html`<${Asking} ...${first} setGains=${setGains} />`
    }
  </div>`;
}

function Asking({ given, problem, setGains }) {
  const code = useRef(null);
  // The same code again, as after a lost answer, is the same request.
  const keys = useRef({});
  const enter = async () => {
    const typed = code.current.value.trim();
    keys.current[typed] ??= newKey();
    const answer = await whatIs(typed, keys.current[typed]);
    if (!answer.title) {
      code.current?.select();
      return refused(answer);
    }
    toldHere(answer.entries);
    setGains(answer);
    await readHome().catch(() => {});
  };
  return html`<h2>${t("codes.enter")}</h2>
    <p class="quiet">${t("codes.hint")}</p>
    <${Form} act=${enter} button=${t("codes.do")} primary problem=${problem}>
      <${Field}
        label=${t("codes.label")}
        name="code"
        inputRef=${code}
        big
        autofocus
        required
        autocomplete="off"
        autocapitalize="characters"
        spellcheck="false"
        maxlength="100"
        defaultValue=${given}
      />
    <//>`;
}

/* What a code is: one of the programme, else that of a receipt, told alike. */
async function whatIs(code, idempotencyKey) {
  const { enterCode: entered } = await ask(ENTER_CODE, { input: { code, idempotencyKey } });
  if (entered.reason !== "UNKNOWN") return entered;
  const { claimReceipt: claimed } = await ask(CLAIM_RECEIPT, { input: { code } });
  if (claimed.__typename !== "ReceiptClaimed") return claimed;
  const { purchase, countedBefore, member } = claimed;
  return {
    title: purchase.store?.name ?? t("purchase"),
    entries: purchase.entries,
    vouchers: [],
    member,
    receipt: { day: dayOf(purchase.occurredAt, phone.programme?.timezone), countedBefore },
    explanation: purchase.explanation,
  };
}

function refused({ message, reason, triesLeft }) {
  const isWrong = ["UNKNOWN", "NOT_NOW", "OVER", "USED_UP"].includes(reason);
  const few = isWrong && triesLeft !== null && triesLeft <= FEW_TRIES;
  return few ? `${message} ${t("codes.left", { count: triesLeft })}` : message;
}

function Gains({ answer, close, another }) {
  const { wallets } = answer.member;
  const title = useRef(null);
  useEffect(() => title.current.focus(), []);
  const show = (voucher) => {
    close();
    openVoucher(voucher);
  };
  return html`<h2 tabindex="-1" ref=${title}>${answer.title}</h2>
    <p role="status"><span class="chip good"><${Icon} name="check" />${t("codes.entered")}</span></p>
    ${answer.receipt && html`<${Notice}>${t(answer.receipt.countedBefore ? "receipt.before" : "receipt.counted", answer.receipt)}<//>`}
    ${!answer.entries.length && !answer.vouchers.length && html`<${Nothing} answer=${answer} />`}
    ${
      answer.entries.length > 0 &&
      html`<ul class="lines card">
        ${answer.entries.map((entry) => {
          const wallet = wallets.find((each) => each.code === entry.wallet);
          return html`<li key=${entry.id}>
            <span class="grow">${entry.title}<small class="why">${wallet?.name}</small></span>
            <${Figure} value=${entry.amount} wallet=${wallet} />
          </li>`;
        })}
      </ul>`
    }
    ${answer.vouchers.map(
      (voucher) => html`<button class="ticket" type="button" key=${voucher.id} onClick=${() => show(voucher)}>
        <${Picture} image=${voucher.reward.image} kind=${voucher.reward.rewardKind} size=${56} />
        <span class="grow"><strong>${voucher.title}</strong><small class="why">${t("voucher.show")}</small></span>
        <${Icon} name="forward" />
      </button>`,
    )}
    <button class="button primary wide tall" type="button" onClick=${() => close()}>${t("close")}</button>
    <button class="button wide" type="button" onClick=${another}>${t("codes.another")}</button>`;
}

/* A receipt that gave nothing says why, as it does in the history. */
function Nothing({ answer: { explanation } }) {
  if (!explanation?.length) return html`<p>${t("codes.nothing")}</p>`;
  return html`<h3>${t("purchases.why")}</h3><${Reasons} all=${explanation} />`;
}
