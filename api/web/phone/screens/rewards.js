/* What points can be turned into: what is unlocked first, and for the rest what is missing. */

import { dayOf, ending, listed } from "/shared/format.js";
import { newKey } from "/shared/graphql.js";
import { html, useEffect, useRef, useState } from "/shared/preact.js";
import { t } from "/shared/words.js";
import { sheet } from "../dialogs.js";
import { say } from "../faults.js";
import { ask, phone, readHome } from "../phone.js";
import { MORE_REWARDS, REDEEM } from "../queries.js";
import { addressOf } from "../route.js";
import { Act, Empty, Icon, More, Notice, Part, Picture, toast } from "../ui.js";
import { cost, Progress, standing, worth } from "./parts.js";
import { openVoucher } from "./voucher.js";

export function Rewards() {
  const { me } = phone;
  const [further, setFurther] = useState({ nodes: [], pageInfo: null });
  const usable = me.vouchers.filter((voucher) => voucher.voucherState === "ISSUED");
  const past = me.vouchers.filter((voucher) => voucher.voucherState !== "ISSUED");
  const own = me.wallets.map((wallet) =>
    cost({ wallet: wallet.code, amount: wallet.available + wallet.pending }),
  );
  const add = async (after) => {
    const { rewards } = (await ask(MORE_REWARDS, { after })).viewer;
    setFurther((before) => ({
      nodes: [...before.nodes, ...rewards.edges.map((edge) => edge.node)],
      pageInfo: rewards.pageInfo,
    }));
  };
  const tiles = [...sorted(me.rewards), ...further.nodes];
  return html`<div class="stack tight">
      <h1 tabindex="-1">${t("tab.rewards")}</h1>
      <p class="quiet">${t("rewards.have", { amount: listed(own) })}</p>
    </div>
    ${
      usable.length > 0 &&
      html`<${Part} title=${t("home.vouchers")}>
        <ul class="strip">${usable.map((voucher) => html`<${Ticket} key=${voucher.id} voucher=${voucher} />`)}</ul>
      <//>`
    }
    ${
      tiles.length
        ? html`<ul class="album">${tiles.map((each) => html`<${Tile} key=${each.id} each=${each} />`)}</ul>`
        : html`<${Empty} icon="gift">${t("rewards.none")}<//>`
    }
    <${More} pageInfo=${further.pageInfo ?? me.rewardsMore} add=${add} />
    ${
      past.length > 0 &&
      html`<details>
        <summary>${t("vouchers.past")}</summary>
        <ul class="strip">${past.map((voucher) => html`<${Ticket} key=${voucher.id} voucher=${voucher} />`)}</ul>
      </details>`
    }`;
}

function sorted(rewards) {
  return [...rewards].sort((a, b) =>
    a.rewardState === b.rewardState ? 0 : a.rewardState === "UNLOCKED" ? -1 : 1,
  );
}

/** A voucher in a list; `hint` says what opening it is for, else how long it holds. */
export function Ticket({ voucher, hint, sign }) {
  const { reward } = voucher;
  const beneath =
    hint ??
    (voucher.voucherState === "ISSUED" && voucher.expiresAt
      ? t("voucher.until", { day: ending(voucher.expiresAt, phone.programme?.timezone) })
      : t(`voucher.${voucher.voucherState}`));
  return html`<li>
    <button class="ticket" onClick=${() => openVoucher(voucher)}>
      <${Picture} image=${reward.image} kind=${reward.rewardKind} size=${56} />
      <span class="grow"><strong>${voucher.title}</strong><small class="quiet">${beneath}</small></span>
      ${sign && html`<${Icon} name=${sign} />`}
    </button>
  </li>`;
}

function Tile({ each }) {
  const { reward } = each;
  const locked = each.rewardState === "LOCKED";
  const { at, ahead } = standing(each);
  return html`<li class="lift">
    <button class=${`stamp tile${locked ? " locked" : ""}`} onClick=${() => openReward(each)}>
      <${Picture} image=${reward.image} kind=${reward.rewardKind} />
      <strong>${reward.title}</strong>
      <span class="small quiet">${cost(reward.cost)}</span>
      ${
        locked
          ? each.missing && (at || ahead)
            ? html`<${Progress} each=${each} />`
            : html`<${Locked} each=${each} />`
          : html`<span class="chip good"><${Icon} name="check" />${t("reward.yours")}</span>`
      }
    </button>
  </li>`;
}

function Locked({ each }) {
  return html`${each.missing > 0 && html`<${Progress} each=${each} bare />`}
    ${
      (!each.missing || each.locks[0]?.reason !== "BALANCE") &&
      html`<span class="why"><${Icon} name="lock" />${each.locks[0]?.message ?? t("reward.locked")}</span>`
    }`;
}

/* The sheet was closed before the answer came: what was paid for is told all the same. */
function late(voucher) {
  toast(t("redeem.late", { title: voucher.title }));
  readHome().catch(() => {});
}

/** One reward whole; redeeming it asks once more, and then holds up the voucher. */
export async function openReward(each) {
  const { code, title } = each.reward;
  const issued = await sheet(title, Reward, {
    each,
    idempotencyKey: newKey(),
    address: addressOf("rewards", code),
  });
  if (!issued) return;
  openVoucher(issued);
  readHome().catch(() => {});
}

function Reward({ each, idempotencyKey, close }) {
  const { reward } = each;
  const zone = phone.programme?.timezone;
  return html`<div class="stack reward">
    <div class="lift"><div class="stamp"><${Picture} image=${reward.image} kind=${reward.rewardKind} /></div></div>
    <h2>${reward.title}</h2>
    <p>${reward.description}</p>
    <div class="row wrap">
      <span class="chip gold">${cost(reward.cost)}</span>
      ${worth(reward.value) && html`<span class="chip">${worth(reward.value)}</span>`}
      ${reward.stock !== null && html`<span class="chip">${t("reward.stock", { count: reward.stock })}</span>`}
      ${
        reward.availableUntil &&
        html`<span class="chip">${t("voucher.until", { day: ending(reward.availableUntil, zone) })}</span>`
      }
    </div>
    ${
      reward.stores.length > 0 &&
      html`<p class="small quiet">
        ${t("voucher.stores", { stores: reward.stores.map((store) => store.name).join(", ") })}
      </p>`
    }
    ${reward.terms && html`<p class="small quiet">${reward.terms}</p>`}
    ${
      each.rewardState === "UNLOCKED"
        ? html`<${Redeeming} reward=${reward} idempotencyKey=${idempotencyKey} close=${close} />`
        : html`<${Locks} each=${each} zone=${zone} />`
    }
  </div>`;
}

function Locks({ each, zone }) {
  const { at } = standing(each);
  if (at)
    return html`<p class="notice good"><${Icon} name="clock" /><span>${t("reward.on", { day: dayOf(at, zone) })}</span></p>
      <div class="stack tight"><${Progress} each=${each} /></div>`;
  return html`<h3>${t("reward.locked")}</h3>
    <ul class="stack tight">
      ${each.locks.map((lock) => html`<li class="notice" key=${lock.message}><${Icon} name="lock" /><span>${lock.message}</span></li>`)}
    </ul>
    ${each.missing > 0 && html`<div class="stack tight"><${Progress} each=${each} /></div>`}`;
}

function Redeeming({ reward, idempotencyKey, close }) {
  const [isSure, setSure] = useState(false);
  const [fault, setFault] = useState(null);
  const place = useRef(null);
  useEffect(() => {
    if (isSure) place.current?.querySelector(".primary").focus();
  }, [isSure]);
  const redeem = async () => {
    setFault(null);
    try {
      const { redeemReward } = await ask(REDEEM, { input: { rewardId: reward.id, idempotencyKey } });
      const isOpen = Boolean(place.current);
      if (redeemReward.__typename === "RewardRedeemed")
        return isOpen ? close(redeemReward.voucher) : late(redeemReward.voucher);
      return isOpen
        ? setFault({ text: redeemReward.message, icon: "lock" })
        : toast(redeemReward.message, "bad");
    } catch (error) {
      // The same key again: if it was redeemed after all, the same voucher answers.
      return place.current ? setFault({ text: say(error), icon: "cloud" }) : toast(say(error), "bad");
    }
  };
  if (!isSure)
    return html`<div class="stack" ref=${place} key="first">
      <button class="button primary wide tall" onClick=${() => setSure(true)}>${t("redeem")}</button>
    </div>`;
  return html`<div class="stack" ref=${place} key="sure">
    <p>${t("redeem.hint", { cost: cost(reward.cost) })}</p>
    <div aria-live="assertive">${fault && html`<${Notice} kind="bad" icon=${fault.icon}>${fault.text}<//>`}</div>
    <${Act} class="button primary wide tall" act=${(event) => event.detail < 2 && redeem()}>
      ${t("redeem.sure", { cost: cost(reward.cost) })}
    <//>
    <button class="button wide" onClick=${() => setSure(false)}>${t("cancel")}</button>
  </div>`;
}
