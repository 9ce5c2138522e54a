/* What to tell a member about a failure: a network's, a session's, or the server's own sentence. */

import { NoNetwork, SignedOut, SomebodyElse } from "/shared/graphql.js";
import { has, t } from "/shared/words.js";
import { session } from "./phone.js";

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

/** The field of a form that an answer is about. */
export function fieldOf(error) {
  const [field] = error.field?.match(/[A-Za-z]+$/) ?? [];
  return ["email", "phone"].includes(field) ? "contact" : field;
}
