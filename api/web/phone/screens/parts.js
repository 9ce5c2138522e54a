/* Pieces that several screens show: figures, pictures, rings, reasons, and what to say when something
   fails. */

import { busy, fill, h, icon, kindIcon, s, toast } from "/shared/dom.js";
import { amount, dayOf, money, number, percent, signed } from "/shared/format.js";
import { NoNetwork, SignedOut, SomebodyElse } from "/shared/graphql.js";
import { has, t } from "/shared/words.js";
import { phone, session, walletOf } from "../phone.js";

/** A card of the Me screen, under a heading. */
export function section(key, ...children) {
  return h("section.card.stack", {}, h("h2", {}, t(key)), children);
}

/** A reward's picture, or the drawing of its kind where it has none or it cannot be had. */
export function picture(reward, size) {
  const style = { "--size": size ? `${size}px` : "100%" };
  const sign = h("span.picture.sign", { "aria-hidden": "true", style }, kindIcon(reward.rewardKind));
  if (!reward.image) return sign;
  const image = h("img.picture", {
    src: reward.image,
    alt: "",
    loading: "lazy",
    width: size ?? 240,
    height: size ?? 240,
    style,
    onerror: () => image.replaceWith(sign),
  });
  return image;
}

/** "500 NumisPoints", or money as money. */
export function cost({ wallet, amount: value }) {
  const own = walletOf(wallet);
  return own?.walletKind === "MONEY"
    ? amount(value, own)
    : t("cost", { amount: number(value), wallet: own?.name ?? wallet });
}

export function figure(value, wallet) {
  return h(`span.figure${value > 0 ? ".plus" : value < 0 ? ".minus" : ".off"}`, {}, signed(value, wallet));
}

/** Where the terms are read; nothing where the programme names no place: a link to nowhere led back to this
 * page. */
export function termsLink({ url }) {
  return url ? h("a", { href: url, target: "_blank", rel: "noopener" }, t("terms.read")) : "";
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

/** A ring filled so far, with what stands in its middle. */
export function ring(fraction, size, middle, colour = "var(--seal)") {
  const turn = 2 * Math.PI * 44;
  return h(
    "div.ring",
    { style: { "--size": `${size}px` } },
    s(
      "svg",
      { viewBox: "0 0 100 100", "aria-hidden": "true" },
      s("circle.way", { cx: 50, cy: 50, r: 44 }),
      // Its ends are round: of no length it would be a dot.
      fraction > 0 &&
        s("circle.done", {
          cx: 50,
          cy: 50,
          r: 44,
          "stroke-dasharray": `${turn * Math.min(1, fraction)} ${turn}`,
          style: { stroke: colour },
        }),
    ),
    h("div.middle", {}, middle),
  );
}

export function bar(fraction, label) {
  return h(
    "div.bar",
    {
      role: "progressbar",
      "aria-label": label,
      "aria-valuemin": 0,
      "aria-valuemax": 100,
      "aria-valuenow": Math.round(fraction * 100),
    },
    h("span", { style: { width: `${Math.round(Math.min(1, fraction) * 100)}%` } }),
  );
}

/** Each rule that counted, and each that did not with its reason. A rule that nobody gave a title tells
 * people nothing. */
export function reasons(all) {
  const outcomes = all.filter((outcome) => outcome.title !== outcome.rule || outcome.amount);
  return h(
    "ul.lines.reasons",
    {},
    outcomes.map((outcome) =>
      h(
        outcome.applied ? "li" : "li.off",
        {},
        h("span", {}, outcome.title, outcome.reason && h("small.why", {}, why(outcome.reason))),
        outcome.applied && outcome.amount
          ? figure(outcome.amount, walletOf(outcome.wallet))
          : h("span.figure.off", {}, outcome.applied ? icon("check") : "\u2013"),
      ),
    ),
  );
}

/** A reason's fixed word in the reader's language; one that the server added since is shown as it came. */
function why(reason) {
  const [word, ...rest] = reason.split(":");
  if (!has(`why.${word}`)) return reason;
  const value = rest.join(":");
  return t(`why.${word}`, {
    value: word === "later" && value ? dayOf(value, phone.programme?.timezone) : value,
  });
}

export function notice(text, kind = "", image = "clock") {
  return h(
    `p.notice${kind ? `.${kind}` : ""}`,
    { role: kind === "bad" ? "alert" : null },
    icon(image),
    h("span", {}, text),
  );
}

/** Tell what went wrong where it was asked for; in passing, where the member has gone on to something else. */
export function fail(place, text, image = "cloud") {
  if (place.isConnected) fill(place, notice(text, "bad", image));
  else toast(text, "bad");
}

/** What failed, and the way to try it again. */
export function failed(error, again) {
  return h(
    "div.stack",
    {},
    notice(say(error), "bad", "cloud"),
    h("button.button.wide", { type: "button", onclick: again }, t("again")),
  );
}

/** Where there is nothing yet: a drawing, and what will stand here. */
export function empty(image, text) {
  return h("div.empty", {}, icon(image), h("p", {}, text));
}

/** What to tell a member about a failure: a network's, a session's, or the server's own sentence. */
export function say(error) {
  if (error instanceof NoNetwork) return t("fault.network");
  if (error instanceof SignedOut) {
    session.end();
    return t("fault.signedout");
  }
  if (error instanceof SomebodyElse) return t("fault.signedout");
  if (error.code === "RATE_LIMITED") return t("fault.often", { seconds: error.retryAfter ?? 5 });
  if (error.code === "BUSY") return t("fault.busy", { seconds: error.retryAfter ?? 5 });
  if (error.code !== "BAD_INPUT" || !error.field) return t("fault.internal");
  // The server's own sentence is for programmers, in English: here stands ours about the field that it names.
  const field = fieldOf(error);
  return has(`fault.field.${field}`) ? t(`fault.field.${field}`) : t("fault.input");
}

function fieldOf(error) {
  const [field] = error.field?.match(/[A-Za-z]+$/) ?? [];
  return ["email", "phone"].includes(field) ? "contact" : field;
}

/* Tell a fault at the field that it is about, where the form has it. */
function atField(form, error) {
  const input = error.code === "BAD_INPUT" && form.elements.namedItem(fieldOf(error) ?? "");
  const box = input?.closest?.(".field");
  if (!box?.isConnected) return false;
  box.fault(say(error));
  input.focus();
  return true;
}

/** A form that sends itself once at a time and shows what went wrong beneath its fields; at first the `problem`
 * that is known before. */
export function sending(button, children, act, problem = "") {
  const fault = h("div", { "aria-live": "assertive" }, problem && notice(problem, "bad", "close"));
  return h(
    "form.stack",
    {
      onsubmit: (event) => {
        event.preventDefault();
        const form = event.target;
        fill(fault);
        for (const box of form.querySelectorAll(".field.wrong")) box.fault("");
        busy(button, async () => {
          try {
            const fresh = await act();
            if (fresh) fail(fault, fresh, "close");
          } catch (error) {
            if (!atField(form, error)) fail(fault, say(error));
          }
        });
      },
    },
    children,
    fault,
    button,
  );
}

/** A list that is read page by page: `read(after)` answers {nodes, pageInfo}. */
export function pages(first, draw, read) {
  const list = h("ul.lines", {}, first.nodes.map(draw));
  return h(
    "div.stack",
    {},
    list,
    furtherPages(first.pageInfo, async (after) => {
      const next = await read(after);
      list.append(...next.nodes.map(draw));
      return next.pageInfo;
    }),
  );
}

/** The button beneath a list for what follows: `add(after)` appends it and answers its page info. */
export function furtherPages(pageInfo, add) {
  let { endCursor } = pageInfo;
  const fault = h("div", { "aria-live": "assertive" });
  const more = h(
    "button.button.wide",
    {
      type: "button",
      onclick: () =>
        busy(more, async () => {
          fill(fault);
          try {
            const page = await add(endCursor);
            ({ endCursor } = page);
            more.hidden = !page.hasNextPage;
          } catch (error) {
            fill(fault, notice(say(error), "bad", "cloud"));
          }
        }),
    },
    t("more"),
  );
  more.hidden = !pageInfo.hasNextPage;
  return h("div.stack.tight.further", {}, fault, more);
}
