/* Done: large, clear, and gone with one tap. Also what was kept on the device for want of a network. For ten
   minutes it can be taken back from here. */

import { html, useMemo } from "/shared/preact.js";
import { picture } from "/shared/qr.js";
import { stampWords } from "/shared/stamps.js";
import { Icon, mount, Within } from "/shared/ui.js";
import { t } from "/shared/words.js";
import { signal } from "../sounds.js";
import { go } from "../till.js";
import { correctSheet } from "./correct.js";
import { walletOf } from "./parts.js";
import { Due } from "./payment.js";
import { Entries, Picture, Total } from "./pieces.js";
import { mayUndo, undoSheet } from "./undo.js";

/** `kind` good or waiting, `title`, `name`, and what there is of: `due` (what wallets paid and what is left to
 * pay), `back` (what goes back to wallets, in words), totals, wallets, entries, unlocked, badges, cards (the stamp
 * cards in hand), tier, `receiptCode` (of a guest: its code, and the address where it is entered), and `undo`: what it
 * takes to take it back. */
export function successScreen(element, outcome) {
  signal(outcome.kind === "waiting" ? "seen" : "good");
  return mount(html`<${Success} ...${outcome} />`, element);
}

function Success({
  kind = "good",
  title,
  subtitle,
  name,
  due = null,
  back = [],
  totals = [],
  wallets = [],
  list = [],
  unlocked = [],
  badges = [],
  cards = [],
  tier = null,
  undo = null,
  receiptCode = null,
}) {
  const figures = totals.filter((total) => total.amount !== 0);
  return html`
    <div class=${`done ${kind}`} role="status">
      <div class="tick" aria-hidden="true"><${Icon} name=${kind === "good" ? "check" : "clock"} /></div>
      <h1 tabindex="-1">${title}</h1>
      ${name && html`<p class="name">${name}</p>`}
      <${Cheer} name=${name} tier=${tier} badges=${newest(badges)} cards=${cards} />
      ${due && html`<${Due} ...${due} />`}
      ${back.map((text) => html`<p class="part">${text}</p>`)}
      ${figures.map((each) => html`<${Total} value=${each.amount} wallet=${walletOf(wallets, each.wallet)} />`)}
      ${receiptCode && html`<${ReceiptCode} ...${receiptCode} />`}
      ${subtitle && html`<p>${subtitle}</p>`}
      ${tier && html`<p class="gain"><${Icon} name="star" />${t("done.tier", { tier })}</p>`}
      ${unlocked.map(
        (each) => html`<p class="gain">
          <${Picture} reward=${each.reward} size=${40} />${t("done.unlocked", { title: each.reward.title })}
        </p>`,
      )}
      ${newest(badges).map(
        (each) => html`<p class="gain">
          ${
            each.badge.art
              ? html`<img src=${each.badge.art} alt="" width="40" height="40" />`
              : html`<${Icon} name="star" />`
          }${gained(each, cards)}
        </p>`,
      )}
      ${cards
        .filter((each) => each.stamps)
        .map((each) => html`<p>${t("done.card", { name: each.badge.name, stamps: stampWords(each) })}</p>`)}
      <button class="button tall wide" autofocus onClick=${() => go("scan")}>${t("done.next")}</button>
      ${
        undo &&
        mayUndo(undo) &&
        html`<div class="amends">
          <button class="button undo" type="button" onClick=${() => undoSheet({ ...undo, name })}>
            <${Icon} name="refund" />${t("undo")}
          </button>
          ${
            undo.externalId &&
            !undo.isWaiting &&
            html`<button class="button" type="button" onClick=${() => correctSheet({ ...undo, name })}>
              <${Icon} name="pencil" />${t("correct")}
            </button>`
          }
        </div>`
      }
    </div>
    ${
      list.length > 0 &&
      html`<details class="card">
        <summary>${t("done.details")}</summary>
        <${Entries} list=${list} wallets=${wallets} />
      </details>`
    }
  `;
}

/* The code that goes with the guest, to be printed or scanned from here. */
function ReceiptCode({ code, address }) {
  const qr = useMemo(() => picture(address, t("guest.qr", { code })), [address]);
  return html`<div class="receiptcode">
      <${Within} element=${qr} />
      <strong class="code">${code}</strong>
    </div>
    <button class="button" type="button" onClick=${() => print()}><${Icon} name="list" />${t("guest.print")}</button>`;
}

/* What the cashier says to the member now: one thing, the greatest. */
function Cheer({ name, tier, badges, cards }) {
  const first = name?.split(" ")[0];
  const full = badges.find(({ id }) => cards.some((each) => each.id === id));
  const text = tier
    ? t("cheer.tier", { name: first, tier })
    : full
      ? t("cheer.card", { name: first, card: full.badge.name })
      : badges.length
        ? t("cheer.badge", { name: first, badge: badges[0].badge.name })
        : null;
  return text && html`<p class="cheer">${text}</p>`;
}

/* Of a badge that was earned several times in one purchase the highest level alone. */
function newest(badges) {
  return [...new Map(badges.map((each) => [each.badge.id, each])).values()];
}

function gained({ id, badge, level }, cards) {
  if (cards.some((each) => each.id === id)) return t("done.card.full", { name: badge.name });
  return badge.levels.length > 1
    ? t("done.badge", { name: badge.name, level })
    : t("done.badge.only", { name: badge.name });
}
