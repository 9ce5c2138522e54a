/* Badges: what was earned, and how far the next level is. */

import { h, icon } from "/shared/dom.js";
import { dayOf, ending, number } from "/shared/format.js";
import { t } from "/shared/words.js";
import { phone } from "../phone.js";
import { empty, picture, ring } from "./parts.js";

export function badgesScreen(element) {
  const zone = phone.programme?.timezone;
  element.append(
    h("h1", { tabindex: -1 }, t("tab.badges")),
    h(
      "ul.badges",
      {},
      phone.me.badges.map(({ badge, level, progress, target, fraction, earnedAt }) =>
        h(
          "li.card",
          {},
          ring(
            fraction,
            112,
            h(`span${level ? "" : ".faint"}`, {}, picture({ image: badge.art }, 78)),
            "var(--gold-line)",
          ),
          h("h2", {}, badge.name),
          badge.description ? h("p.small.quiet", {}, badge.description) : null,
          level && badge.levels.length > 1
            ? h("span.chip.gold", {}, t("badge.level", { level, of: badge.levels.length }))
            : level
              ? h("span.chip.gold", {}, icon("check"), t("badge.earned"))
              : null,
          target !== null && progress < target
            ? h(
                "p.small.num",
                {},
                t("badge.progress", { progress: number(progress), target: number(target) }),
              )
            : null,
          earnedAt ? h("p.small.quiet", {}, dayOf(earnedAt, zone)) : null,
          badge.until && !level
            ? h("p.small.quiet", {}, t("voucher.until", { day: ending(badge.until, zone) }))
            : null,
        ),
      ),
    ),
    phone.me.badges.length ? "" : empty("star", t("badge.none")),
  );
}
