/* Who stands at the till, and in which store. The store is remembered on this device. */

import { busy, field, fill, h, toast } from "/shared/dom.js";
import { listed } from "/shared/format.js";
import { t } from "/shared/words.js";
import { languagePicker } from "../app.js";
import { SIGN_IN } from "../queries.js";
import { isMine, queued } from "../queue.js";
import { prefer, session, till } from "../till.js";
import { notice, say } from "./parts.js";
import { factorForm, recoveryCodes, refusal } from "./second-factor.js";

const FEW_CODES = 3;

/* Who made what waits: it goes out under their own sign-in. */
function makers(rows) {
  return listed([...new Set(rows.map((row) => row.cashier))]);
}

export async function signInScreen(element) {
  const stores = till.programme?.stores ?? [];
  const waiting = await queued(true);
  const store = h(
    "select",
    { required: true, name: "store" },
    stores.map((each) => h("option", { value: each.code }, each.name)),
  );
  if (prefer("store")) store.value = prefer("store");
  if (!store.value && stores.length) store.value = stores[0].code;
  const user = h("input", {
    required: true,
    name: "username",
    autocomplete: "username",
    autocapitalize: "none",
    spellcheck: "false",
  });
  const password = h("input", {
    required: true,
    type: "password",
    name: "password",
    autocomplete: "current-password",
  });
  const fault = h("div", { "aria-live": "assertive" });
  const button = h("button.button.primary.wide.tall", {}, t("signin"));

  const form = h(
    "form.card.stack",
    {
      onsubmit: (event) => {
        event.preventDefault();
        busy(button, signIn);
      },
    },
    field(t("store"), store),
    field(t("username"), user),
    field(t("password"), password),
    fault,
    button,
  );

  async function signIn() {
    fill(fault);
    const { value: sent } = password;
    try {
      const input = { username: user.value.trim(), password: sent, store: store.value };
      const refused = await attempt(input);
      if (!refused) return;
      if (refused.step) return askFactor(refused, input);
      fill(fault, notice(refusal(refused), "bad", "lock"));
      // Who has begun to type it again goes on.
      if (password.value === sent) {
        password.value = "";
        password.focus();
      }
    } catch (error) {
      fill(fault, notice(say(error), "bad", "lock"));
    }
  }

  /* Begin the shift, or return why it cannot begin. */
  async function attempt(input) {
    const { staffSignIn } = await session.askPublic(SIGN_IN, {
      input: { ...input, deviceToken: prefer("device") },
    });
    if (staffSignIn.__typename !== "StaffSignedIn") return staffSignIn;
    prefer("store", input.store);
    prefer("device", staffSignIn.deviceToken);
    if (staffSignIn.recoveryCodes) showCodes(staffSignIn);
    else begin(staffSignIn);
    return null;
  }

  function begin(signedIn) {
    const { staff, recoveryCodesLeft: left } = signedIn;
    if (left !== null && left <= FEW_CODES) toast(t("recovery.few", { count: left }));
    session.begin(signedIn, { staff, since: new Date().toISOString() });
    queued().then((rows) => {
      const theirs = rows.filter((row) => !isMine(row));
      if (theirs.length) toast(t("queue.others", { cashiers: makers(theirs) }));
    });
  }

  function askFactor(needed, input) {
    const leave = () => {
      password.value = "";
      asking.replaceWith(form);
      user.focus();
    };
    const asking = factorForm(needed, (brought) => attempt({ ...input, ...brought }), leave);
    form.replaceWith(asking);
    asking.querySelector("input").focus();
  }

  function showCodes(signedIn) {
    const codes = recoveryCodes(signedIn.recoveryCodes, () => begin(signedIn));
    element.querySelector("form").replaceWith(codes);
    codes.querySelector("h2").focus();
  }

  element.append(
    h(
      "div.welcome",
      {},
      h("img", { src: "/shared/selo.svg", alt: "", width: 88, height: 88 }),
      h("h1", { tabindex: -1 }, till.programme?.name ?? t("title")),
      h("p.quiet", {}, t("signin.hint")),
    ),
    session.lapsed ? notice(t("fault.signedout"), "", "lock") : "",
    waiting.length ? notice(t("signin.waiting", { count: waiting.length, cashiers: makers(waiting) })) : "",
    stores.length
      ? form
      : till.programme
        ? notice(t("signin.nostore"))
        : notice(till.trouble, "bad", "cloud"),
    languagePicker(),
  );
}
