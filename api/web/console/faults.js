/* What to tell service about a failure: a network's, a session's, or a sentence of ours about the field. */

import { NoNetwork, SignedOut, SomebodyElse } from "/shared/graphql.js";
import { has, t } from "/shared/words.js";

export function say(error) {
  if (error instanceof NoNetwork) return t("fault.network");
  if (error instanceof SignedOut || error instanceof SomebodyElse) return t("fault.signedout");
  const seconds = error.retryAfter ?? 5;
  if (error.code === "RATE_LIMITED") return t("fault.often", { seconds });
  if (error.code === "BUSY") return t("fault.busy", { seconds });
  if (error.code === "NOT_FOUND") return t("fault.notfound");
  if (error.code === "FORBIDDEN")
    return t(error.reason === "SHIFT_LIMIT" ? "fault.limit" : "fault.forbidden");
  // The server's own sentence about a field is for programmers, in English.
  const [field] = error.code === "BAD_INPUT" ? (error.field?.match(/[A-Za-z]+$/) ?? []) : [];
  if (!field) return t("fault.internal");
  return has(`fault.field.${field}`) ? t(`fault.field.${field}`) : t("fault.input");
}
