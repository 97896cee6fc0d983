/** How a rule of a qube's firewall is said to people, the same in the wizard and in saved pages. */
import type { FirewallRule } from '../backup.ts';
import { visible } from './formats.ts';
import type { Language } from './languages.ts';

interface FirewallWords {
  readonly accept: string;
  readonly drop: string;
  readonly everything: string;
  /** By the names that Qubes OS gives to conditions; others are said as they are. */
  readonly conditions: Readonly<Record<string, string>>;
}

const words: Readonly<Record<Language, FirewallWords>> = {
  en: {
    accept: 'Allow',
    drop: 'Block',
    everything: 'everything',
    conditions: {
      proto: 'protocol',
      dst4: 'to',
      dst6: 'to',
      dsthost: 'to',
      dstports: 'ports',
      icmptype: 'ICMP type',
      specialtarget: 'service',
      expire: 'until',
      comment: 'comment:',
    },
  },
  de: {
    accept: 'Erlaubt:',
    drop: 'Gesperrt:',
    everything: 'alles',
    conditions: {
      proto: 'Protokoll',
      dst4: 'nach',
      dst6: 'nach',
      dsthost: 'nach',
      dstports: 'Ports',
      icmptype: 'ICMP-Typ',
      specialtarget: 'Dienst',
      expire: 'bis',
      comment: 'Kommentar:',
    },
  },
};

/** A rule on one line: `Allow protocol tcp, to 192.0.2.10, ports 443`. */
export function firewallRuleText({ action, conditions }: FirewallRule, language: Language): string {
  const { accept, drop, everything, conditions: names } = words[language];
  const verb = action === 'accept' ? accept : action === 'drop' ? drop : visible(action);
  const parts = conditions.map(({ name, value }) =>
    [Object.hasOwn(names, name) ? names[name] : visible(name), visible(value)].join(' '),
  );
  return `${verb} ${parts.length === 0 ? everything : parts.join(', ')}`;
}
