/* What the overview's pages are filtered by: period, store and tier, kept in the address. */

import { instant } from "/shared/format.js";
import { html, useEffect, useState } from "/shared/preact.js";
import { Field, Notice } from "/shared/ui.js";
import { t } from "/shared/words.js";
import { ask, desk, noteFilters, session } from "../console.js";
import { say } from "../faults.js";
import { PERIODS, readFilters, spanFor, writeFilters } from "./period.js";
import { PLACES } from "./queries.js";

const AGAIN_MS = 15_000;

/** What is chosen and what is shown of it: `document` is asked again whenever the choice changes. */
export function useFigures(document, filters) {
  const [chosen, setChosen] = useState(() => readFilters(filters, session.now(), desk.timezone));
  const [places, setPlaces] = useState({ stores: [], tiers: [], rewards: [] });
  const [figures, setFigures] = useState(null);
  const [fault, setFault] = useState("");
  const [asked, setAsked] = useState(0);
  useEffect(() => {
    session
      .askPublic(PLACES)
      .then(({ programme }) => setPlaces(programme))
      .catch(() => {});
  }, []);
  useEffect(() => {
    let isGone = false;
    const { from, to, store, tier } = chosen;
    setFault("");
    ask(document, { from, to, store: store || null, tier: tier || null }).then(
      (answer) => !isGone && setFigures(answer.figures),
      (error) => !isGone && setFault(error.code === "BAD_INPUT" ? t("period.bad") : say(error)),
    );
    return () => {
      isGone = true;
    };
  }, [chosen, asked]);
  // What is still being counted is read anew until it is whole.
  useEffect(() => {
    if (!figures?.waitingSince) return;
    const timer = setTimeout(() => setAsked((before) => before + 1), AGAIN_MS);
    return () => clearTimeout(timer);
  }, [figures]);
  const change = (part) => {
    const next = { ...chosen, ...part };
    setChosen(next);
    noteFilters(writeFilters(next));
  };
  return { chosen, places, figures, fault, change, again: async () => setAsked(asked + 1) };
}

/** That the figures are not whole yet; nothing where they are. */
export function Behind({ since }) {
  const text = since && t("figures.behind", { at: instant(since, desk.timezone) });
  return html`<div aria-live="polite"><${Notice} icon="clock" text=${text ?? ""} /></div>`;
}

export function Filters({ chosen, places, change }) {
  const { period, from, to, store, tier } = chosen;
  const choose = (name) => {
    if (name === "own") change({ period: "own" });
    else change({ period: name, ...spanFor(name, session.now(), desk.timezone) });
  };
  return html`<form class="filters" onSubmit=${(event) => event.preventDefault()} aria-label=${t("filters")}>
    <${Field} as="select" name="period" label=${t("period")} value=${period} onChange=${(event) => choose(event.target.value)}>
      ${PERIODS.map((name) => html`<option key=${name} value=${name}>${t(`period.${name}`)}</option>`)}
    <//>
    ${
      period === "own" &&
      ["from", "to"].map(
        (
          name,
        ) => html`<${Field} key=${name} type="date" name=${name} label=${t(`period.${name}.day`)} value=${name === "from" ? from : to}
          onChange=${(event) => event.target.value && change({ [name]: event.target.value })} />`,
      )
    }
    ${
      places.stores.length > 1 &&
      html`<${Field} as="select" name="store" label=${t("store.one")} value=${store} onChange=${(event) => change({ store: event.target.value })}>
        <option value="">${t("store.all")}</option>
        ${places.stores.map(({ code, name }) => html`<option key=${code} value=${code}>${name}</option>`)}
      <//>`
    }
    ${
      places.tiers.length > 0 &&
      html`<${Field} as="select" name="tier" label=${t("tier")} value=${tier} onChange=${(event) => change({ tier: event.target.value })}>
        <option value="">${t("tier.all")}</option>
        ${places.tiers.map(({ code, name }) => html`<option key=${code} value=${code}>${name}</option>`)}
      <//>`
    }
  </form>`;
}
