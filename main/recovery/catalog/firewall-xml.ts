/**
 * The firewall rules of a qube, `firewall.xml`, as Qubes OS 4 writes them (a list of rules with properties) and as
 * Qubes OS 3 did (a policy with exceptions in attributes).
 */
import type { FirewallRule } from '../../../shared/backup.ts';
import { childNamed, childrenNamed, parseXml, type XmlElement } from './xml-tree.ts';

/** A file of rules has some kilobytes. */
export const longestFirewallXml = 1024 * 1024;

/**
 * Reads the rules in either layout, in the order in which they apply.
 *
 * @throws RecoveryError `qubes-xml-malformed`
 */
export function parseFirewallXml(bytes: Uint8Array): readonly FirewallRule[] {
  const root = parseXml(bytes);
  return root.name === 'QubesFirewallRules' ? format3(root) : format4(root);
}

function format4(root: XmlElement): readonly FirewallRule[] {
  return childrenNamed(childNamed(root, 'rules'), 'rule').map((rule) => {
    const properties = childrenNamed(childNamed(rule, 'properties'), 'property').map(
      ({ attributes, text }) => ({ name: attributes['name'] ?? '', value: text }),
    );
    return {
      action: properties.find(({ name }) => name === 'action')?.value ?? '',
      conditions: properties.filter(({ name }) => name !== 'action'),
    };
  });
}

/** A policy, and exceptions from it; DNS and ping have switches of their own. */
function format3(root: XmlElement): readonly FirewallRule[] {
  const { policy, dns, icmp } = root.attributes;
  const exception = policy === 'allow' ? 'drop' : 'accept';
  const switched = (on: string | undefined, condition: FirewallRule['conditions'][number]) =>
    on === undefined ? [] : [{ action: on === 'True' ? 'accept' : 'drop', conditions: [condition] }];
  return [
    ...childrenNamed(root, 'rule').map(({ attributes }) => ({
      action: exception,
      conditions: conditionsOf(attributes),
    })),
    ...switched(dns, { name: 'specialtarget', value: 'dns' }),
    ...switched(icmp, { name: 'proto', value: 'icmp' }),
    { action: policy === 'allow' ? 'accept' : 'drop', conditions: [] },
  ];
}

function conditionsOf({ proto, address, netmask, port, toport }: XmlElement['attributes']) {
  const target = address !== undefined && netmask !== undefined ? `${address}/${netmask}` : address;
  const ports = port !== undefined && toport !== undefined ? `${port}-${toport}` : port;
  return [
    { name: 'proto', value: proto },
    { name: 'dsthost', value: target },
    { name: 'dstports', value: ports },
  ].flatMap(({ name, value }) => (value === undefined ? [] : [{ name, value }]));
}
