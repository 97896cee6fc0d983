/**
 * `npm run papers`: what packages carry beside the program, made anew from what is installed and built, into
 * `dist/papers`: the licences of all that ships, the bill of materials (CycloneDX), and the command line with its manual
 * and completions.
 */
import { execFileSync } from 'node:child_process';
import { chmod, copyFile, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const project = join(import.meta.dirname, '..');
const papers = join(project, 'dist/papers');

interface Shipped {
  readonly name: string;
  readonly version: string;
}

interface Lockfile {
  readonly packages: Readonly<
    Record<
      string,
      {
        readonly version: string;
        readonly dev?: boolean;
        readonly devOptional?: boolean;
        readonly link?: boolean;
      }
    >
  >;
}

/** The part of a CycloneDX document that is touched here. */
interface BillOfMaterials {
  serialNumber?: string;
  metadata: { timestamp?: string; component: { name: string } };
  components: readonly { readonly 'bom-ref': string; readonly name: string; readonly version: string }[];
  dependencies: readonly { readonly ref: string; readonly dependsOn?: readonly string[] }[];
}

async function json<T>(path: string): Promise<T> {
  return JSON.parse(await readFile(join(project, path), 'utf8')) as T;
}

/** Packages in the app: those that its Node side loads, those bundled into its page, and Electron. */
async function shippedPackages(): Promise<readonly Shipped[]> {
  const { packages } = await json<Lockfile>('package-lock.json');
  const loaded = Object.entries(packages)
    .filter(([path, { dev, devOptional, link }]) => {
      // A link leads to a folder of this project.
      return path.startsWith('node_modules/') && !dev && !devOptional && !link;
    })
    .map(([path, { version }]) => ({ name: path.slice(path.lastIndexOf('node_modules/') + 13), version }));
  const bundled = await json<readonly Shipped[]>('dist/renderer/.vite/licences.json');
  const electron = await json<Shipped>('node_modules/electron/package.json');
  const all = [...loaded, ...bundled, electron].map(
    ({ name, version }) => [name, { name, version }] as const,
  );
  return [...new Map(all).values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The licences of `shipped` in full. What Electron itself is made of has its own list, which packagers put beside it. */
async function licences(shipped: readonly Shipped[]): Promise<string> {
  const sections = shipped.map(async ({ name, version }) => {
    const folder = join(project, 'node_modules', name);
    const files = (await readdir(folder)).filter((file) => /^(licen[cs]e|copying|notice)/i.test(file)).sort();
    const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
    const { license } = await json<{ license?: string }>(`node_modules/${name}/package.json`);
    if (license === undefined) throw new Error(`${name} does not say its licence`);
    const title = `${name} ${version} (${license})`;
    return [title, '='.repeat(title.length), '', ...texts.map((text) => text.trim()), ''].join('\n');
  });
  const own = await readFile(join(project, 'LICENSE'), 'utf8');
  return ['Lifeboat', '========', '', own, ...(await Promise.all(sections))].join('\n');
}

/** npm's bill of what is installed, reduced to what ships, without what would differ from run to run. */
function billOfMaterials(shipped: readonly Shipped[]): BillOfMaterials {
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const options = {
    cwd: project,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
    shell: process.platform === 'win32',
  } as const;
  const bill = JSON.parse(
    execFileSync(npm, ['sbom', '--sbom-format', 'cyclonedx', '--sbom-type', 'application'], options),
  ) as BillOfMaterials;
  const versions = new Map(shipped.map(({ name, version }) => [name, version]));
  const components = bill.components.filter(({ name, version }) => versions.get(name) === version);
  const kept = new Set(components.map((component) => component['bom-ref']));
  if (kept.size !== versions.size)
    throw new Error(`${kept.size} of ${versions.size} packages are in npm's bill`);
  delete bill.serialNumber;
  delete bill.metadata.timestamp;
  bill.metadata.component.name = 'lifeboat';
  return {
    ...bill,
    components,
    dependencies: bill.dependencies
      .filter(({ ref }) => kept.has(ref))
      .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter((other) => kept.has(other)) })),
  };
}

function printedBy(...args: string[]): string {
  return execFileSync(process.execPath, [join(project, 'dist/lifeboat.mjs'), ...args], { encoding: 'utf8' });
}

await rm(papers, { recursive: true, force: true });
await mkdir(join(papers, 'completions'), { recursive: true });
const shipped = await shippedPackages();
await writeFile(join(papers, 'THIRD-PARTY-LICENSES.txt'), await licences(shipped));
await writeFile(join(papers, 'sbom.cdx.json'), `${JSON.stringify(billOfMaterials(shipped), null, 2)}\n`);
await writeFile(join(papers, 'lifeboat.1'), printedBy('manual'));
await writeFile(join(papers, 'lifeboat.1.gz'), gzipSync(printedBy('manual'), { level: 9 }));
await writeFile(join(papers, 'completions/lifeboat.bash'), printedBy('completion', 'bash'));
await writeFile(join(papers, 'completions/_lifeboat'), printedBy('completion', 'zsh'));
await writeFile(join(papers, 'completions/lifeboat.fish'), printedBy('completion', 'fish'));
await copyFile(join(project, 'dist/lifeboat.mjs'), join(papers, 'lifeboat.mjs'));
await chmod(join(papers, 'lifeboat.mjs'), 0o755);
// What installed packages put on the PATH: the app's own program is another one.
if (process.platform !== 'win32') {
  await symlink('/opt/Lifeboat/resources/cli/lifeboat.mjs', join(papers, 'lifeboat'));
}
