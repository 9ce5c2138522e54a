/* The member's tier: the way to the next, what keeps this one, and the whole ladder with what each brings. */

import { anyOf, counted, countText, day, listed, number } from "/shared/format.js";
import { html } from "/shared/preact.js";
import { t } from "/shared/words.js";
import { sheet } from "../dialogs.js";
import { phone } from "../phone.js";
import { Bar, Icon, Ring } from "../ui.js";

export function Medal({ colour, small = false }) {
  return html`<span class=${`medal${small ? " small" : ""}`} style=${{ background: colour ?? "var(--gold-line)" }}><${Icon} name="star" /></span>`;
}

export function Tier({ progress }) {
  const { current, next } = progress;
  const colour = current.colour ?? "var(--gold-line)";
  return html`<button class="card tier" onClick=${() => sheet(t("tier.title"), Ladder, { progress })}>
    <${Ring} fraction=${progress.fraction} size=${92} colour=${colour}><${Medal} colour=${current.colour} /><//>
    <span class="grow stack tight">
      <strong class="name">${current.name}</strong>
      ${
        next && progress.counts?.length
          ? html`<${Way} progress=${progress} />`
          : html`<span class="quiet">
              ${next ? t("tier.next", { missing: number(progress.toNext), tier: next.name }) : t("tier.top")}
            </span>`
      }
      ${progress.until && html`<span class="small quiet">${held(progress)}</span>`}
    </span>
    <${Icon} name="forward" />
  </button>`;
}

/* Several counts, such as nights or spend: what each misses, since any one is enough. */
function Way({ progress: { next, counts } }) {
  const leading = counts.filter((count) => count.toNext !== null);
  return html`<span class="quiet">${t(leading.length > 1 ? "tier.any" : "tier.one", { tier: next.name })}</span>
    ${leading.map(
      (count) => html`<span class="count" key=${count.code}>
        <span>${count.title}</span>
        <span class="num">${t("tier.more", { missing: counted(count.toNext, count) })}</span>
        <${Bar} fraction=${count.fraction} label=${count.title} />
      </span>`,
    )}`;
}

function held(progress) {
  if (!progress.toKeep) return t("tier.until", { day: day(progress.until) });
  const keeping = (progress.counts ?? []).filter((count) => count.toKeep !== null);
  return keeping.length
    ? t("tier.keepAny", {
        counts: anyOf(keeping.map((count) => countText(count.toKeep, count))),
        day: day(progress.until),
      })
    : t("tier.keep", { missing: number(progress.toKeep), day: day(progress.until) });
}

function soFar(progress) {
  if (!progress.counts?.length) return t("tier.counted", { amount: number(progress.qualifying) });
  const counts = progress.counts.map((count) => countText(count.qualifying, count));
  return t("tier.soFar", { amount: listed(counts) });
}

function Ladder({ progress }) {
  return html`<div class="stack">
    <h2>${t("tier.title")}</h2>
    <p class="quiet">${soFar(progress)}</p>
    ${(phone.programme?.tiers ?? [progress.current]).map(
      (each) => html`<${Rung} key=${each.id} each=${each} isHere=${each.id === progress.current.id} />`,
    )}
  </div>`;
}

function Rung({ each, isHere }) {
  const reaching = (each.thresholds ?? []).filter((threshold) => threshold.from !== null);
  return html`<section class=${`card rung${isHere ? " here" : ""}`}>
    <div class="row wrap part">
      <${Medal} colour=${each.colour} small />
      <h3 class="grow">${each.name}</h3>
      ${
        isHere
          ? html`<span class="chip gold">${t("tier.yours")}</span>`
          : !each.thresholds?.length &&
            html`<span class="quiet num">${t("tier.from", { from: number(each.from) })}</span>`
      }
    </div>
    ${
      each.thresholds?.some((threshold) => threshold.from) &&
      html`<p class="small quiet">
        ${t("tier.from", { from: anyOf(reaching.map((threshold) => countText(threshold.from, threshold))) })}
      </p>`
    }
    <${Benefits} all=${each.benefits} />
  </section>`;
}

export function Benefits({ all }) {
  return html`<ul class="benefits">
    ${all.map((benefit) => html`<li key=${benefit}><${Icon} name="check" /><span>${benefit}</span></li>`)}
  </ul>`;
}
