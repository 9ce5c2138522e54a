/* Preact with htm: html`<button onClick=${act}>${text}</button>` is text and elements, never markup, and an address
   that could run as code is left out. */

import htm from "/vendor/htm-3.1.1.js";
import { h, options } from "/vendor/preact-11.2.0.js";
import { isPicture, opens } from "./addresses.js";

export { createContext, Fragment, h, render } from "/vendor/preact-11.2.0.js";
export {
  useCallback,
  useContext,
  useEffect,
  useErrorBoundary,
  useId,
  useLayoutEffect,
  useMemo,
  useReducer,
  useRef,
  useState,
} from "/vendor/preact-hooks-11.2.0.js";

export const html = htm.bind(h);

const before = options.vnode;

options.vnode = (node) => {
  if (typeof node.type === "string") {
    const { href, src } = node.props;
    if (href !== undefined && !opens(href)) delete node.props.href;
    if (src !== undefined && !opens(src) && !isPicture(src)) delete node.props.src;
    delete node.props.dangerouslySetInnerHTML;
  }
  before?.(node);
};
