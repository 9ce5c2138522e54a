/* Each screen has an address, and so has what is opened over one: /phone/ is the first, /phone/rewards another,
   /phone/rewards/CODE a reward within it. */

const BASE = "/phone/";
/* What is no screen stands over one. */
const OVER = { card: "home", vouchers: "rewards" };
const SCREENS = ["home", "rewards", "badges", "history", "inbox", "me", "stores", "boards", "foryou"];

/** The address of a screen, or of one thing in it. */
export function addressOf(screen, thing = "") {
  const path = screen === "home" || screen === "welcome" ? "" : screen;
  return BASE + path + (thing ? `/${encodeURIComponent(thing)}` : "");
}

/** Return {screen, over, thing} of an address: which screen, and what is opened over it. */
export function placeOf({ pathname }) {
  const [name = "", thing = ""] = pathname.slice(BASE.length).split("/").map(decodeURIComponent);
  if (name in OVER) return { screen: OVER[name], over: name, thing };
  return SCREENS.includes(name)
    ? { screen: name, over: thing ? name : "", thing }
    : { screen: "home", over: "", thing: "" };
}

let shown = BASE;

/** Note the address of the screen that is shown; the browser's own follows. What a link brought with it goes. */
export function stayAt(address) {
  shown = address;
  history.replaceState(history.state, "", address);
}

/** Have an address while something stands over the screen. Call what is returned at its end; its `begin` sets the
 * address once the page's step in the browser's history is made. */
export function keepAddress(address) {
  const end = () => history.replaceState(history.state, "", shown);
  end.begin = () => history.replaceState(history.state, "", address);
  return end;
}
