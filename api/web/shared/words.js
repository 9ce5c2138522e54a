/* The page's language: one flat list of texts a language, with {placeholders} and plural forms as the
   language counts them. */

/* The language and the locale that were chosen, as one thing that stays the same. */
export const speech = { language: "en", locale: "en-GB" };
let texts = {};
let plurals = new Intl.PluralRules("en");
export let language = "en";
/* How figures and days are written: Portuguese and English as in Europe. */
export let locale = "en-GB";
const LOCALES = { en: "en-GB", pt: "pt-PT", pl: "pl-PL" };

/** Choose the first wanted language that the page has: what this device chose before, then the browser's. */
export async function speak(available, load, wanted) {
  const choices = [wanted, ...navigator.languages]
    .filter(Boolean)
    .map((tag) => tag.slice(0, 2).toLowerCase());
  language = choices.find((tag) => available.includes(tag)) ?? available[0];
  locale = LOCALES[language] ?? language;
  Object.assign(speech, { language, locale });
  texts = await load(language);
  plurals = new Intl.PluralRules(language);
  document.documentElement.lang = language;
  return language;
}

/** Add the texts of a part of the page that is fetched only when somebody goes there. */
export function addTexts(more) {
  texts = { ...texts, ...more };
}

/** Return a text with its placeholders filled; `count` chooses the plural form. */
export function t(key, values = {}) {
  let text = texts[key];
  if (text === undefined) throw new Error(`no text ${key} in ${language}`);
  if (typeof text === "object") text = text[plurals.select(values.count)] ?? text.other;
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

/** Whether there is such a text, for words that a server may add to. */
export function has(key) {
  return key in texts;
}
