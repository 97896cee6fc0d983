/** Promises of the other forms of a passphrase; what keys give is judged by the keyboard tables of the X server. */
import { describe, expect, it } from 'vitest';
import { keyboards, type Keyboard } from '../../shared/keyboards.ts';
import { variantKinds, variantsOf } from '../../shared/passphrase-variants.ts';
import { languages } from '../../shared/words/languages.ts';
import { variantWords } from '../../shared/words/variant-words.ts';
import { oracle } from '../support/oracles.ts';
import { run } from '../support/tools.ts';

const formsOf = (typed: string) =>
  Object.fromEntries(variantsOf(typed).map(({ kind, passphrase }) => [kind, passphrase]));

describe('other forms of a passphrase', () => {
  it('are its ends without spaces, its accents in both ways, and its letters with Caps Lock', () => {
    expect(formsOf(' correct horse\n')).toMatchObject({ trimmed: 'correct horse' });
    expect(formsOf('Gr\u00fc\u00dfe')).toMatchObject({
      decomposed: 'Gru\u0308\u00dfe',
      'caps-lock': 'gR\u00dc\u00dfE',
    });
    expect(formsOf('Gru\u0308\u00dfe')).toMatchObject({ composed: 'Gr\u00fc\u00dfe' });
  });

  it('are what the same keys give on another keyboard', () => {
    expect(formsOf('Yz-@{?')).toMatchObject({ 'us-for-de': 'Zy/q7_' });
    expect(formsOf('Zy/q7_')).toMatchObject({ 'de-for-us': 'Yz-q7?' });
    expect(formsOf('azerty 1&')).toMatchObject({ 'us-for-fr': 'qwerty !1' });
    expect(formsOf('pass"word@')).toMatchObject({ 'us-for-gb': 'pass@word"' });
  });

  it('leave out a keyboard that has no such character or only a dead key', () => {
    expect(Object.keys(formsOf('日本 x'))).toEqual(['caps-lock']);
    expect(formsOf('a=b')).not.toHaveProperty('de-for-us');
  });

  it('are never what was typed, never empty, and each once', () => {
    for (const typed of ['', '   ', '123', 'yz', ' ü ', 'correct horse battery staple', 'y']) {
      const forms = variantsOf(typed).map(({ passphrase }) => passphrase);
      expect(forms).not.toContain(typed);
      expect(forms).not.toContain('');
      expect(new Set(forms).size).toBe(forms.length);
    }
    expect(variantsOf('')).toEqual([]);
  });

  it('have words of their own in every language', () => {
    for (const language of languages) {
      expect(new Set(Object.values(variantWords[language])).size).toBe(variantKinds.length);
    }
  });
});

/** The names that the X protocol has for characters; letters and digits are their own. */
const symNames = (
  'exclam ! quotedbl " numbersign # dollar $ percent % ampersand & apostrophe \' parenleft ( parenright ) asterisk * ' +
  'plus + comma , minus - period . slash / colon : semicolon ; less < equal = greater > question ? at @ ' +
  'bracketleft [ backslash \\ bracketright ] asciicircum ^ underscore _ grave ` braceleft { bar | braceright } ' +
  'asciitilde ~ degree ° twosuperior ² threesuperior ³ ssharp ß EuroSign € mu µ section § notsign ¬ sterling £ ' +
  'udiaeresis ü Udiaeresis Ü odiaeresis ö Odiaeresis Ö adiaeresis ä Adiaeresis Ä eacute é egrave è ccedilla ç agrave à ugrave ù'
).split(' ');
const characterFor = (sym = '') => (sym.length === 1 ? sym : symNames[symNames.indexOf(sym) + 1]);

oracle('xkbcomp').describe('the keyboards', () => {
  it.each(Object.entries(keyboards))('%s is what the X server has', async (layout, keyboard: Keyboard) => {
    const source = `xkb_keymap {
      xkb_keycodes { include "evdev+aliases(qwerty)" }; xkb_types { include "complete" };
      xkb_compat { include "complete" }; xkb_symbols { include "pc+${layout}" }; };`;
    const compiled = (await run('xkbcomp', ['-w', '0', '-xkb', '-', '-'], { input: source })).toString();
    for (const [key, levels] of Object.entries(keyboard)) {
      const row = new RegExp(`key <${key}> \\{[^}]*?\\[ ([^\\]]*)\\]`).exec(compiled)?.[1] ?? '';
      const syms = row.split(',').map((sym) => sym.trim());
      for (const [level, character] of levels.entries()) {
        if (character === null) continue;
        expect([key, level, characterFor(syms[level])]).toEqual([key, level, character]);
      }
    }
  });
});
