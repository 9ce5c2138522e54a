/* The screens that few look at first, as one file that comes when the first of them is opened. */

export { Boards } from "./boards.js";
export { enterCode, tellEnrolmentCode } from "./codes.js";
export { ForYou } from "./foryou.js";
export { Notifications } from "./notifications.js";
export { Purchases } from "./purchases.js";
export { Stores } from "./stores.js";
