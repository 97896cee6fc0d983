/** Which names of members are taken, and those that every backup has. */

/** The members that begin a backup: the header, and what authenticates it. */
export const headerName = 'backup-header';
export const headerSealName = 'backup-header.hmac';

/** Longest name of a member: Qubes has `dom0-home/` with a user's name, and folders of format 3 with a qube's. */
export const longestName = 512;

/** The name of a member without the `./` that tar writes before it when it packs the folder that it stands in. */
export function withoutDot(name: string): string {
  return name.replace(/^(?:\.\/+)+/, '');
}

/** Names are ASCII, relative, and stay below where they start (docs/format.md, "Outer container"). */
export function isSafeName(name: string): boolean {
  if (name.length > longestName || !/^[\x21-\x5b\x5d-\x7e]+(?: [\x21-\x5b\x5d-\x7e]+)*$/.test(name))
    return false;
  return name.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
}

/** Whether a name leads out of where it stands, on any system, or has what no name may have: nobody writes one by mistake. */
export function leadsOut(name: string): boolean {
  const parts = name.split(/[/\\]/);
  return /^[/\\]|^[a-zA-Z]:|\0/.test(name) || parts.includes('..');
}
