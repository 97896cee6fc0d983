/** The files inside a backup: the members of the container put together again from their numbered chunks. */
import { containerDamage, type ContainerIndex, type Member } from '../container/container-index.ts';

/** One numbered chunk of a stored file. */
export interface Chunk {
  readonly number: number;
  readonly member: Member;
}

/** A file as it lies in the container, cut into chunks `<path>.000`, `<path>.001`, … */
export interface StoredFile {
  /** Path inside the backup, as `vm1/private.img`. */
  readonly path: string;
  /** In order of their numbers, from 0 on without a gap up to `firstMissing`. */
  readonly chunks: readonly Chunk[];
  /** The first number that is missing before a later chunk, or null. */
  readonly firstMissing: number | null;
  /** The chunks behind that one, which only salvage has a use for. */
  readonly behindGap: readonly Chunk[];
  /** Bytes in the container, sealed and compressed. */
  readonly storedBytes: number;
}

/** The name of a chunk without `.enc`: its number has at least three digits. */
export function chunkName(path: string, number: number): string {
  return `${path}.${String(number).padStart(3, '0')}`;
}

/** How formats name their chunks: 4 ends in `.enc`; 3 and 2 have a `.hmac` beside each. */
const chunkPatterns = { sealed: /^(.+)\.(\d{3,7})\.enc$/, withHmac: /^(.+)\.(\d{3,7})$/ };

export interface StoredFiles {
  readonly files: ReadonlyMap<string, StoredFile>;
  /** Members that are neither a chunk, nor an HMAC of one, nor the header. */
  readonly unexplained: readonly Member[];
  /** Whether the backup file ends too early, and is not damaged before: then what is missing was behind its end. */
  readonly cutOff: boolean;
}

/**
 * Groups the members of a container into stored files (docs/format.md, "Outer container").
 *
 * @param version of the backup format, which decides how chunks are named
 */
export function groupStoredFiles(index: ContainerIndex, version: number): StoredFiles {
  const pattern = version >= 4 ? chunkPatterns.sealed : chunkPatterns.withHmac;
  const chunksByPath = new Map<string, Chunk[]>();
  const unexplained: Member[] = [];
  for (const member of index.members.values()) {
    const chunk = parseChunkName(member, pattern);
    if (chunk) {
      const chunks = chunksByPath.get(chunk.path);
      if (chunks) chunks.push(chunk);
      else chunksByPath.set(chunk.path, [chunk]);
    } else if (!isCompanion(member, index, version)) {
      unexplained.push(member);
    }
  }
  const files = [...chunksByPath].map(([path, chunks]) => [path, storedFile(path, chunks)] as const);
  const isDamaged = index.problems.some(({ code }) => containerDamage.has(code));
  return { files: new Map(files), unexplained, cutOff: index.cutOff === true && !isDamaged };
}

function parseChunkName(member: Member, pattern: RegExp): (Chunk & { path: string }) | undefined {
  const match = pattern.exec(member.name);
  if (!match) return undefined;
  const [, path = '', digits = ''] = match;
  const number = Number(digits);
  // `.0001` beside `.001` would be two names of one chunk: only the shortest form with three digits counts.
  return chunkName('', number) === `.${digits}` ? { path, number, member } : undefined;
}

function isCompanion(member: Member, index: ContainerIndex, version: number): boolean {
  if (member.name === 'backup-header' || member.name === 'backup-header.hmac') return true;
  return (
    version < 4 && member.name.endsWith('.hmac') && index.members.has(member.name.slice(0, -'.hmac'.length))
  );
}

function storedFile(path: string, unordered: readonly Chunk[]): StoredFile {
  const chunks = unordered.toSorted((a, b) => a.number - b.number);
  const gap = chunks.findIndex((chunk, i) => chunk.number !== i);
  return {
    path,
    chunks: gap < 0 ? chunks : chunks.slice(0, gap),
    firstMissing: gap < 0 ? null : gap,
    behindGap: gap < 0 ? [] : chunks.slice(gap),
    storedBytes: chunks.reduce((sum, chunk) => sum + chunk.member.size, 0),
  };
}
