/* At a glance: what can be spent and what lapses when, the way to the next tier, what could be had, what
   happened last. */

import { h, icon, sheet } from "/shared/dom.js";
import { amount, anyOf, counted, countText, day, listed, money, number, percent } from "/shared/format.js";
import { t } from "/shared/words.js";
import { go, phone } from "../phone.js";
import { isCard, stamps } from "./badges.js";
import { showCard } from "./card.js";
import { enterCode } from "./codes.js";
import { entryLine } from "./history.js";
import { bar, cost, empty, notice, picture, ring } from "./parts.js";
import { missing, missingWords, openReward } from "./rewards.js";
import { openVoucher } from "./voucher.js";

export function homeScreen(element) {
  const { me } = phone;
  if (!me)
    return element.append(
      h("h1.unseen", { tabindex: -1 }, t("loading")),
      phone.trouble ? notice(phone.trouble, "bad", "cloud") : "",
      h("div.skeleton.tall"),
      h("div.skeleton"),
      h("div.skeleton"),
    );
  const vouchers = me.vouchers.filter((voucher) => voucher.voucherState === "ISSUED");
  element.append(
    balance(me),
    ...(me.tier ? [tier(me.tier)] : []),
    ...(vouchers.length ? [ready(vouchers)] : []),
    ...within(me.rewards),
    ...cards(me.badges),
    ...badges(me.badges),
    latest(me.history),
  );
}

function balance(me) {
  const [first, ...others] = me.wallets;
  const sum = amount(first.available, first);
  return h(
    "div.lift",
    {},
    h(
      "div.stamp.purse",
      {},
      h("p.hello", {}, t("home.hello", { name: me.name.split(" ")[0] })),
      h(
        "h1",
        { tabindex: -1 },
        h("span.sum.num", { style: { "--signs": sum.length } }, sum),
        " ",
        h("span.unit", {}, first.name),
      ),
      first.pending ? h("p.small", {}, t("wallet.pending", { amount: amount(first.pending, first) })) : null,
      first.debt ? h("p.small.minus", {}, t("wallet.debt", { amount: amount(first.debt, first) })) : null,
      pays(first),
      lapses(first),
      others.length
        ? h(
            "ul.purses",
            {},
            others.map((wallet) =>
              h("li.chip", {}, wallet.name, h("strong.num", {}, amount(wallet.available, wallet))),
            ),
          )
        : null,
      h("button.button.primary.wide", { onclick: showCard }, icon("card"), t("home.card")),
      phone.programme?.takesCodes
        ? h("button.button.wide", { onclick: () => enterCode() }, icon("tag"), t("codes.enter"))
        : null,
    ),
  );
}

/* What the points are worth at the till. Money says so by itself. */
function pays(wallet) {
  const { pay } = wallet;
  const { currency } = phone.programme ?? {};
  if (!pay || !currency || wallet.walletKind === "MONEY") return null;
  const units = Math.floor(wallet.available / pay.step) * pay.step;
  const worth = (some) => money(Math.floor((some * pay.worth) / pay.units), currency);
  const what =
    units >= pay.minimum
      ? t("pay.worth", { worth: worth(units) })
      : t("pay.from", { amount: number(pay.minimum), worth: worth(pay.minimum) });
  return h(
    "p.small",
    {},
    pay.share < 100 ? `${what} ${t("pay.share", { share: percent(pay.share) })}` : what,
  );
}

function lapses(wallet) {
  const [soonest] = wallet.expiring;
  if (!soonest) return h("p.small.quiet", {}, wallet.available ? t("lapse.never") : "");
  return h(
    "button.lapse",
    { onclick: openLapses },
    icon("clock"),
    t("lapse.soonest", { amount: amount(soonest.amount, wallet), day: day(soonest.on) }),
    icon("forward"),
  );
}

/* Every day on which something lapses, wallet by wallet. */
function openLapses() {
  const lots = (wallet) =>
    h(
      "ul.lines.card",
      {},
      wallet.expiring.map((lot) =>
        h("li", {}, day(lot.on), h("span.figure", {}, amount(lot.amount, wallet))),
      ),
    );
  return sheet(t("lapse.title"), t("close"), () =>
    h(
      "div.stack",
      {},
      h("h2", {}, t("lapse.title")),
      h("p.quiet", {}, t("lapse.hint")),
      phone.me.wallets
        .filter((wallet) => wallet.expiring.length)
        .map((wallet) => h("section.stack.tight", {}, h("h3", {}, wallet.name), lots(wallet))),
    ),
  );
}

function tier(progress) {
  const { current, next } = progress;
  const colour = current.colour ?? "var(--gold-line)";
  return h(
    "button.card.tier",
    { onclick: () => ladder(progress) },
    ring(progress.fraction, 92, h("span.medal", { style: { background: colour } }, icon("star")), colour),
    h(
      "span.grow.stack.tight",
      {},
      h("strong.name", {}, current.name),
      next && progress.counts?.length
        ? way(progress)
        : h(
            "span.quiet",
            {},
            next ? t("tier.next", { missing: number(progress.toNext), tier: next.name }) : t("tier.top"),
          ),
      progress.until ? h("span.small.quiet", {}, held(progress)) : null,
    ),
    icon("forward"),
  );
}

/* Several counts, such as nights or spend: what each misses, since any one is enough. */
function way({ next, counts }) {
  const leading = counts.filter((count) => count.toNext !== null);
  return [
    h("span.quiet", {}, t(leading.length > 1 ? "tier.any" : "tier.one", { tier: next.name })),
    ...leading.map((count) =>
      h(
        "span.count",
        {},
        h("span", {}, count.title),
        h("span.num", {}, t("tier.more", { missing: counted(count.toNext, count) })),
        bar(count.fraction, count.title),
      ),
    ),
  ];
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

function reaching(rung) {
  return rung.thresholds
    .filter((threshold) => threshold.from !== null)
    .map((threshold) => countText(threshold.from, threshold));
}

function ladder(progress) {
  return sheet(t("tier.title"), t("close"), () =>
    h(
      "div.stack",
      {},
      h("h2", {}, t("tier.title")),
      h("p.quiet", {}, soFar(progress)),
      (phone.programme?.tiers ?? [progress.current]).map((each) =>
        h(
          `section.card.rung${each.id === progress.current.id ? ".here" : ""}`,
          {},
          h(
            "div.row",
            {},
            h("span.medal.small", { style: { background: each.colour ?? "var(--gold-line)" } }, icon("star")),
            h("h3.grow", {}, each.name),
            each.id === progress.current.id
              ? h("span.chip.gold", {}, t("tier.yours"))
              : each.thresholds?.length
                ? null
                : h("span.quiet.num", {}, t("tier.from", { from: number(each.from) })),
          ),
          each.thresholds?.some((threshold) => threshold.from)
            ? h("p.small.quiet", {}, t("tier.from", { from: anyOf(reaching(each)) }))
            : null,
          h(
            "ul.benefits",
            {},
            each.benefits.map((benefit) => h("li", {}, icon("check"), benefit)),
          ),
        ),
      ),
    ),
  );
}

function ready(vouchers) {
  return h(
    "section.stack.tight",
    {},
    h("h2", {}, t("home.vouchers")),
    h(
      "ul.strip",
      {},
      vouchers.map((voucher) =>
        h(
          "li",
          {},
          h(
            "button.ticket",
            { onclick: () => openVoucher(voucher) },
            picture(voucher.reward, 56),
            h("span.grow", {}, h("strong", {}, voucher.title), h("small.quiet", {}, t("voucher.show"))),
            icon("scan"),
          ),
        ),
      ),
    ),
  );
}

/* What could be had now, else what is nearest. */
function within(rewards) {
  const unlocked = rewards.filter((each) => each.rewardState === "UNLOCKED").slice(0, 2);
  const nearest = rewards
    .filter(
      (each) =>
        each.rewardState === "LOCKED" &&
        each.missing &&
        each.locks.every((lock) => lock.reason === "BALANCE"),
    )
    .sort((a, b) => a.missing - b.missing)
    .slice(0, 2 - unlocked.length);
  if (!unlocked.length && !nearest.length) return [];
  return [
    h(
      "section.stack.tight",
      {},
      h(
        "div.row.spread",
        {},
        h("h2", {}, t("home.rewards")),
        h("button.button.plain", { onclick: () => go("rewards") }, t("all")),
      ),
      [...unlocked, ...nearest].map((each) =>
        h(
          "button.card.offer",
          { onclick: () => openReward(each) },
          picture(each.reward, 64),
          h(
            "span.grow.stack.tight",
            {},
            h("strong", {}, each.reward.title),
            h("span.small.quiet", {}, cost(each.reward.cost)),
            each.missing
              ? [missing(each), h("span.small.quiet", {}, missingWords(each))]
              : h("span.chip.good", {}, icon("check"), t("reward.yours")),
          ),
        ),
      ),
    ),
  ];
}

/* The stamp cards in hand, which is what one looks for at the counter. */
function cards(list) {
  return list
    .filter(isCard)
    .slice(0, 2)
    .map((each) =>
      h(
        "button.card.stampbutton",
        { onclick: () => go("badges") },
        h("strong", {}, each.badge.name),
        stamps(each),
      ),
    );
}

function badges(all) {
  const list = all.filter((each) => !isCard(each));
  if (!list.length) return [];
  return [
    h(
      "section.stack.tight",
      {},
      h(
        "div.row.spread",
        {},
        h("h2", {}, t("tab.badges")),
        h("button.button.plain", { onclick: () => go("badges") }, t("all")),
      ),
      h(
        "ul.medals",
        {},
        list
          .slice(0, 4)
          .map((each) =>
            h(
              "li",
              {},
              ring(
                each.fraction,
                68,
                h(`span${each.level ? "" : ".faint"}`, {}, picture({ image: each.badge.art }, 46)),
                "var(--gold-line)",
              ),
              h("small", {}, each.badge.name),
            ),
          ),
      ),
    ),
  ];
}

function latest(history) {
  return h(
    "section.stack.tight",
    {},
    h(
      "div.row.spread",
      {},
      h("h2", {}, t("home.latest")),
      h("button.button.plain", { onclick: () => go("history") }, t("all")),
    ),
    history.length
      ? h("ul.lines.card", {}, history.slice(0, 3).map(entryLine))
      : empty("clock", t("history.none")),
  );
}
