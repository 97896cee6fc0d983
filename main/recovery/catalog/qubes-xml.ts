/**
 * The list of qubes, `qubes.xml`: all qubes of the system that was backed up, and which of them the backup holds.
 *
 * Qubes OS 4 writes the core3 layout (elements with properties and features), Qubes OS 2 and 3 the core2 layout
 * (one element with attributes per qube). docs/format.md, "qubes.xml".
 */
import { childNamed, childrenNamed, parseXml, type XmlElement } from './xml-tree.ts';

export interface ListedVolume {
  /** `private`, `root`, `volatile`, `kernel`. */
  readonly name: string;
  /** Virtual size in bytes, where given. */
  readonly size: number | null;
  /** Whether its content outlives the qube's shutdown, so that a backup must hold it. */
  readonly saveOnStop: boolean;
}

export interface ListedQube {
  readonly name: string;
  readonly class: string;
  readonly label: string;
  readonly template: string | null;
  /** Null where the system's default applies, empty for none. */
  readonly netvm: string | null;
  /** Folder inside the backup, without a slash at its end; null when the backup does not hold this qube. */
  readonly backupPath: string | null;
  readonly volumes: readonly ListedVolume[];
}

/** A real list has some hundred kilobytes; one of this length that is all attributes takes 400 MB to parse. */
export const longestQubesXml = 8 * 1024 * 1024;

/**
 * Reads the list of qubes in either layout.
 *
 * @throws RecoveryError `qubes-xml-malformed`
 */
export function parseQubesXml(bytes: Uint8Array): readonly ListedQube[] {
  const root = parseXml(bytes);
  const domains = childNamed(root, 'domains');
  return domains ? core3(root, domains) : core2(root);
}

function core3(root: XmlElement, domains: XmlElement): readonly ListedQube[] {
  const labelById = new Map(
    childrenNamed(childNamed(root, 'labels'), 'label').map((label) => [
      label.attributes['id'] ?? '',
      label.text,
    ]),
  );
  return childrenNamed(domains, 'domain').map((domain) => {
    const properties = namedTexts(domain, 'properties', 'property');
    const features = namedTexts(domain, 'features', 'feature');
    const kind = domain.attributes['class'] ?? '';
    const label = properties.get('label') ?? '';
    const path = features.get('backup-path');
    const held = (features.get('backup-content') ?? '') !== '' && path !== undefined;
    return {
      name: kind === 'AdminVM' ? 'dom0' : (properties.get('name') ?? ''),
      class: kind,
      label: labelById.get(label) ?? label,
      template: properties.get('template') ?? null,
      netvm: properties.get('netvm') ?? null,
      backupPath: held ? withoutEndingSlash(path) : null,
      volumes: childrenNamed(childNamed(domain, 'volume-config'), 'volume').map(({ attributes }) => ({
        name: attributes['name'] ?? '',
        size: sizeOf(attributes['size']),
        saveOnStop: isTrue(attributes['save_on_stop']),
      })),
    };
  });
}

/** The texts of `<container><entry name="…">text</entry></container>`; a reference stands in the `ref` attribute. */
function namedTexts(element: XmlElement, container: string, entry: string): ReadonlyMap<string, string> {
  return new Map(
    childrenNamed(childNamed(element, container), entry).map(({ attributes, text }) => [
      attributes['name'] ?? '',
      attributes['ref'] ?? text,
    ]),
  );
}

/** Today's class of each element of the old list; an element that may be of two is told by its template. */
const core2Classes: ReadonlyMap<string, string> = new Map([
  ['QubesAppVm', 'AppVM'],
  ['QubesHVm', 'StandaloneVM'],
  ['QubesTemplateVm', 'TemplateVM'],
  ['QubesTemplateHVm', 'TemplateVM'],
  ['QubesNetVm', 'AppVM'],
  ['QubesProxyVm', 'AppVM'],
  ['QubesDisposableVm', 'DispVM'],
  ['QubesAdminVm', 'AdminVM'],
]);

/** Whatever its element is called, a qube without a template is a standalone one, and one with a template is not. */
function core2Class(
  element: string,
  { template_qid: template }: XmlElement['attributes'],
): string | undefined {
  const kind = core2Classes.get(element);
  if (template === undefined || (kind !== 'AppVM' && kind !== 'StandaloneVM')) return kind;
  return template.toLowerCase() === 'none' ? 'StandaloneVM' : 'AppVM';
}

function core2(root: XmlElement): readonly ListedQube[] {
  const elements = root.children.flatMap(({ name, attributes }) => {
    const kind = core2Class(name, attributes);
    return kind === undefined ? [] : [{ kind, attributes }];
  });
  const nameByQid = new Map(
    elements.map(({ attributes }) => [attributes['qid'] ?? '', attributes['name'] ?? '']),
  );
  return elements.map(({ kind, attributes }) => ({
    name: kind === 'AdminVM' ? 'dom0' : (attributes['name'] ?? ''),
    class: kind,
    label: attributes['label'] ?? 'red',
    template: nameByQid.get(attributes['template_qid'] ?? 'none') ?? null,
    netvm:
      attributes['netvm_qid'] === 'none' ? '' : (nameByQid.get(attributes['netvm_qid'] ?? 'absent') ?? null),
    backupPath:
      isTrue(attributes['backup_content']) && attributes['backup_path'] !== undefined
        ? withoutEndingSlash(attributes['backup_path'])
        : null,
    volumes: (core2Volumes.get(kind) ?? []).map((volume) => ({ name: volume, size: null, saveOnStop: true })),
  }));
}

/** The old list names no volumes: what a backup must contain of a qube follows from its class. */
const core2Volumes: ReadonlyMap<string, readonly string[]> = new Map([
  ['AppVM', ['private']],
  ['StandaloneVM', ['private', 'root']],
  ['TemplateVM', ['root']],
]);

function isTrue(value: string | undefined): boolean {
  return value?.toLowerCase() === 'true';
}

function withoutEndingSlash(path: string): string {
  let end = path.length;
  // A pattern for it would try every slash of a long row as the first of the last ones.
  while (path.endsWith('/', end)) end--;
  return path.slice(0, end);
}

function sizeOf(value: string | undefined): number | null {
  const size = /^\d+$/.test(value ?? '') ? Number(value) : NaN;
  return Number.isSafeInteger(size) ? size : null;
}
