/** The list of qubes as Qubes OS writes it: core3 of release 4 (`qubes.xml`), core2 of releases 2 and 3. */

export type QubeClass = 'AppVM' | 'TemplateVM' | 'StandaloneVM' | 'DispVM' | 'AdminVM';

/** Names and colours in the order of the ids that core3 gives them: `label-1` is red. */
export const labels = {
  red: '0xcc0000',
  orange: '0xf57900',
  yellow: '0xedd400',
  green: '0x73d216',
  gray: '0x555555',
  blue: '0x3465a4',
  purple: '0x75507b',
  black: '0x000000',
} as const;

export type LabelName = keyof typeof labels;

/** One qube as the list tells of it, whether or not the backup holds it. */
export interface ListedQube {
  readonly name: string;
  readonly class: QubeClass;
  readonly qid: number;
  readonly label: LabelName;
  readonly template?: string;
  /** The network qube: absent for the system's default, empty for none. */
  readonly netvm?: string;
  readonly included: boolean;
  /** Folder in the backup, as the list spells it: `vm1/`. */
  readonly path: string;
  /** What the list says that the backup holds of it, in bytes. */
  readonly size: number;
  /** Virtual sizes of the volumes that survive a restart, in bytes. */
  readonly volumes: Readonly<Record<string, number>>;
  readonly properties: Readonly<Record<string, string>>;
  readonly features: Readonly<Record<string, string>>;
}

function escape(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

function named(tag: string, values: Readonly<Record<string, string>>, indent: string): string {
  return Object.entries(values)
    .map(([name, value]) => `${indent}<${tag} name="${escape(name)}">${escape(value)}</${tag}>\n`)
    .join('');
}

/**
 * The `qubes.xml` of release 4. It has no XML declaration; booleans are `1` and the empty string in features,
 * `True` and `False` in properties; the label is a reference by id.
 */
export function core3Xml(qubes: readonly ListedQube[]): string {
  const labelList = Object.entries(labels)
    .map(([name, color], index) => `    <label color="${color}" id="label-${index + 1}">${name}</label>\n`)
    .join('');
  return `<qubes>
  <labels>
${labelList}  </labels>
  <pools>
    <pool dir_path="/var/lib/qubes" driver="file" name="varlibqubes" revisions_to_keep="1"/>
    <pool dir_path="/var/lib/qubes/vm-kernels" driver="linux-kernel" name="linux-kernel"/>
    <pool driver="lvm_thin" name="vm-pool" thin_pool="vm-pool" volume_group="qubes_dom0"/>
  </pools>
  <properties>
    <property name="clockvm">sys-net</property>
    <property name="default_netvm">sys-firewall</property>
    <property name="default_template">debian-12-xfce</property>
  </properties>
  <domains>
${qubes.map(core3Domain).join('')}  </domains>
</qubes>
`;
}

function core3Domain(qube: ListedQube): string {
  const admin = qube.class === 'AdminVM';
  const properties = {
    label: `label-${Object.keys(labels).indexOf(qube.label) + 1}`,
    ...(!admin && { name: qube.name, qid: String(qube.qid), uuid: uuidOf(qube.qid) }),
    ...(qube.template !== undefined && { template: qube.template }),
    ...(qube.netvm !== undefined && { netvm: qube.netvm }),
    ...qube.properties,
  };
  const features = {
    'backup-content': qube.included ? '1' : '',
    ...(qube.included && { 'backup-path': qube.path, 'backup-size': String(qube.size) }),
    ...qube.features,
  };
  return `    <domain id="domain-${qube.qid}" class="${qube.class}">
      <properties>
${named('property', properties, '        ')}      </properties>
      <features>
${named('feature', features, '        ')}      </features>
      <devices class="pci"/>
      <devices class="block"/>
      <devices class="usb"/>
      <tags>
        <tag name="created-by-dom0"/>
      </tags>
${admin ? '' : volumeConfig(qube)}    </domain>
`;
}

function uuidOf(qid: number): string {
  return `5f0c4a52-31a7-4b9e-8c11-${qid.toString(16).padStart(12, '0')}`;
}

/** Volumes: those of `qube.volumes` are saved on stop; `root` of a qube with a template is a snapshot of its. */
function volumeConfig(qube: ListedQube): string {
  const vid = (volume: string) => `qubes_dom0/vm-${qube.name}-${volume}`;
  const saved = Object.entries(qube.volumes).map(
    ([name, size]) =>
      `        <volume name="${name}" pool="vm-pool" revisions_to_keep="1" rw="True" save_on_stop="True" ` +
      `size="${size}" vid="${vid(name)}"/>\n`,
  );
  const snapshot =
    qube.template === undefined || 'root' in qube.volumes
      ? ''
      : `        <volume name="root" pool="vm-pool" revisions_to_keep="0" rw="True" size="10737418240" ` +
        `snap_on_start="True" source="qubes_dom0/vm-${qube.template}-root" vid="${vid('root')}"/>\n`;
  return `      <volume-config>
${snapshot}${saved.join('')}        <volume name="volatile" pool="vm-pool" revisions_to_keep="0" rw="True" size="12884901888" vid="${vid('volatile')}"/>
        <volume name="kernel" pool="linux-kernel" revisions_to_keep="0" vid="6.6.48-1"/>
      </volume-config>
`;
}

/** The class AppVM means that there is a template, also where a test does not care which. */
const unlistedQid = '9999';

/**
 * The `qubes.xml` of releases 2 and 3: an element for each qube, named after its class. What restoring ignores
 * but real lists carry (devices, services, kernels) is there too, as some of it looks like code.
 */
export function core2Xml(qubes: readonly ListedQube[]): string {
  const qidOf = (name: string | undefined) => String(qubes.find((qube) => qube.name === name)?.qid ?? 'none');
  const elements = qubes.map((qube) => {
    const attributes: Record<string, string | undefined> = {
      ...(qube.included && {
        backup_content: 'True',
        backup_path: qube.path,
        backup_size: String(qube.size),
      }),
      qid: String(qube.qid),
      name: qube.name,
      label: qube.label,
      template_qid:
        qube.class === 'AppVM' && qube.template === undefined ? unlistedQid : qidOf(qube.template),
      uses_default_netvm: qube.netvm === undefined ? 'True' : 'False',
      netvm_qid: qube.netvm === undefined ? undefined : qidOf(qube.netvm),
      include_in_backups: 'True',
      installed_by_rpm: 'False',
      internal: 'False',
      dir_path: `/var/lib/qubes/${qube.class === 'TemplateVM' ? 'vm-templates' : 'appvms'}/${qube.name}`,
      conf_file: `${qube.name}.conf`,
      private_img: 'private.img',
      root_img: 'root.img',
      volatile_img: 'volatile.img',
      kernel: '3.18.17-8',
      memory: '400',
      maxmem: '4000',
      vcpus: '2',
      services: "{'meminfo-writer': True}",
      pcidevs: '[]',
      ...qube.properties,
    };
    const text = Object.entries(attributes).flatMap(([name, value]) =>
      value === undefined ? [] : [`${name}="${escape(value)}"`],
    );
    return `  <${core2Class(qube)} ${text.join(' ')}/>\n`;
  });
  return `<?xml version='1.0' encoding='UTF-8'?>
<QubesVmCollection clockvm="2" default_kernel="3.18.17-8" default_netvm="2" updatevm="2">
${elements.join('')}</QubesVmCollection>
`;
}

function core2Class(qube: ListedQube): string {
  const names = {
    AdminVM: 'QubesAdminVm',
    TemplateVM: 'QubesTemplateVm',
    DispVM: 'QubesDisposableVm',
    StandaloneVM: 'QubesHVm',
    AppVM: 'QubesAppVm',
  } as const;
  return 'provides_network' in qube.properties ? 'QubesProxyVm' : names[qube.class];
}
