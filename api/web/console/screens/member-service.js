/* What service does for a member beside correcting: a reward for nothing, tags, a code sent again, a birthday put
   right, a lost contact replaced. */

import { amount } from "/shared/format.js";
import { toast } from "/shared/passing.js";
import { html, useRef, useState } from "/shared/preact.js";
import { useAllowance, WithReason } from "/shared/reasoned.js";
import { Field } from "/shared/ui.js";
import { t } from "/shared/words.js";
import { ask, desk, noteWaiting } from "../console.js";
import { say } from "../faults.js";
import { ALLOWANCE, BIRTHDAY, CONTACT, GIVE, SEND_CODE, TAGS } from "../queries.js";

const words = (text) =>
  text
    .toLowerCase()
    .split(/[\s,#]+/)
    .filter(Boolean);

const walletOf = (code) => desk.programme.wallets.find((each) => each.code === code);

/* What a reward counts as, beside corrections, in the day of whoever gives it: its price or its amount, whichever is
   more; null where it has neither. */
function worthOf(spec) {
  const worths = [spec?.cost?.amount, spec?.value?.amount].filter(
    (each) => each !== undefined && each !== null,
  );
  return worths.length ? Math.max(...worths) : null;
}

function givingText({ cost, value }, worth, allowance) {
  if (worth === null) return t("give.unknown");
  if (!allowance) return "";
  const unit =
    worth === cost?.amount ? walletOf(cost.wallet) : { walletKind: "MONEY", currency: value.currency };
  const [text, left, most] = [worth, allowance.left, allowance.most].map((each) => amount(each, unit));
  return t(worth > allowance.left ? "give.over" : "give.alone", { worth: text, left, most });
}

export function Giving({ customer, again, close }) {
  const rewards = desk.programme?.rewards ?? [];
  const [reward, setReward] = useState(rewards[0]?.code ?? "");
  const [isRefused, setRefused] = useState(false);
  const { allowance } = useAllowance(async () => (await ask(ALLOWANCE)).correctionAllowance);
  const spec = rewards.find((each) => each.code === reward);
  const worth = worthOf(spec);
  const takesTwo =
    isRefused || (spec !== undefined && (worth === null || worth > (allowance?.left ?? worth)));
  const act = async (reason, idempotencyKey) => {
    const input = { member: customer.id, reward, reason, withApproval: takesTwo, idempotencyKey };
    const { answer } = await ask(GIVE, { input });
    if (answer.reason === "FOUR_EYES" && !takesTwo) {
      setRefused(true);
      return t("give.two");
    }
    if (answer.message) return answer.message;
    if (answer.__typename === "StaffProposed") {
      noteWaiting((desk.waiting ?? 0) + 1);
      toast(t("adjust.proposed"));
      return "";
    }
    toast(t("give.done"));
    await again();
    return "";
  };
  const choose = (event) => {
    setReward(event.target.value);
    setRefused(false);
  };
  return html`<${WithReason} title=${t("give")} about=${customer.name} hint=${t("give.hint")} isReady=${Boolean(reward)} confirm=${t(takesTwo ? "adjust.propose" : "give")} act=${act} say=${say} close=${close}>
    <${Field} as="select" label=${t("give.reward")} name="reward" value=${reward} onChange=${choose}>
      ${rewards.map((each) => html`<option key=${each.code} value=${each.code}>${each.title}${each.cost ? ` (${amount(each.cost.amount, walletOf(each.cost.wallet))})` : ""}</option>`)}
    <//>
    <p class=${`small ${takesTwo ? "minus" : "quiet"}`} role="status">${spec && givingText(spec, worth, allowance)}</p>
  <//>`;
}

export function Tagging({ record, again, close }) {
  const { customer, profile } = record;
  const [text, setText] = useState(profile.tags.join(" "));
  const tags = words(text);
  const add = tags.filter((tag) => !profile.tags.includes(tag));
  const remove = profile.tags.filter((tag) => !tags.includes(tag));
  const act = async (reason, idempotencyKey) => {
    const { answer } = await ask(TAGS, {
      input: { member: customer.id, add, remove, reason, idempotencyKey },
    });
    if (answer.message) return answer.message;
    toast(t("tags.done"));
    await again();
    return "";
  };
  return html`<${WithReason} title=${t("tags")} about=${customer.name} isReady=${add.length + remove.length > 0} confirm=${t("tags.save")} act=${act} say=${say} close=${close}>
    <${Field} label=${t("tags")} hint=${t("tags.hint")} name="tags" spellcheck="false" autofocus value=${text} onInput=${(event) => setText(event.target.value)} />
  <//>`;
}

export function SendingCode({ record, close }) {
  const { customer, profile } = record;
  const [byPhone, setByPhone] = useState(!profile.email);
  const act = async (reason) => {
    const { answer } = await ask(SEND_CODE, { input: { member: customer.id, byPhone, reason } });
    if (answer.message) return answer.message;
    toast(t("code.done", { contact: answer.sentTo }));
    return "";
  };
  return html`<${WithReason} title=${t("code")} about=${customer.name} hint=${t("code.hint")} isReady=${Boolean(profile.email || profile.phone)} confirm=${t("code")} act=${act} say=${say} close=${close}>
    <${Field} as="select" label=${t("code.to")} name="to" value=${byPhone ? "phone" : "email"} onChange=${(event) => setByPhone(event.target.value === "phone")}>
      ${profile.email && html`<option value="email">${profile.email}</option>`}
      ${profile.phone && html`<option value="phone">${profile.phone}</option>`}
    <//>
  <//>`;
}

export function Birthday({ record, again, close }) {
  const { customer, profile } = record;
  const [birthday, setBirthday] = useState(profile.birthday ?? "");
  const act = async (reason) => {
    const { answer } = await ask(BIRTHDAY, {
      input: { member: customer.id, birthday: birthday || null, reason },
    });
    if (answer.message) return answer.message;
    toast(t("birthday.done"));
    await again();
    return "";
  };
  return html`<${WithReason} title=${t("birthday")} about=${customer.name} hint=${t("birthday.hint")} confirm=${t("birthday.save")} act=${act} say=${say} close=${close}>
    <${Field} type="date" label=${t("profile.birthday")} name="birthday" autofocus value=${birthday} onInput=${(event) => setBirthday(event.target.value)} />
  <//>`;
}

/* A lost contact: the new one is proven by its code, then a colleague approves it. */
export function LostContact({ record, close }) {
  const { customer } = record;
  const [contact, setContact] = useState("");
  const [code, setCode] = useState("");
  const [challenge, setChallenge] = useState(null);
  const reasonFor = useRef("");
  const act = async (reason) => {
    reasonFor.current = reason;
    const proof = challenge ? { code: code.trim(), challenge } : {};
    const { answer } = await ask(CONTACT, {
      input: { member: customer.id, contact: contact.trim(), reason, ...proof },
    });
    if (answer.__typename === "SignInCodeRequested") {
      setChallenge(answer.challenge);
      return t("contact.sent");
    }
    if (answer.message) return answer.message;
    noteWaiting((desk.waiting ?? 0) + 1);
    toast(t("contact.done"));
    return "";
  };
  return html`<${WithReason} title=${t("contact")} about=${customer.name} hint=${t("contact.hint")} isReady=${Boolean(contact.trim() && (!challenge || code.trim()))} confirm=${t(challenge ? "adjust.propose" : "contact.send")} act=${act} say=${say} close=${close}>
    <${Field} label=${t("invite.contact")} name="contact" autofocus readonly=${challenge !== null} value=${contact} onInput=${(event) => setContact(event.target.value)} />
    ${challenge && html`<${Field} label=${t("contact.code")} name="code" inputmode="numeric" maxlength="12" value=${code} onInput=${(event) => setCode(event.target.value)} />`}
  <//>`;
}
