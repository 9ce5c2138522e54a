/* Pieces that several screens show: figures, pictures, rings, reasons, and what to say when something fails. */

import { fill, h, icon, kindIcon, s } from "/shared/dom.js";
import { amount, dayOf, money, number, signed } from "/shared/format.js";
import { NoNetwork, SignedOut } from "/shared/graphql.js";
import { has, t } from "/shared/words.js";
import { phone, session, walletOf } from "../phone.js";

/** A reward's picture, or the drawing of its kind where it has none. */
export function picture(reward, size) {
  const style = { "--size": size ? `${size}px` : "100%" };
  if (reward.image) return h("img.picture", { src: reward.image, alt: "", loading: "lazy", width: size ?? 240, height: size ?? 240, style });
  return h("span.picture.sign", { "aria-hidden": "true", style }, kindIcon(reward.rewardKind));
}

/** "500 NumisPoints", or money as money. */
export function cost({ wallet, amount: value }) {
  const own = walletOf(wallet);
  return own?.walletKind === "MONEY" ? amount(value, own) : `${number(value)} ${own?.name ?? wallet}`;
}

export function figure(value, wallet) {
  return h(`span.figure${value > 0 ? ".plus" : value < 0 ? ".minus" : ".off"}`, {}, signed(value, wallet));
}

export function worth(value) {
  if (!value) return null;
  const currency = value.currency ?? phone.programme?.currency;
  const what = value.amount !== null ? money(value.amount, currency) : value.percent !== null ? `${number(value.percent)} %` : "";
  return [what, value.minimum ? t("worth.minimum", { minimum: money(value.minimum, currency) }) : ""].filter(Boolean).join(" · ") || null;
}

/** A ring filled so far, with what stands in its middle. */
export function ring(fraction, size, middle, colour = "var(--seal)") {
  const turn = 2 * Math.PI * 44;
  return h("div.ring", { style: { "--size": `${size}px` } },
    s("svg", { viewBox: "0 0 100 100", "aria-hidden": "true" }, s("circle.way", { cx: 50, cy: 50, r: 44 }),
      s("circle.done", { cx: 50, cy: 50, r: 44, "stroke-dasharray": `${turn * Math.min(1, fraction)} ${turn}`, style: { stroke: colour } })),
    h("div.middle", {}, middle));
}

export function bar(fraction, label) {
  return h("div.bar", { role: "progressbar", "aria-label": label, "aria-valuemin": 0, "aria-valuemax": 100, "aria-valuenow": Math.round(fraction * 100) },
    h("span", { style: { width: `${Math.round(Math.min(1, fraction) * 100)}%` } }));
}

/** Each rule that counted, and each that did not with its reason. */
export function reasons(outcomes) {
  return h("ul.lines.reasons", {}, outcomes.map((outcome) => h(outcome.applied ? "li" : "li.off", {},
    h("span", {}, outcome.title, outcome.reason && h("small.why", {}, why(outcome.reason))),
    outcome.applied && outcome.amount ? figure(outcome.amount, walletOf(outcome.wallet)) : h("span.figure.off", {}, outcome.applied ? icon("check") : "\u2013"))));
}

/** A reason's fixed word in the reader's language; one that the server added since is shown as it came. */
function why(reason) {
  const [word, ...rest] = reason.split(":");
  if (!has(`why.${word}`)) return reason;
  const value = rest.join(":");
  return t(`why.${word}`, { value: word === "later" && value ? dayOf(value, phone.programme?.timezone) : value });
}

export function notice(text, kind = "", image = "clock") {
  return h(`p.notice${kind ? "." + kind : ""}`, { role: kind === "bad" ? "alert" : null }, icon(image), h("span", {}, text));
}

/** What to tell a member about a failure: a network's, a session's, or the server's own sentence. */
export function say(error) {
  if (error instanceof NoNetwork) return t("fault.network");
  if (error instanceof SignedOut) {
    session.end();
    return t("fault.signedout");
  }
  if (error.code === "RATE_LIMITED" || error.code === "BUSY") return t("fault.busy", { seconds: error.retryAfter ?? 5 });
  if (error.code === "INTERNAL" || error.code === undefined) return t("fault.internal");
  return error.message;
}

/** A form that sends itself once at a time and shows what went wrong beneath its fields. */
export function sending(button, children, act) {
  const fault = h("div", { "aria-live": "assertive" });
  return h("form.stack", {
    onsubmit: async (event) => {
      event.preventDefault();
      button.disabled = true;
      fill(fault);
      try {
        const problem = await act();
        if (problem) fill(fault, notice(problem, "bad", "close"));
      } catch (error) {
        fill(fault, notice(say(error), "bad", "cloud"));
      } finally {
        button.disabled = false;
      }
    },
  }, children, fault, button);
}

/** A list that is read page by page: `read(after)` answers {nodes, pageInfo}. */
export function pages(first, draw, read) {
  const list = h("ul.lines", {}, first.nodes.map(draw));
  const more = h("button.button.wide", { hidden: !first.pageInfo.hasNextPage, onclick: async () => {
    more.disabled = true;
    try {
      const next = await read(more.after);
      list.append(...next.nodes.map(draw));
      more.after = next.pageInfo.endCursor;
      more.hidden = !next.pageInfo.hasNextPage;
    } catch (error) {
      list.after(notice(say(error), "bad", "cloud"));
    }
    more.disabled = false;
  } }, t("more"));
  more.after = first.pageInfo.endCursor;
  return h("div.stack", {}, list, more);
}
