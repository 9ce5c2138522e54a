/* Which addresses a page may name. */

/** Whether an address opens a page or a picture, dials, or shows a place; any other kind, such as javascript:, could
 * run as code. */
export function opens(address) {
  return (
    URL.canParse(address, location.href) &&
    /^(https?|tel|geo):$/.test(new URL(address, location.href).protocol)
  );
}

/** Whether an address is a picture made by our own server: it runs nothing, unlike an SVG or a page in an address. */
export function isPicture(address) {
  return String(address).startsWith("data:image/png;base64,");
}
