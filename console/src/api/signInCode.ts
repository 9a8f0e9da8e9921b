// The code of a one-time link: what stands behind its #.
const SIGN_IN = "/sign-in";

/** The code in an address of the console, or null. */
export function codeOf(path: string, hash: string): string | null {
  return path.replace(/\/$/, "") === SIGN_IN && hash.length > 1 ? hash.slice(1) : null;
}

/** What a person put into the one field there is: a whole link holds a code, everything else is
 *  taken for a key. */
export function proofOf(written: string): { code: string } | { key: string } {
  const text = written.trim();
  const [address = "", hash = ""] = text.split("#", 2);
  const isLink = /^https?:\/\//.test(address) && address.endsWith(SIGN_IN) && hash !== "";
  return isLink ? { code: hash } : { key: text };
}
