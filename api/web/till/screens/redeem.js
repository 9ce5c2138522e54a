/* A member without their phone at hand redeems here: a code goes to their contact, and what they read out to the
   cashier confirms it. The voucher then lies in the basket. */

import { newKey } from "/shared/graphql.js";
import { html, useEffect, useRef, useState } from "/shared/preact.js";
import { Act, Field, Notice, openSheet } from "/shared/ui.js";
import { t } from "/shared/words.js";
import { REDEEM_HERE, REDEMPTION_CODE } from "../queries.js";
import { signal } from "../sounds.js";
import { ask, note, say } from "./parts.js";

export function redeemHere(basket, reward) {
  return openSheet(t("redeem.of", { title: reward.title }), Redeem, { basket, reward });
}

function Redeem({ basket, reward, close }) {
  const { customer } = basket;
  const [sent, setSent] = useState(null);
  const [code, setCode] = useState("");
  const [fault, setFault] = useState("");
  const key = useRef(newKey());
  const box = useRef(null);
  const member = () => basket.member.visit ?? customer.id;
  const refuse = (text) => {
    signal("bad");
    setFault(text);
  };
  useEffect(() => {
    if (sent) box.current?.querySelector("input")?.focus();
  }, [sent]);

  async function send() {
    setFault("");
    try {
      const { requestRedemptionCode: answer } = await ask(REDEMPTION_CODE, {
        input: { member: member(), rewardId: reward.id },
      });
      if (answer.__typename === "RedemptionCodeSent") setSent(answer);
      else refuse(answer.message);
    } catch (error) {
      refuse(say(error));
    }
  }

  async function confirm() {
    setFault("");
    try {
      const { redeemForCustomer: answer } = await ask(REDEEM_HERE, {
        input: {
          member: member(),
          rewardId: reward.id,
          code,
          challenge: sent.challenge,
          idempotencyKey: key.current,
        },
      });
      if (answer.__typename !== "RedeemedForCustomer") {
        key.current = newKey();
        return refuse(answer.message);
      }
      signal("good");
      note("REWARD_REDEEMED", reward.title, { name: customer.name });
      basket.arrived(answer);
      basket.toggle(answer.voucher.id, true);
      return close();
    } catch (error) {
      return refuse(say(error));
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
    <h2>${reward.title}</h2>
    <p>${sent ? t("redeem.sent", { contact: sent.codeSentTo }) : t("redeem.ask", { name: customer.name })}</p>
    ${
      sent &&
      html`<${Field}
        label=${t("redeem.code")}
        name="code"
        class="big"
        inputmode="numeric"
        maxlength="9"
        value=${code}
        onInput=${(event) => setCode(event.target.value)}
      />`
    }
    <div aria-live="assertive"><${Notice} kind="bad" icon="close" text=${fault} /></div>
    <${Act} class="button primary tall wide" act=${sent ? confirm : send} disabled=${sent && code.trim().length < 6}>
      ${t(sent ? "redeem.confirm" : "redeem.send")}
    <//>
  </form>`;
}
