/* What the variants of rules, rewards and messages came to, each against the first: beside what a holdout tells. */

import { number } from "/shared/format.js";
import { html } from "/shared/preact.js";
import { speech, t } from "/shared/words.js";
import { inMoney, Sums, Table } from "./table.js";
import { signedMoney, signedPoints } from "./writing.js";

const COUNTS = { rule: "variant.applied", reward: "variant.redeemed", message: "variant.sent" };

/** A section for each part that has variants. `kind` is rule, reward or message. */
export function Variants({ kind, parts }) {
  const varied = parts.filter(({ variants }) => variants.length);
  if (!varied.length) return null;
  return html`<section class="stack variants" aria-label=${t("variants")}>
    <h2>${t("variants")}</h2>
    ${varied.map((part) => {
      const name = part.title ?? part[kind];
      return html`<div key=${part[kind]} class="stack tight">
        <h3>${name}</h3>
        <${Table} label=${t("variants.of", { part: name })} rows=${part.variants} columns=${columnsOf(kind)} none="" />
      </div>`;
    })}
    <p class="quiet small">${t("variants.hint")}</p>
  </section>`;
}

function columnsOf(kind) {
  const revenue = {
    head: t("variant.revenue"),
    isText: true,
    cell: ({ revenue: measured }) =>
      html`<${Measured} measured=${measured} value=${inMoney} signed=${signedMoney} unit="variant.members" />`,
  };
  const rate = (head, key, unit) => ({
    head: t(head),
    isText: true,
    cell: (row) =>
      html`<${Measured} measured=${row[key]} value=${percent} signed=${signedPoints} unit=${unit} />`,
  });
  const first = [
    {
      head: t("variant"),
      cell: ({ variant, share }) =>
        html`<span class="code small">${variant}</span><small class="under quiet">${t("variant.share", { share: percent(share) })}</small>`,
    },
    { head: t(COUNTS[kind]), cell: ({ count }) => number(count) },
  ];
  if (kind === "message")
    return [
      ...first,
      rate("message.opened", "conversion", "variant.messages"),
      rate("message.clicked", "clicks", "variant.messages"),
      revenue,
    ];
  const paid = kind === "rule" ? "awarded" : "spent";
  return [
    ...first,
    { head: t(`${kind}.${paid}`), cell: (row) => html`<${Sums} sums=${row[paid]} />` },
    ...(kind === "rule"
      ? [{ head: t("rule.cost"), cell: ({ cost }) => (cost === null ? t("figure.unknown") : inMoney(cost)) }]
      : []),
    rate("variant.conversion", "conversion", "variant.members"),
    revenue,
  ];
}

function percent(share) {
  return new Intl.NumberFormat(speech.locale, { style: "percent", maximumFractionDigits: 1 }).format(share);
}

/* A mean, over how many, and how it differs from the first variant: proven only where the interval leaves 0 out. */
function Measured({ measured, value, signed, unit }) {
  if (!measured?.members) return html`<span class="quiet">${t("figure.unknown")}</span>`;
  const { members, mean, difference, low, high, daysToTell } = measured;
  const over = html`<small class="under quiet">${t(unit, { count: members })}</small>`;
  if (difference === null) return html`<strong>${value(mean)}</strong>${over}`;
  const isTold = low > 0 || high < 0;
  const sign = isTold ? (low > 0 ? "plus" : "minus") : "";
  return html`<strong>${value(mean)}</strong> <span class=${sign}>${signed(difference)}</span>
    <small class="under quiet">${t("variant.range", { low: signed(low), high: signed(high) })}</small>${over}
    ${!isTold && html`<small class="under">${daysToTell && daysToTell < 1000 ? t("effect.days", { count: daysToTell }) : t("effect.open")}</small>`}`;
}
