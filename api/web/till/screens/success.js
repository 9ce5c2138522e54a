/* Done: large, clear, and gone with one tap. Also what was kept on the device for want of a network. */

import { h, icon } from "/shared/dom.js";
import { stampWords } from "/shared/stamps.js";
import { t } from "/shared/words.js";
import { signal } from "../sounds.js";
import { go } from "../till.js";
import { entries, picture, total, walletOf } from "./parts.js";
import { due as dueLines } from "./payment.js";

/** `kind` good or waiting, `title`, `name`, and what there is of: `due` (what wallets paid and what is left to
 * pay), `back` (what goes back to wallets, in words), totals, wallets, entries, unlocked, badges, cards (the stamp
 * cards in hand), tier. */
export function successScreen(
  element,
  {
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
  },
) {
  signal(kind === "good" ? "good" : "seen");
  const figures = totals.filter((total) => total.amount !== 0);
  element.append(
    h(
      `div.done.${kind}`,
      { role: "status" },
      h("div.tick", { "aria-hidden": "true" }, icon(kind === "good" ? "check" : "clock")),
      h("h1", { tabindex: -1 }, title),
      name && h("p.name", {}, name),
      due && dueLines(due),
      back.map((text) => h("p.part", {}, text)),
      figures.map((each) => total(each.amount, walletOf(wallets, each.wallet))),
      subtitle && h("p", {}, subtitle),
      tier && h("p.gain", {}, icon("star"), t("done.tier", { tier })),
      unlocked.map((each) =>
        h("p.gain", {}, picture(each.reward, 40), t("done.unlocked", { title: each.reward.title })),
      ),
      newest(badges).map((each) =>
        h(
          "p.gain",
          {},
          each.badge.art ? h("img", { src: each.badge.art, alt: "", width: 40, height: 40 }) : icon("star"),
          gained(each, cards),
        ),
      ),
      cards
        .filter((each) => each.stamps)
        .map((each) => h("p", {}, t("done.card", { name: each.badge.name, stamps: stampWords(each) }))),
      h("button.button.tall.wide", { autofocus: true, onclick: () => go("scan") }, t("done.next")),
    ),
  );
  if (list.length)
    element.append(h("details.card", {}, h("summary", {}, t("done.details")), entries(list, wallets)));
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
