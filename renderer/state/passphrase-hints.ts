/** What may be wrong with a passphrase that looks right. It reads the text, keeps nothing of it, and changes nothing. */

export interface PassphraseHints {
  readonly spaceAtStart: boolean;
  readonly spaceAtEnd: boolean;
  /** Characters beyond ASCII, which another keyboard or system may have encoded differently. */
  readonly beyondAscii: boolean;
}

export const noHints: PassphraseHints = { spaceAtStart: false, spaceAtEnd: false, beyondAscii: false };

export function hintsFor(passphrase: string): PassphraseHints {
  return {
    spaceAtStart: /^\s/u.test(passphrase),
    spaceAtEnd: /\s$/u.test(passphrase),
    beyondAscii: /[^\p{ASCII}]/u.test(passphrase),
  };
}
