/* Every purchase, also one that gave nothing; opened, each says why. */

import { dayOf, money } from "/shared/format.js";
import { html, useEffect, useState } from "/shared/preact.js";
import { t } from "/shared/words.js";
import { ask, phone } from "../phone.js";
import { Figure } from "../screens/parts.js";
import { figuresOf, openPurchase } from "../screens/purchases.js";
import { Empty, Failed, Icon, More } from "../ui.js";
import { enterCode } from "./codes.js";
import { PURCHASES } from "./queries.js";

async function readPage(after) {
  const { purchases } = (await ask(PURCHASES, { after })).viewer;
  return { nodes: purchases.edges.map((edge) => edge.node), pageInfo: purchases.pageInfo };
}

export function Purchases() {
  const [page, setPage] = useState(null);
  const [fault, setFault] = useState(null);
  const read = () => {
    setFault(null);
    readPage(null).then(setPage, setFault);
  };
  useEffect(read, [phone.readAt]);
  const add = async (after) => {
    const next = await readPage(after);
    setPage((before) => ({ nodes: [...before.nodes, ...next.nodes], pageInfo: next.pageInfo }));
  };
  if (!page)
    return fault ? html`<${Failed} error=${fault} again=${read} />` : html`<div class="skeleton"></div>`;
  return html`<button class="button wide" type="button" onClick=${() => enterCode()}>
      <${Icon} name="plus" />${t("receipt.add")}
    </button>
    ${
      page.nodes.length
        ? html`<div class="card stack">
            <ul class="lines">${page.nodes.map((node) => html`<${Line} key=${node.id} node=${node} />`)}</ul>
            <${More} pageInfo=${page.pageInfo} add=${add} />
          </div>`
        : html`<${Empty} icon="list">${t("purchases.none")}<//>`
    }`;
}

function Line({ node }) {
  const figures = figuresOf(node.entries);
  const beneath = [dayOf(node.occurredAt, phone.programme?.timezone), money(node.total, node.currency)];
  return html`<li>
    <button class="entry" onClick=${() => openPurchase(node.id)}>
      <span class="grow">
        <span>${node.store?.name ?? t("purchase")}</span><small class="why">${beneath.join(" · ")}</small>
      </span>
      <span class="figures">
        ${
          figures.length
            ? figures.map(
                ({ code, value, wallet }) => html`<${Figure} key=${code} value=${value} wallet=${wallet} />`,
              )
            : html`<span class="figure off">${t("purchases.nothing")}</span>`
        }
      </span>
      <${Icon} name="forward" />
    </button>
  </li>`;
}
