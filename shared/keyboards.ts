/**
 * What the keys of common keyboards give: alone, with Shift, and with AltGr. Null stands for dead keys, which wait
 * for another key and give no character of their own. Keys have the names of the X keyboard extension
 * (xkeyboard-config, `symbols/us`, `gb`, `de` and `fr`).
 */

/** Characters of a key by its name; the list ends where no further level gives one. */
export type Keyboard = Readonly<Record<string, readonly (string | null)[]>>;

/** A row of keys, `names` beginning with a letter for each row; a `·` stands for no character. */
function row(name: string, first: number, ...levels: readonly string[]): Keyboard {
  const rows = levels.map((level) => Array.from(level));
  const count = rows[0]?.length ?? 0;
  return Object.fromEntries(
    Array.from({ length: count }, (_, index) => [
      `${name}${String(first + index).padStart(2, '0')}`,
      rows.map((level) => level[index] ?? '·').map((character) => (character === '·' ? null : character)),
    ]),
  );
}

const us: Keyboard = {
  TLDE: ['`', '~'],
  ...row('AE', 1, '1234567890-=', '!@#$%^&*()_+'),
  ...row('AD', 1, 'qwertyuiop[]', 'QWERTYUIOP{}'),
  ...row('AC', 1, "asdfghjkl;'", 'ASDFGHJKL:"'),
  ...row('AB', 1, 'zxcvbnm,./', 'ZXCVBNM<>?'),
  BKSL: ['\\', '|'],
  LSGT: ['<', '>'],
};

const gb: Keyboard = {
  ...us,
  TLDE: ['`', '¬'],
  AE02: ['2', '"'],
  AE03: ['3', '£'],
  AC11: ["'", '@'],
  BKSL: ['#', '~'],
  LSGT: ['\\', '|'],
};

const de: Keyboard = {
  TLDE: [null, '°'],
  ...row('AE', 1, '1234567890ß·', '!"§$%&/()=?·', '·²³···{[]}\\·'),
  ...row('AD', 1, 'qwertzuiopü+', 'QWERTZUIOPÜ*', '@·€········~'),
  ...row('AC', 1, 'asdfghjklöä', 'ASDFGHJKLÖÄ'),
  ...row('AB', 1, 'yxcvbnm,.-', 'YXCVBNM;:_', '······µ···'),
  BKSL: ['#', "'"],
  LSGT: ['<', '>', '|'],
};

const fr: Keyboard = {
  TLDE: ['²'],
  ...row('AE', 1, '&é"\'(-è_çà)=', '1234567890°+', '·~#{[|`\\^@]}'),
  ...row('AD', 1, 'azertyuiop·$', 'AZERTYUIOP·£', '··€·········'),
  ...row('AC', 1, 'qsdfghjklmù', 'QSDFGHJKLM%'),
  ...row('AB', 1, 'wxcvbn,;:!', 'WXCVBN?./§'),
  BKSL: ['*', 'µ'],
  LSGT: ['<', '>'],
};

export const keyboards = { us, gb, de, fr } as const;
