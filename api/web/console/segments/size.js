/* How many members a segment has, as every part writes it. */

import { number } from "/shared/format.js";
import { t } from "/shared/words.js";

/** A number; a dash until figures have counted anybody. */
export const sizeOf = ({ members, isCounted }) => (isCounted ? number(members) : t("fates.unknown"));
