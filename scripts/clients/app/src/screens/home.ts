// Home: who it is, what they have, where they stand.
import type { ApolloCache } from "@apollo/client";
import { MemberDocument, ProgrammeDocument } from "../generated/api.js";
import { amount } from "./amounts.js";

export function homeScreen(cache: ApolloCache): string {
  const programme = cache.readQuery({ query: ProgrammeDocument })?.programme;
  const me = cache.readQuery({ query: MemberDocument })?.me;
  if (!programme || !me) return "Loading ...";
  const lines = [programme.brand?.name ?? programme.name, `${me.name}, ${me.number}`];
  if (programme.clock && programme.clock.aheadSeconds > 0)
    lines.push(`Test clock: ${Math.floor(programme.clock.aheadSeconds / 86_400)} days ahead`);
  for (const wallet of me.wallets) {
    const pending = wallet.pending ? `, ${amount(wallet.pending, wallet)} on the way` : "";
    lines.push(`${amount(wallet.available, wallet)}${pending}`);
  }
  if (me.tier) {
    const next = me.tier.next ? `, ${me.tier.toNext} to ${me.tier.next.name}` : "";
    lines.push(`${me.tier.current.name}${next}`);
  }
  for (const { badge, level, progress, target } of me.badges)
    lines.push(`${badge.name}: level ${level}${target === null ? "" : `, ${progress} of ${target}`}`);
  if (me.messages.unread) lines.push(`${me.messages.unread} unread`);
  return lines.join("\n");
}
