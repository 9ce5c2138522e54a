/* What the programme knows about the member, and what the member allows it to do. */

import { dayOf, ending } from "/shared/format.js";
import { html, useEffect, useState } from "/shared/preact.js";
import { t } from "/shared/words.js";
import { forgetCard, ownDevice } from "../card.js";
import { say } from "../faults.js";
import { ask, go, keepFact, keptFact, phone, programmeName, session } from "../phone.js";
import { PROFILE, SET_ATTRIBUTES, SIGN_OUT, UNREGISTER, UPDATE } from "../queries.js";
import { Act, Failed, Field, Form, Icon, Section, toast } from "../ui.js";
import { AttributeField, changesIn, shown } from "./attributes.js";
import { Consents } from "./consents.js";
import { Contacts } from "./contacts.js";
import { DeleteMembership, Notifications, PushSetting } from "./later.js";
import { OwnData } from "./own-data.js";
import { LanguagePicker, Support, share } from "./parts.js";
import { Benefits } from "./tier.js";

const KEPT = "profile";

export function Me() {
  const [me, setMe] = useState(null);
  const [device, setDevice] = useState(null);
  const [fault, setFault] = useState(null);
  const [turn, setTurn] = useState(0);
  const begin = async () => {
    setFault(null);
    try {
      const { viewer } = await ask(PROFILE, {});
      await keepFact(KEPT, viewer);
      setMe(viewer);
      setTurn((before) => before + 1);
    } catch (error) {
      // What was read last stands where there is no network.
      const before = await keptFact(KEPT);
      if (before) setMe(before);
      else setFault(error);
    }
    setDevice(await ownDevice());
  };
  useEffect(() => {
    begin();
  }, []);
  return html`<h1 tabindex="-1">${t("me")}</h1>
    <div class="stack" aria-live="polite" key=${turn}>
      ${
        me
          ? html`<${Profile} me=${me} />
              <${Attributes} all=${me.attributes} again=${begin} />
              <${Contacts} me=${me} again=${begin} />
              <${Referral} own=${me.referral} />
              <${Plan} own=${me.plan} />
              <${Consents} answers=${me.consents} />
              <${Notifications} settings=${me.notifications} />
              <${PushSetting} />
              <${Devices} list=${me.devices} own=${device} />
              <${Languages} />
              <${OwnData} />`
          : fault
            ? html`<${Failed} error=${fault} again=${begin} />`
            : html`<div class="skeleton"></div><div class="skeleton"></div>`
      }
      ${(me || fault) && html`<${Leaving} /><${DeleteMembership} tell=${toast} say=${say} />`}
      <button class="button wide" type="button" onClick=${() => go("stores")}><${Icon} name="home" />${t("stores")}</button>
      <${Support} />
    </div>`;
}

/* The member is written to in a language chosen here where the programme speaks it, as pt or as pt-BR. */
async function speakTo(tag) {
  const locales = phone.programme?.locales ?? [];
  const locale = locales.find((each) => each === tag) ?? locales.find((each) => each.startsWith(`${tag}-`));
  if (locale) await ask(UPDATE, { input: { locale } }).catch(() => {});
}

function Languages() {
  const picker = LanguagePicker({ chosen: speakTo });
  return picker && html`<${Section} title=${t("language")}>${picker}<//>`;
}

function Profile({ me }) {
  const [isGiven, setGiven] = useState(Boolean(me.birthday));
  const save = async (form) => {
    const birthday = form.birthday.value;
    const { updateProfile } = await ask(UPDATE, {
      input: { name: form.name.value.trim(), ...(birthday && { birthday }) },
    });
    setGiven(Boolean(updateProfile.member.birthday));
    toast(t("saved"));
  };
  const since = dayOf(me.joinedAt, phone.programme?.timezone);
  return html`<${Section} title=${t("profile")}>
    <p class="small quiet">${t("profile.number", { number: me.number, day: since })}</p>
    <${Form} act=${save} button=${t("save")}>
      <${Field} label=${t("profile.name")} name="name" required autocomplete="name" maxlength="100" defaultValue=${me.name} />
      <${Field}
        label=${t("profile.birthday")}
        hint=${t("profile.birthday.once")}
        name="birthday"
        type="date"
        autocomplete="bday"
        defaultValue=${me.birthday ?? ""}
        readOnly=${isGiven}
      />
    <//>
  <//>`;
}

/* What members set stands in a form; what staff or other systems know of them is only shown. */
function Attributes({ all, again }) {
  const own = (all ?? []).filter((each) => each.by === "MEMBER");
  const others = (all ?? []).filter((each) => each.by !== "MEMBER" && each.value !== null);
  if (!own.length && !others.length) return null;
  const save = async (form) => {
    const attributes = changesIn(form, own);
    if (attributes.length) await ask(SET_ATTRIBUTES, { input: { attributes } });
    toast(t("saved"));
    if (attributes.length) await again();
  };
  return html`<${Section} title=${t("attributes")}>
    ${
      others.length > 0 &&
      html`<ul class="lines">
        ${others.map((each) => html`<li key=${each.name}><span class="grow">${each.title}<small class="why">${shown(each)}</small></span></li>`)}
      </ul>`
    }
    ${
      own.length > 0 &&
      html`<${Form} act=${save} button=${t("save")}>
        ${own.map((attribute) => html`<${AttributeField} key=${attribute.name} attribute=${attribute} />`)}
      <//>`
    }
  <//>`;
}

function Referral({ own }) {
  if (!own) return null;
  const send = () =>
    share(t("referral.text", { programme: programmeName() }), own.url, t("referral.copied"), toast);
  return html`<${Section} title=${t("referral")}>
    <p>${t("referral.hint")}</p>
    <p class="code spell">${own.code}</p>
    <p class="small quiet">${t("referral.count", { count: own.qualified })}</p>
    <button class="button wide" type="button" onClick=${send}><${Icon} name="share" />${t("referral.share")}</button>
  <//>`;
}

function Plan({ own }) {
  if (!own) return null;
  const until = own.until && ending(own.until, phone.programme?.timezone);
  return html`<${Section} title=${t("plan")}>
    <h3>${own.plan.name}</h3>
    ${until && html`<p class="small quiet">${t("voucher.until", { day: until })}</p>`}
    <${Benefits} all=${own.plan.benefits} />
  <//>`;
}

function Devices({ list, own }) {
  const [gone, setGone] = useState([]);
  const left = (list ?? []).filter((device) => !gone.includes(device.id));
  if (!list?.length) return null;
  const zone = phone.programme?.timezone;
  const remove = async (device) => {
    try {
      await ask(UNREGISTER, { input: { deviceId: device.id } });
      // This browser's own key counts no more: its next card is asked of the server.
      if (device.id === own) await forgetCard();
      setGone((before) => [...before, device.id]);
    } catch (error) {
      toast(say(error), "bad");
    }
  };
  return html`<${Section} title=${t("devices")}>
    <ul class="lines">
      ${left.map(
        (device) => html`<li key=${device.id}>
          <span class="grow">
            ${t(`platform.${device.platform}`)}
            <small class="why">
              ${device.id === own ? t("device.here") : t("device.seen", { day: dayOf(device.lastSeenAt, zone) })}
            </small>
          </span>
          <${Act} class="button plain" act=${() => remove(device)}>${t("remove")}<//>
        </li>`,
      )}
    </ul>
  <//>`;
}

function Leaving() {
  const leave = async (everywhere) => {
    await session.ask(SIGN_OUT, { input: { everywhere } }).catch(() => {});
    session.end();
  };
  return html`<section class="stack tight">
    <${Act} class="button wide" act=${() => leave(false)}>${t("signout")}<//>
    <${Act} class="button plain wide" act=${() => leave(true)}>${t("signout.everywhere")}<//>
  </section>`;
}
