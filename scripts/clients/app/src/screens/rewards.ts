// Rewards, with what locks them, and the vouchers in hand.
import type { ApolloCache } from "@apollo/client";
import { MemberDocument } from "../generated/api.js";
import { amount } from "./amounts.js";

export function rewardsScreen(cache: ApolloCache): string {
  const me = cache.readQuery({ query: MemberDocument })?.me;
  if (!me) return "Loading ...";
  const rewards = me.rewards.edges.map(({ node }) => {
    const { title, cost } = node.reward;
    const price = cost ? amount(cost.amount, cost.unit) : "a present";
    const locks = node.locks.map((lock) => lock.message).join(" ");
    return `${title}: ${price}${node.rewardState === "LOCKED" ? ` (${locks})` : ""}`;
  });
  const vouchers = me.vouchers.edges.map(({ node }) => `${node.title}: ${node.voucherState}`);
  return [...rewards, "Vouchers", ...vouchers].join("\n");
}

/** Return the id of the first reward that can be redeemed now; null where there is none. */
export function redeemable(cache: ApolloCache): string | null {
  const me = cache.readQuery({ query: MemberDocument })?.me;
  return me?.rewards.edges.find(({ node }) => node.rewardState === "UNLOCKED")?.node.reward.id ?? null;
}
