// The card: a number that is printed, and a code for one scan.
import type { ApolloCache } from "@apollo/client";
import { CardDocument, MemberDocument } from "../generated/api.js";

export function cardScreen(cache: ApolloCache): string {
  const me = cache.readQuery({ query: MemberDocument })?.me;
  const card = cache.readQuery({ query: CardDocument })?.me.card;
  if (!me || !card) return "Loading ...";
  return `${me.name}\n${me.number}\n${card.code}`;
}
