/* What points can be turned into: what is unlocked first, and for the rest what is missing. */

import { busy, fill, h, icon, sheet, toast } from "/shared/dom.js";
import { ending, listed } from "/shared/format.js";
import { newKey } from "/shared/graphql.js";
import { t } from "/shared/words.js";
import { ask, phone, readHome } from "../phone.js";
import { MORE_REWARDS, REDEEM } from "../queries.js";
import { bar, cost, empty, fail, furtherPages, picture, say, worth } from "./parts.js";
import { openVoucher } from "./voucher.js";

export function rewardsScreen(element) {
  const { me } = phone;
  const held = me.vouchers.filter((voucher) => voucher.voucherState === "ISSUED");
  const past = me.vouchers.filter((voucher) => voucher.voucherState !== "ISSUED");
  const grid = h("ul.album", {}, sorted(me.rewards).map(tile));
  element.append(
    h(
      "div.stack.tight",
      {},
      h("h1", { tabindex: -1 }, t("tab.rewards")),
      h(
        "p.quiet",
        {},
        t("rewards.have", {
          amount: listed(me.wallets.map((wallet) => cost({ wallet: wallet.code, amount: wallet.available }))),
        }),
      ),
    ),
    held.length
      ? h("section.stack.tight", {}, h("h2", {}, t("home.vouchers")), h("ul.strip", {}, held.map(ticket)))
      : "",
    me.rewards.length ? grid : empty("gift", t("rewards.none")),
    me.rewardsMore.hasNextPage ? furtherPages(me.rewardsMore, (after) => add(grid, after)) : "",
    past.length
      ? h("details", {}, h("summary", {}, t("vouchers.past")), h("ul.strip", {}, past.map(ticket)))
      : "",
  );
}

function sorted(rewards) {
  return [...rewards].sort((a, b) =>
    a.rewardState === b.rewardState ? 0 : a.rewardState === "UNLOCKED" ? -1 : 1,
  );
}

function ticket(voucher) {
  return h(
    "li",
    {},
    h(
      "button.ticket",
      { onclick: () => openVoucher(voucher) },
      picture(voucher.reward, 56),
      h(
        "span.grow",
        {},
        h("strong", {}, voucher.title),
        h(
          "small.quiet",
          {},
          voucher.voucherState === "ISSUED" && voucher.expiresAt
            ? t("voucher.until", { day: ending(voucher.expiresAt, phone.programme?.timezone) })
            : t(`voucher.${voucher.voucherState}`),
        ),
      ),
    ),
  );
}

function tile(each) {
  const { reward } = each;
  const locked = each.rewardState === "LOCKED";
  return h(
    "li.lift",
    {},
    h(
      `button.stamp.tile${locked ? ".locked" : ""}`,
      { onclick: () => openReward(each) },
      picture(reward),
      h("strong", {}, reward.title),
      h("span.small.quiet", {}, cost(reward.cost)),
      locked && each.missing ? missing(each) : null,
      locked
        ? h("span.why", {}, icon("lock"), each.locks[0]?.message ?? t("reward.locked"))
        : h("span.chip.good", {}, icon("check"), t("reward.yours")),
    ),
  );
}

/** In the server's words what of a reward's cost is still missing, where that is. */
export function missingWords({ locks }) {
  return locks.find((lock) => lock.reason === "BALANCE")?.message;
}

/** How much of what a reward costs there is. */
export function missing(each) {
  return bar(1 - each.missing / each.reward.cost.amount, missingWords(each));
}

async function add(grid, after) {
  const { viewer: me } = await ask(MORE_REWARDS, { after });
  grid.append(...me.rewards.edges.map((edge) => tile(edge.node)));
  return me.rewards.pageInfo;
}

/* The sheet was closed before the answer came: what was paid for is told all the same. */
function late(voucher) {
  toast(t("redeem.late", { title: voucher.title }));
  readHome().catch(() => {});
}

/** One reward whole; redeeming it asks once more, and then holds up the voucher. */
export function openReward(each) {
  const { reward } = each;
  const idempotencyKey = newKey();
  let issued = null;
  return sheet(reward.title, t("close"), (close) => {
    const stage = h("div.stack");
    const first = () =>
      fill(
        stage,
        each.rewardState === "UNLOCKED"
          ? [h("button.button.primary.wide.tall", { onclick: second }, t("redeem"))]
          : [
              h("h3", {}, t("reward.locked")),
              h(
                "ul.stack.tight",
                {},
                each.locks.map((lock) => h("li.notice", {}, icon("lock"), h("span", {}, lock.message))),
              ),
              each.missing ? missing(each) : "",
            ],
      );
    const second = () => {
      const fault = h("div", { "aria-live": "assertive" });
      // The second half of a double tap redeems nothing: it was meant for the button that stood here before.
      const button = h(
        "button.button.primary.wide.tall",
        { onclick: (event) => event.detail < 2 && busy(button, () => redeem(fault)) },
        t("redeem.sure", { cost: cost(reward.cost) }),
      );
      fill(
        stage,
        h("p", {}, t("redeem.hint", { cost: cost(reward.cost) })),
        fault,
        button,
        h("button.button.wide", { onclick: first }, t("cancel")),
      );
      button.focus();
    };
    const redeem = async (fault) => {
      fill(fault);
      try {
        const { redeemReward } = await ask(REDEEM, { input: { rewardId: reward.id, idempotencyKey } });
        if (redeemReward.__typename === "RewardRedeemed") {
          if (!stage.isConnected) return late(redeemReward.voucher);
          issued = redeemReward.voucher;
          return close();
        }
        return fail(fault, redeemReward.message, "lock");
      } catch (error) {
        // The same key again: if it was redeemed after all, the same voucher answers.
        return fail(fault, say(error));
      }
    };
    first();
    return h(
      "div.stack.reward",
      {},
      h("div.lift", {}, h("div.stamp", {}, picture(reward))),
      h("h2", {}, reward.title),
      h("p", {}, reward.description),
      h(
        "div.row.wrap",
        {},
        h("span.chip.gold", {}, cost(reward.cost)),
        worth(reward.value) ? h("span.chip", {}, worth(reward.value)) : "",
        reward.stock !== null ? h("span.chip", {}, t("reward.stock", { count: reward.stock })) : "",
        reward.availableUntil
          ? h(
              "span.chip",
              {},
              t("voucher.until", { day: ending(reward.availableUntil, phone.programme?.timezone) }),
            )
          : "",
      ),
      reward.stores.length
        ? h(
            "p.small.quiet",
            {},
            t("voucher.stores", { stores: reward.stores.map((store) => store.name).join(", ") }),
          )
        : "",
      reward.terms ? h("p.small.quiet", {}, reward.terms) : "",
      stage,
    );
  }).then(() => {
    if (!issued) return;
    openVoucher(issued);
    readHome().catch(() => {});
  });
}
