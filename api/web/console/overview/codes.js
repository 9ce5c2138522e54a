/* Invitations and codes: what became of friends who were invited, and how often each code was entered and is left. */

import { Reading, useReading } from "/console/reading.js";
import { number } from "/shared/format.js";
import { html } from "/shared/preact.js";
import { speech, t } from "/shared/words.js";
import { ask } from "../console.js";
import { CODES } from "./queries.js";
import { Named, Table } from "./table.js";

const percent = (value) =>
  new Intl.NumberFormat(speech.locale, { style: "percent", maximumFractionDigits: 1 }).format(value);
const share = (figure) => (figure?.value == null ? t("figure.unknown") : percent(figure.value));

/* Who bought in the period may have entered the code before it: a share, or where it would be none, their number. */
const converted = (figure) =>
  figure?.value == null && figure?.numerator > 0 ? number(figure.numerator) : share(figure);

/** `values` are the figures of the period, the conversions among them. */
export function Codes({ values }) {
  const reading = useReading(async () => (await ask(CODES)).codeUses, []);
  const of = (code) => values.find((each) => each.code === "code_conversion" && each.subject === code);
  const referral = values.find((each) => each.code === "referral_conversion");
  const columns = [
    { head: t("code.name"), cell: ({ name, title }) => html`<${Named} title=${title} code=${name} />` },
    { head: t("code.period"), cell: ({ name }) => number(of(name)?.denominator ?? 0) },
    { head: t("code.conversion"), cell: ({ name }) => converted(of(name)) },
    { head: t("code.entered"), cell: ({ entered }) => number(entered) },
    { head: t("code.made"), cell: ({ made, most }) => number(made ?? most ?? 0) || "–" },
    { head: t("code.left"), cell: ({ left }) => (left === null ? t("reward.endless") : number(left)) },
  ];
  return html`${referral && html`<${Referrals} referral=${referral} />`}
    <${Reading} reading=${reading}>${(codes) =>
      html`<${Table} label=${t("results.codes")} rows=${codes} columns=${columns} none=${t("code.none")} />
        ${codes.some((each) => each.isBatch) && html`<p class="quiet small">${t("code.more")}</p>`}`}<//>`;
}

function Referrals({ referral }) {
  return html`<section class="card stack tight" aria-label=${t("referrals")}>
    <h2>${t("referrals")}</h2>
    ${referral.value !== null && html`<p class="big num">${share(referral)}</p>`}
    <p>${t(referral.value === null ? "referrals.counts" : "referrals.of", { qualified: number(referral.numerator), registered: number(referral.denominator) })}</p>
    ${referral.before !== null && html`<p class="quiet small">${t("referrals.before", { share: percent(referral.before) })}</p>`}
  </section>`;
}
