/* For you: what is recommended, each with its reason. What was opened is told, so that figures know. */

import { money } from "/shared/format.js";
import { html, useEffect, useState } from "/shared/preact.js";
import { t } from "/shared/words.js";
import { sheet } from "../dialogs.js";
import { ask, go, phone } from "../phone.js";
import { cost, Progress } from "../screens/parts.js";
import { openReward } from "../screens/rewards.js";
import { Empty, Failed, Icon, Notice, Picture } from "../ui.js";
import { FOR_YOU, OPEN_RECOMMENDATION } from "./queries.js";

const PROFILING = "profiling";

export function ForYou() {
  const [own, setOwn] = useState(null);
  const [fault, setFault] = useState(null);
  const read = async () => {
    setFault(null);
    try {
      setOwn((await ask(FOR_YOU, {})).viewer);
    } catch (error) {
      setFault(error);
    }
  };
  useEffect(() => {
    read();
  }, []);
  return html`<h1 tabindex="-1">${t("foryou")}</h1>
    ${own && html`<${Leave} consents=${own.consents} />`}
    ${
      fault
        ? html`<${Failed} error=${fault} again=${read} />`
        : !own
          ? html`<div class="skeleton tall"></div>`
          : own.recommendations.length
            ? html`<ul class="stack">${own.recommendations.map((each) => html`<${Tip} key=${each.kind + each.code} each=${each} />`)}</ul>`
            : html`<${Empty} icon="star">${t("foryou.none")}<//>`
    }`;
}

/* What it rests on: purchases, or without the member's leave what is popular. */
function Leave({ consents }) {
  const answer = consents.find(({ purpose }) => purpose === PROFILING);
  if (!answer || answer.granted)
    return html`<p class="small quiet">${t(answer ? "foryou.hint" : "foryou.popular")}</p>`;
  return html`<${Notice} icon="star">${t("foryou.ask")}<//>
    <button class="button wide" type="button" onClick=${() => go("me")}>${t("foryou.allow")}</button>`;
}

function Tip({ each }) {
  const { product, reward, message, reason } = each;
  const told = reward?.reward ?? product;
  const open = () => {
    const input = { kind: each.kind, code: each.code };
    ask(OPEN_RECOMMENDATION, { input }).catch(() => {});
    if (reward) openReward(phone.me.rewards.find((own) => own.id === reward.id) ?? reward);
    else sheet(product.title, Goods, { each });
  };
  return html`<li>
    <button class="card offer" type="button" onClick=${open}>
      <${Picture} image=${ownPicture(told.image)} kind=${reward?.reward.rewardKind} sign=${product ? "tag" : undefined} size=${64} />
      <span class="grow stack tight">
        <strong>${told.title}</strong>
        <span class="small">${message}</span>
        ${
          reward && reason !== "NEARLY" && reward.missing
            ? html`<${Progress} each=${reward} />`
            : html`<span class="small quiet">${reward ? cost(reward.reward.cost) : price(product)}</span>`
        }
      </span>
    </button>
  </li>`;
}

function Goods({ each: { product, message } }) {
  const image = ownPicture(product.image);
  return html`<div class="stack reward">
    ${image && html`<div class="lift"><div class="stamp"><${Picture} image=${image} /></div></div>`}
    <h2>${product.title}</h2>
    <p>${message}</p>
    <div class="row wrap">
      ${product.price !== null && html`<span class="chip gold">${price(product)}</span>`}
      ${product.categories.map((category) => html`<span class="chip" key=${category.code}>${category.name}</span>`)}
    </div>
    ${
      product.link
        ? html`<a class="button primary wide tall" href=${product.link} target="_blank" rel="noopener"><${Icon} name="forward" />${t("foryou.shop")}</a>`
        : ""
    }
  </div>`;
}

function price({ price: value }) {
  return value === null ? "" : money(value, phone.programme?.currency);
}

/* The page shows pictures of its own server alone; apps show those of shops too. */
function ownPicture(image) {
  return image?.startsWith("/") ? image : null;
}
