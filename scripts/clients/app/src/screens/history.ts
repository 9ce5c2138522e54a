// History by purchase: each receipt with all that it brought and took, refunds included.
import type { ApolloCache } from "@apollo/client";
import { MemberDocument } from "../generated/api.js";
import { amount, money } from "./amounts.js";

export function historyScreen(cache: ApolloCache): string {
  const me = cache.readQuery({ query: MemberDocument })?.me;
  if (!me) return "Loading ...";
  return me.purchases.edges
    .flatMap(({ node }) => {
      const refunded = node.refunded ? `, ${money(node.refunded, node.currency)} refunded` : "";
      const head = `${node.externalId} at ${node.store?.name ?? "home"}: ${money(node.total, node.currency)}${refunded}`;
      return [head, ...node.entries.map((entry) => `  ${entry.title}: ${amount(entry.amount, entry.unit)}`)];
    })
    .join("\n");
}
