/* The console's pages, one row each: all that the bar, the addresses and the titles know of them. Nothing but the
   first screen is fetched before somebody goes there.

     name     what `go` and `page.NAME` in the words call it
     path     its address beneath /console/
     roles    who it is for: nobody else is shown it, whatever they type
     icon     its drawing in the bar; left out, the bar has no entry of its own for it
     within   whose entry in the bar stands for it
     counts   what of `desk` is shown beside the entry
     wing     the folder that brings its own words (words/en.js, pt, pl), style sheet (WING.css) and queries.js
     load     resolves with its screen, which is told `thing` and `filters` of the address

   The bar has them in this order, and whoever signs in lands on the first that is theirs. */

const SERVING = ["SERVICE", "OPERATOR"];

export const PAGES = [
  {
    name: "find",
    path: "",
    roles: SERVING,
    icon: "person",
    load: async () => (await import("/console/screens/find.js")).Find,
  },
  {
    name: "member",
    path: "members",
    roles: SERVING,
    within: "find",
    load: async () => (await import("/console/screens/member.js")).Member,
  },
  {
    name: "approvals",
    path: "approvals",
    roles: SERVING,
    icon: "check",
    counts: "waiting",
    load: async () => (await import("/console/screens/approvals.js")).Approvals,
  },
  {
    name: "figures",
    path: "overview",
    roles: ["ANALYST", "OPERATOR"],
    icon: "list",
    wing: "overview",
    load: async () => (await import("/console/overview/overview.js")).Overview,
  },
  {
    name: "results",
    path: "results",
    roles: ["ANALYST", "OPERATOR"],
    icon: "star",
    wing: "overview",
    load: async () => (await import("/console/overview/results.js")).Results,
  },
  {
    name: "voices",
    path: "voices",
    roles: ["SERVICE", "ANALYST", "OPERATOR"],
    icon: "speech",
    wing: "voices",
    load: async () => (await import("/console/voices/voices.js")).Voices,
  },
  {
    name: "segments",
    path: "segments",
    roles: ["OPERATOR"],
    icon: "tag",
    wing: "segments",
    load: async () => (await import("/console/segments/segments.js")).Segments,
  },
  {
    name: "programme",
    path: "programme",
    roles: ["OPERATOR"],
    icon: "pencil",
    wing: "programme",
    load: async () => (await import("/console/programme/programme.js")).ProgrammePage,
  },
  {
    name: "operations",
    path: "operations",
    roles: ["OPERATOR"],
    icon: "drawer",
    wing: "operations",
    load: async () => (await import("/console/operations/operations.js")).Operations,
  },
];

const BASE = "/console/";

/** Return the pages that a role is shown, in the order of the bar. */
export function pagesOf(role) {
  return PAGES.filter((page) => page.roles.includes(role));
}

/** Return the page of a name where the role is shown it, else the role's first. */
export function pageFor(role, name) {
  const pages = pagesOf(role);
  return pages.find((page) => page.name === name) ?? pages[0];
}

/** The address of a page: a member's holds their id, and no address what was searched for. `filters` is the text
 * behind the question mark. */
export function addressOf({ path }, thing, filters) {
  const address = BASE + [path, encodeURIComponent(thing)].filter(Boolean).join("/");
  return filters ? `${address}?${filters}` : address;
}

/* A part of an address as it was meant; nothing where somebody cut it in the middle of a sign. */
function readable(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return "";
  }
}

/** Return {screen, thing, filters} of an address; the screen is empty where it is none of ours. */
export function placeOf({ pathname, search }) {
  const [path = "", written = ""] = pathname.slice(BASE.length).split("/");
  const page = PAGES.find((each) => each.path === path);
  // A member's address without the member is the list's.
  if (!page || (page.within && !written)) return { screen: page?.within ?? "", thing: "", filters: "" };
  return { screen: page.name, thing: readable(written), filters: search.slice(1) };
}

const wings = new Set();

/** Return the screen of a page once all that it needs is here; what failed is fetched anew the next time. */
export async function screenOf(page, language, addTexts) {
  if (page.wing && !wings.has(page.wing)) {
    const base = `/console/${page.wing}`;
    const [words] = await Promise.all([
      import(`${base}/words/${language}.js`),
      styled(`${base}/${page.wing}.css`),
    ]);
    addTexts(words.default);
    wings.add(page.wing);
  }
  return page.load();
}

function styled(href) {
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = href;
  return new Promise((resolve, reject) => {
    link.onload = resolve;
    link.onerror = () => {
      link.remove();
      reject(new TypeError(`no style sheet ${href}`));
    };
    document.head.append(link);
  });
}
