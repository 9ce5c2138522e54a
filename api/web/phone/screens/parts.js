/* Pieces that several screens show: what things cost and are worth, figures, and why an amount came to be. */

import { amount, dayOf, money, number, percent, signed } from "/shared/format.js";
import { html } from "/shared/preact.js";
import { has, speech, t } from "/shared/words.js";
import { phone, prefer, walletOf } from "../phone.js";
import { Bar, Icon } from "../ui.js";

/** "500 NumisPoints", or money as money. */
export function cost({ wallet, amount: value }) {
  const own = walletOf(wallet);
  return own?.walletKind === "MONEY"
    ? amount(value, own)
    : t("cost", { amount: number(value), wallet: own?.name ?? wallet });
}

export function Figure({ value, wallet, soft = false }) {
  const sign = value > 0 ? "plus" : value < 0 ? "minus" : "off";
  return html`<span class=${`figure ${sign}${soft ? " soft" : ""}`}>${signed(value, wallet)}</span>`;
}

/** Where the terms are read; nothing where the programme names no place: a link to nowhere led back to this
 * page. */
export function TermsLink({ terms }) {
  return terms.url ? html`<a href=${terms.url} target="_blank" rel="noopener">${t("terms.read")}</a>` : "";
}

export function worth(value) {
  if (!value) return null;
  const currency = value.currency ?? phone.programme?.currency;
  const what =
    value.amount !== null
      ? money(value.amount, currency)
      : value.percent !== null
        ? percent(value.percent)
        : "";
  return (
    [what, value.minimum ? t("worth.minimum", { minimum: money(value.minimum, currency) }) : ""]
      .filter(Boolean)
      .join(" · ") || null
  );
}

/** Each rule that counted, and each that did not with its reason. A rule that nobody gave a title tells
 * people nothing. */
export function Reasons({ all }) {
  const outcomes = all.filter((outcome) => outcome.title !== outcome.rule || outcome.amount);
  const line = (outcome) => html`<li class=${outcome.applied ? "" : "off"}>
    <span>${outcome.title}${
      (outcome.reason || outcome.basis) &&
      html`<small class="why">${outcome.reason ? why(outcome.reason) : outcome.basis}</small>`
    }</span>
    ${
      outcome.applied && outcome.amount
        ? html`<${Figure} value=${outcome.amount} wallet=${walletOf(outcome.wallet)} />`
        : html`<span class="figure off">${outcome.applied ? html`<${Icon} name="check" />` : "–"}</span>`
    }
  </li>`;
  return html`<ul class="lines reasons">${outcomes.map(line)}</ul>`;
}

/* A reason's fixed word in the reader's language; one that the server added since is shown as it came. */
function why(reason) {
  const [, word, value] = reason.match(/^([a-z_]+)(?::(.*))?$/s) ?? [];
  if (!has(`why.${word}`)) return reason;
  return t(`why.${word}`, {
    value: word === "later" && value ? dayOf(value, phone.programme?.timezone) : value,
  });
}

/** How a reward stands to what there is: `missing` units that are not even pending, and where nothing but time is
 * missing, the instant `at` which it is theirs. `have` and `ahead` are the parts of its cost, 0 to 1. */
export function standing(each) {
  const { cost: price } = each.reward;
  const wallet = price && walletOf(price.wallet);
  if (!wallet || !each.missing) return { missing: 0, at: null, have: 1, ahead: 0 };
  const ahead = Math.min(each.missing, wallet.pending);
  const onlyTime = ahead === each.missing && each.locks.every((lock) => lock.reason === "BALANCE");
  return {
    missing: each.missing - ahead,
    at: onlyTime ? comesBy(wallet, each.missing) : null,
    have: Math.max(0, price.amount - each.missing) / price.amount,
    ahead: ahead / price.amount,
  };
}

/* When so much of what is pending can be spent; null where the server does not say. */
function comesBy(wallet, needed) {
  let sum = 0;
  for (const { amount: coming, at } of wallet.arriving) {
    sum += coming;
    if (sum >= needed) return at;
  }
  return null;
}

/** How much of what a reward costs there is, what is on its way with it, and what that means in words. */
export function Progress({ each }) {
  const { missing, at, have, ahead } = standing(each);
  const words = at
    ? t("reward.on", { day: dayOf(at, phone.programme?.timezone) })
    : ahead
      ? missing
        ? t("reward.left", { cost: cost({ ...each.reward.cost, amount: missing }) })
        : t("reward.soon")
      : missingWords(each);
  return html`<${Bar} fraction=${have} ahead=${ahead} label=${words} /><span class="small quiet">${words}</span>`;
}

/** In the server's words what of a reward's cost is still missing, where that is. */
export function missingWords({ locks }) {
  return locks.find((lock) => lock.reason === "BALANCE")?.message;
}

/** Hand something to other apps, or copy it where the browser shares nothing; `told` says that it was copied. */
export async function share(text, url, told, toast) {
  if (navigator.share) return navigator.share({ text, url }).catch(() => {});
  await navigator.clipboard.writeText([text, url].filter(Boolean).join(" "));
  return toast(told);
}

/** Where members get help, where the programme says so. */
export function Support() {
  const { brand, links } = phone.programme ?? {};
  const own = brand?.support ?? {};
  const page = own.url ?? links?.support;
  const ways = [
    page && [page, t("support.page")],
    own.email && [`mailto:${own.email}`, own.email],
    own.phone && [`tel:${own.phone}`, own.phone],
    links?.privacy && [links.privacy, t("support.privacy")],
  ].filter(Boolean);
  if (!ways.length) return null;
  return html`<p class="small quiet ways">
    ${ways.map(([address, words]) =>
      /^https?:|^\//.test(address)
        ? html`<a key=${address} href=${address} target="_blank" rel="noopener">${words}</a>`
        : html`<span key=${address}>${words}</span>`,
    )}
  </p>`;
}

const NAMES = { en: "English", pt: "Português", pl: "Polski" };

/** The languages to choose from: those of the page that the programme speaks, all where it speaks none of them. */
function offered() {
  const spoken = (phone.programme?.locales ?? []).map((locale) => locale.slice(0, 2));
  const both = Object.keys(NAMES).filter((tag) => spoken.includes(tag) || tag === speech.language);
  return spoken.some((tag) => tag in NAMES) ? both : Object.keys(NAMES);
}

/** The page's language; `chosen` keeps it with the membership as well. */
export function LanguagePicker({ chosen }) {
  const tags = offered();
  if (tags.length < 2) return null;
  const choose = async (tag) => {
    prefer("language", tag);
    await chosen?.(tag);
    location.reload();
  };
  return html`<div class="segments" role="group" aria-label=${t("language")}>
    ${tags.map(
      (
        tag,
      ) => html`<button key=${tag} type="button" lang=${tag} aria-pressed=${String(tag === speech.language)} onClick=${() => choose(tag)}>
        ${NAMES[tag]}
      </button>`,
    )}
  </div>`;
}
