/* Every purchase and all else that moved a wallet, newest first; opened, each says why. */

import { dayOf } from "/shared/format.js";
import { html, useEffect, useState } from "/shared/preact.js";
import { t } from "/shared/words.js";
import { ask, phone } from "../phone.js";
import { HISTORY } from "../queries.js";
import { Empty, Failed, Icon, More } from "../ui.js";
import { Purchases } from "./later.js";
import { Figure } from "./parts.js";
import { grouped, openLine, telling } from "./purchases.js";

export function History() {
  const { me } = phone;
  const [wallet, setWallet] = useState(null);
  const [isByPurchase, setByPurchase] = useState(false);
  const choose = (code, purchases = false) => {
    setWallet(code);
    setByPurchase(purchases);
  };
  const way = (text, isOn, act) => html`<button aria-pressed=${String(isOn)} onClick=${act}>${text}</button>`;
  return html`<h1 tabindex="-1">${t("tab.history")}</h1>
    <div class="segments" role="group" aria-label=${t("tab.history")}>
      ${way(t("all"), !wallet && !isByPurchase, () => choose(null))}
      ${
        me.wallets.length > 1 &&
        me.wallets.map(({ code, name }) => way(name, code === wallet, () => choose(code)))
      }
      ${way(t("history.purchases"), isByPurchase, () => choose(null, true))}
    </div>
    ${isByPurchase ? html`<${Purchases} />` : html`<${Entries} key=${wallet} wallet=${wallet} />`}
    ${me.historyBeginsAt && html`<p class="why">${t("history.archived", { day: dayOf(me.historyBeginsAt, phone.programme?.timezone) })}</p>`}
    <${Earning} />`;
}

async function readPage(after, wallet) {
  const { pointHistory } = (await ask(HISTORY, { after, wallet })).viewer;
  return { nodes: pointHistory.edges.map((edge) => edge.node), pageInfo: pointHistory.pageInfo };
}

/* The newest come with each reading of the member, so that the list is live; what was read beyond them stays. */
function Entries({ wallet }) {
  const { me } = phone;
  const [further, setFurther] = useState({ nodes: [], pageInfo: null });
  const [own, setOwn] = useState(null);
  const [fault, setFault] = useState(null);
  const read = () => {
    setFault(null);
    readPage(null, wallet).then(setOwn, setFault);
  };
  useEffect(() => {
    if (wallet) read();
  }, [phone.readAt]);
  if (fault && !own) return html`<${Failed} error=${fault} again=${read} />`;
  const first = wallet ? own : { nodes: me.history, pageInfo: me.historyMore };
  if (!first) return html`<div class="skeleton"></div>`;
  const known = new Set(first.nodes.map((entry) => entry.id));
  const entries = [...first.nodes, ...further.nodes.filter((entry) => !known.has(entry.id))];
  const add = async (after) => {
    const page = await readPage(after, wallet);
    setFurther((before) => ({ nodes: [...before.nodes, ...page.nodes], pageInfo: page.pageInfo }));
  };
  if (!entries.length) return html`<${Empty} icon="clock">${t("history.none")}<//>`;
  return html`<div class="card stack">
    <ul class="lines">${grouped(entries).map((line) => html`<${EntryLine} key=${line.key} line=${line} />`)}</ul>
    <${More} pageInfo=${further.pageInfo ?? first.pageInfo} add=${add} />
  </div>`;
}

/** One line of the history, to be opened. */
export function EntryLine({ line }) {
  const { title, beneath, figures, isPending } = telling(line);
  return html`<li>
    <button class="entry" onClick=${() => openLine(line)}>
      <span class="grow"><span>${title}</span><small class="why">${beneath}</small></span>
      <span class="figures">
        ${figures.map(({ code, value, wallet }) => html`<${Figure} key=${code} value=${value} wallet=${wallet} soft=${isPending} />`)}
      </span>
      <${Icon} name="forward" />
    </button>
  </li>`;
}

function Earning() {
  const { earning } = phone.programme ?? {};
  if (!earning?.length) return null;
  return html`<details class="card">
    <summary>${t("earning")}</summary>
    <ul class="lines">
      ${earning.map(
        (rule) =>
          html`<li key=${rule.code}>
            <span>${rule.title}${rule.description && html`<small class="why">${rule.description}</small>`}</span>
          </li>`,
      )}
    </ul>
  </details>`;
}
