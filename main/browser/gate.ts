/**
 * Who may speak to the browser host: the one browser that was given the first address, from pages of this very
 * server. Other programs, other sites in the same browser, and names rebound to the loopback address are refused.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

const cookieName = 'lifeboat';

export interface Gate {
  /** Path of the first address; it works once, and only its answer brings the cookie. */
  readonly entrance: string;
  /** The `set-cookie` header for whoever comes through the entrance; null for a wrong or used one. */
  enter(path: string): string | null;
  /** Why a request is refused, in words for a developer; null when it may pass. */
  refusal(request: GateRequest): string | null;
}

export interface GateRequest {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  /** A page that a person opens by its address; anything else is asked for by a page of ours. */
  readonly navigation: boolean;
  /** The entrance is the one place where nobody has the cookie yet. */
  readonly cookieNeeded: boolean;
}

/** A gate to the server at `authority`, as `127.0.0.1:40123`. */
export function createGate(authority: string): Gate {
  const cookie = randomBytes(32).toString('hex');
  const entrance = `/enter/${randomBytes(32).toString('hex')}`;
  let entered = false;

  return {
    entrance,

    enter(path) {
      if (entered || !sameSecret(path, entrance)) return null;
      entered = true;
      // Without `Secure`, which Safari does not grant to loopback addresses.
      return `${cookieName}=${cookie}; HttpOnly; SameSite=Strict; Path=/`;
    },

    refusal({ method, headers, navigation, cookieNeeded }) {
      // A name that an attacker rebinds to 127.0.0.1 shows here (DNS rebinding).
      if (headers.host !== authority) return 'another host';
      if (!originMatches(headers.origin, method, `http://${authority}`)) return 'another origin';
      if (!siteMatches(headers['sec-fetch-site'], navigation)) return 'another site';
      if (cookieNeeded && !sameSecret(cookieOf(headers.cookie), cookie)) return 'not admitted';
      return null;
    },
  };
}

/** Browsers name the origin of every POST; of a GET from the same origin they do not. */
function originMatches(origin: string | undefined, method: string, own: string): boolean {
  return origin === undefined ? method === 'GET' : origin === own;
}

/** `none` is a person's own doing: typed, or opened by another program. Old browsers send nothing. */
function siteMatches(site: string | string[] | undefined, navigation: boolean): boolean {
  return site === undefined || site === 'same-origin' || (site === 'none' && navigation);
}

function cookieOf(header = ''): string {
  const own = header.split(/; */).find((pair) => pair.startsWith(`${cookieName}=`));
  return own?.slice(cookieName.length + 1) ?? '';
}

/** Compares digests, so that the time taken tells nothing, not even a length. */
function sameSecret(one: string, other: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}
