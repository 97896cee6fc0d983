/** Which names of members are taken. */

/** Longest name of a member: Qubes has `dom0-home/` with a user's name, and folders of format 3 with a qube's. */
export const longestName = 512;

/** Names are ASCII, relative, and stay below where they start (docs/format.md, "Outer container"). */
export function isSafeName(name: string): boolean {
  if (name.length > longestName || !/^[\x21-\x5b\x5d-\x7e]+(?: [\x21-\x5b\x5d-\x7e]+)*$/.test(name))
    return false;
  return name.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
}
