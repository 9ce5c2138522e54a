/* Who did something, as the trail names them. */

import { t } from "/shared/words.js";

export function whoText(actor) {
  const [kind, name] = actor.split(":");
  if (kind === "member") return t("actor.member");
  if (kind === "cli") return name ? t("actor.cli.of", { name }) : t("actor.cli");
  return actor;
}
