/* What the programme knows about the member, and what the member allows it to do. */

import { attributeFields, shown } from "/shared/attributes.js";
import { busy, field, fill, h, icon, toast } from "/shared/dom.js";
import { dayOf, ending } from "/shared/format.js";
import { t } from "/shared/words.js";
import { languagePicker } from "../app.js";
import { forgetCard, ownDevice } from "../card.js";
import { ask, go, phone, session } from "../phone.js";
import { PROFILE, SET_ATTRIBUTES, SIGN_OUT, UNREGISTER, UPDATE } from "../queries.js";
import { consentSection } from "./consents.js";
import { contactSection } from "./contacts.js";
import { ownData } from "./own-data.js";
import { failed, say, section, sending } from "./parts.js";

export async function meScreen(element) {
  const body = h("div.stack", { "aria-live": "polite" }, h("div.skeleton"), h("div.skeleton"));
  element.append(h("h1", { tabindex: -1 }, t("me")), body);
  const begin = async () => {
    try {
      const { viewer: me } = await ask(PROFILE, {});
      fill(
        body,
        profile(me),
        attributes(me.attributes),
        contactSection(me),
        referral(me.referral),
        plan(me.plan),
        consentSection(me.consents),
        devices(me.devices, await ownDevice()),
        section("language", languagePicker(speakTo)),
        ownData(),
        leaving(),
      );
    } catch (error) {
      fill(body, failed(error, begin), leaving());
    }
  };
  await begin();
}

/* The member is written to in a language chosen here where the programme speaks it, as pt or as pt-BR. */
async function speakTo(tag) {
  const locales = phone.programme?.locales ?? [];
  const locale = locales.find((each) => each === tag) ?? locales.find((each) => each.startsWith(`${tag}-`));
  if (locale) await ask(UPDATE, { input: { locale } }).catch(() => {});
}

function profile(me) {
  const name = h("input", {
    required: true,
    name: "name",
    autocomplete: "name",
    maxlength: 100,
    value: me.name,
  });
  const birthday = h("input", {
    type: "date",
    name: "birthday",
    autocomplete: "bday",
    value: me.birthday ?? "",
    readOnly: Boolean(me.birthday),
  });
  return section(
    "profile",
    h(
      "p.small.quiet",
      {},
      t("profile.number", { number: me.number, day: dayOf(me.joinedAt, phone.programme?.timezone) }),
    ),
    sending(
      h("button.button.wide", {}, t("save")),
      [field(t("profile.name"), name), field(t("profile.birthday"), birthday, t("profile.birthday.once"))],
      async () => {
        const { updateProfile } = await ask(UPDATE, {
          input: { name: name.value.trim(), ...(birthday.value && { birthday: birthday.value }) },
        });
        birthday.readOnly = Boolean(updateProfile.member.birthday);
        toast(t("saved"));
      },
    ),
  );
}

/* What members set stands in a form; what staff or other systems know of them is only shown. */
function attributes(all) {
  if (!all?.length) return null;
  const { fields, changes } = attributeFields(all.filter((each) => each.by === "MEMBER"));
  const others = all.filter((each) => each.by !== "MEMBER" && each.value !== null);
  if (!fields.length && !others.length) return null;
  const save = async () => {
    const changed = changes();
    if (changed.length) await ask(SET_ATTRIBUTES, { input: { attributes: changed } });
    toast(t("saved"));
    if (changed.length && document.body.dataset.screen === "me") go("me");
  };
  return section(
    "attributes",
    others.length
      ? h(
          "ul.lines",
          {},
          others.map((each) => h("li", {}, h("span.grow", {}, each.title, h("small.why", {}, shown(each))))),
        )
      : null,
    fields.length ? sending(h("button.button.wide", {}, t("save")), fields, save) : null,
  );
}

function referral(own) {
  if (!own) return null;
  const share = async () => {
    if (navigator.share)
      return navigator
        .share({ text: t("referral.text", { programme: phone.programme.name }), url: own.url })
        .catch(() => {});
    await navigator.clipboard.writeText(own.url);
    return toast(t("referral.copied"));
  };
  return section(
    "referral",
    h("p", {}, t("referral.hint")),
    h("p.code.spell", {}, own.code),
    h("p.small.quiet", {}, t("referral.count", { count: own.qualified })),
    h("button.button.wide", { onclick: share }, icon("share"), t("referral.share")),
  );
}

function plan(own) {
  if (!own) return null;
  return section(
    "plan",
    h("h3", {}, own.plan.name),
    own.until
      ? h("p.small.quiet", {}, t("voucher.until", { day: ending(own.until, phone.programme?.timezone) }))
      : null,
    h(
      "ul.benefits",
      {},
      own.plan.benefits.map((benefit) => h("li", {}, icon("check"), benefit)),
    ),
  );
}

function devices(list, own) {
  if (!list?.length) return null;
  const zone = phone.programme?.timezone;
  return section(
    "devices",
    h(
      "ul.lines",
      {},
      list.map((device) => {
        const here = device.id === own;
        const button = h(
          "button.button.plain",
          {
            onclick: () =>
              busy(button, async () => {
                try {
                  await ask(UNREGISTER, { input: { deviceId: device.id } });
                  // This browser's own key counts no more: its next card is asked of the server.
                  if (here) await forgetCard();
                  line.remove();
                } catch (error) {
                  toast(say(error), "bad");
                }
              }),
          },
          t("remove"),
        );
        const line = h(
          "li",
          {},
          h(
            "span.grow",
            {},
            t(`platform.${device.platform}`),
            h(
              "small.why",
              {},
              here ? t("device.here") : t("device.seen", { day: dayOf(device.lastSeenAt, zone) }),
            ),
          ),
          button,
        );
        return line;
      }),
    ),
  );
}

function leaving() {
  const leave = (everywhere) => async (event) =>
    busy(event.currentTarget, async () => {
      await session.ask(SIGN_OUT, { input: { everywhere } }).catch(() => {});
      session.end();
    });
  return h(
    "section.stack.tight",
    {},
    h("button.button.wide", { onclick: leave(false) }, t("signout")),
    h("button.button.plain.wide", { onclick: leave(true) }, t("signout.everywhere")),
  );
}
