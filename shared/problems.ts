/**
 * The catalogue of everything that can go wrong: one code each, with what it carries and how grave it is.
 *
 * Library, engine and backend speak in these codes; the words for people live in `shared/words/`, and a test
 * holds that every code has its words in every language.
 */

/** How grave a problem is: a failure loses data or stops the work, a warning and a notice do not. */
export type Severity = 'failure' | 'warning' | 'notice';

interface ProblemKind {
  readonly severity: Severity;
  /** Whether trying the same thing again, unchanged or after the person acted, can help. */
  readonly retry: boolean;
  /** Names of the parameters that the words may mention. */
  readonly params: readonly string[];
}

const failure = <const P extends readonly string[]>(...params: P) =>
  ({ severity: 'failure', retry: false, params }) as const;
const retriable = <const P extends readonly string[]>(...params: P) =>
  ({ severity: 'failure', retry: true, params }) as const;
const warning = <const P extends readonly string[]>(...params: P) =>
  ({ severity: 'warning', retry: false, params }) as const;
const notice = <const P extends readonly string[]>(...params: P) =>
  ({ severity: 'notice', retry: false, params }) as const;

export const problemKinds = {
  // The backup file as a whole
  'source-missing': retriable('path'),
  'source-unreadable': retriable('path', 'reason'),
  'source-lost': retriable('reason'),
  'source-bad-place': failure('position'),
  'source-unsteady': retriable('position'),
  'source-places-bad': warning('count', 'first'),
  'source-exchanged': retriable('path'),
  'source-not-a-file': failure('path'),
  'source-is-pipe': failure('path'),
  'pipe-empty': retriable('path'),
  'spool-full': retriable('path', 'copied'),
  'too-many-open-files': retriable('path'),
  'device-empty': retriable('path'),
  'part-missing': retriable('part'),
  'part-not-first': failure('first'),
  'parts-beside': notice('count', 'names'),
  'not-a-backup': failure(),
  'backup-wrapped': failure('by', 'command'),
  'looks-encrypted': failure(),
  'backup-is-format-1': failure(),
  'version-unsupported': failure('version'),
  'backup-truncated': failure('size', 'member'),
  'container-damaged': warning('offset'),
  'container-member-lost': failure('offset'),
  'data-behind-end': warning('offset', 'size'),
  'files-of-another-backup': warning('count', 'name'),
  'container-too-long': failure('limit'),
  'member-name-unsafe': warning('name'),
  'member-name-foreign': warning('name'),
  'member-repeated': warning('name'),
  'member-unexplained': warning('name'),

  // Header and passphrase
  'header-missing': failure(),
  'header-malformed': failure('detail'),
  'header-seal-missing': failure(),
  'header-seal-damaged': failure(),
  'header-not-authentic': failure(),
  'backup-not-sealed': warning(),
  'passphrase-rejected': retriable(),

  // Key derivation
  'derivation-parameters-invalid': failure('logN', 'r', 'p'),
  'derivation-needs-memory': retriable('needed', 'allowed'),
  'derivation-slow': retriable('seconds'),
  'derivation-self-test-failed': failure('kernel'),
  'derivation-interrupted': retriable('reason'),

  // Chunks
  'chunk-missing': failure('file', 'chunk'),
  'chunk-too-short': failure('file', 'chunk'),
  'chunk-header-damaged': failure('file', 'chunk'),
  'chunk-not-authentic': failure('file', 'chunk'),
  'chunk-damaged': failure('file', 'chunk'),
  'chunk-out-of-sequence': failure('file', 'chunk'),
  'chunk-unreadable': failure('file', 'chunk'),
  'chunk-not-sealed': failure('file', 'chunk'),
  'data-behind-file': warning('file', 'chunk'),
  'chunks-exchangeable': warning(),
  'chunk-slow': failure('file', 'chunk', 'seconds'),
  'chunk-unstable': warning('file', 'chunk'),
  'chunk-unauthenticated': failure('file', 'chunk'),
  'part-unplaced': warning('file', 'compression'),
  'piece-saved': warning('file', 'piece', 'size'),
  'piece-salvageable': warning('file', 'size'),
  'salvage-kept': notice('file', 'path'),
  'file-whole': warning('file'),
  'file-salvaged': warning('file', 'lost', 'size', 'map'),
  'file-salvageable': warning('file', 'lost', 'size'),

  // Streams and archives inside
  'cipher-unsupported': failure('cipher'),
  'digest-unsupported': failure('digest'),
  'compression-unsupported': failure('filter'),
  'compression-needs-newer-node': failure('compression', 'node'),
  'compression-differs': warning('file', 'named', 'found'),
  'stream-damaged': failure('file', 'compression'),
  'stream-unfinished': failure('file'),
  'stream-overlong': failure('file'),
  'archive-malformed': failure('file', 'detail'),
  'archive-member-unexpected': failure('file', 'found'),
  'sparse-map-invalid': failure('file', 'detail'),
  'size-mismatch': failure('file', 'expected', 'found'),
  'file-is-link': notice('file', 'target'),
  'content-is-link': failure('file', 'target'),
  'entry-renamed': notice('from', 'to'),
  'entry-numbered': notice('from', 'to'),
  'entry-leads-out': warning('path'),
  'entry-is-special': warning('path'),
  'link-leads-out': warning('path', 'target'),
  'link-has-no-original': warning('path', 'target'),
  'links-not-supported': warning('path', 'target'),

  // The list of qubes
  'qubes-xml-missing': failure(),
  'qubes-xml-malformed': failure('detail'),
  'qubes-xml-unreadable': failure('reason'),
  'qubes-none': failure(),
  'qube-unknown': failure('qube'),
  'qube-not-included': failure('qube'),
  'qube-has-no-files': failure('qube'),
  'qube-cut-off': failure('qube'),
  'volume-missing': failure('qube', 'volume'),

  // Destination
  'dest-missing': retriable('path'),
  'dest-not-a-folder': failure('path'),
  'dest-read-only': retriable('path'),
  'dest-denied': retriable('path'),
  'dest-full': retriable('needed', 'free'),
  'dest-may-fill': warning('needed', 'free'),
  'dest-stores-holes': notice('fileSystem'),
  'dest-ran-full': retriable('path'),
  'dest-file-limit': failure('path', 'limit'),
  'dest-occupied': failure('path'),
  'dest-files-occupied': failure('count', 'path'),
  'kit-exists': notice('path'),
  'dest-name-invalid': retriable('name'),
  'dest-name-refused': failure('path'),
  'file-unnamed': warning('path'),
  'dest-lost': retriable('path', 'reason'),
  'dest-exchanged': retriable('path'),
  'dest-busy': retriable('path'),
  'dest-refused': retriable('path', 'reason'),

  // Images of disks
  'image-missing': retriable('path'),
  'image-not-a-file': failure('path'),
  'image-empty': failure('path'),
  'image-blank': failure(),
  'partition-table-damaged': warning('table', 'detail'),
  'filesystem-unsupported': failure('name'),
  'filesystem-feature-unsupported': failure('features'),
  'filesystem-damaged': failure('structure', 'detail'),
  'filesystem-part-lost': failure('structure', 'offset', 'bytes'),
  'filesystem-marked-damaged': warning(),
  'filesystem-backup-used': warning('structure'),
  'filesystem-unproven': warning('detail'),
  'filesystem-cut-off': warning('size', 'expected'),
  'partition-missing': failure('partition'),
  'filesystem-entry-missing': failure('path'),
  'filesystem-link-dangling': failure('path', 'target'),
  'filesystem-entry-is-folder': failure('path'),
  'filesystem-entry-unfit': failure('path', 'expected', 'found'),
  'filesystem-entry-encrypted': failure('inode'),
  'filesystem-link-loop': failure('path'),
  'journal-replayed': notice('transactions', 'blocks'),
  'journal-damaged': warning('detail'),
  'journal-lost': warning('structure'),
  'image-partial': warning('lost', 'size'),
  'lost-map-missing': failure('path'),
  'lost-map-unusable': failure('path', 'detail'),
  'file-part-lost': failure('path', 'lost', 'size'),
  'entry-part-lost': failure('path', 'structure'),

  // Mounting
  'mount-untrusted': warning(),
  'mount-hides-changes': warning(),
  'mount-shows-zeros': warning('lost'),
  'mount-needs-linux': failure(),
  'mount-unsupported': failure('command'),
  'mount-not-authorised': retriable('command'),
  'mount-timed-out': retriable('tool', 'seconds'),
  'mount-failed': failure('way', 'detail'),
  'mount-busy': retriable('path'),
  'mount-unknown': failure('path'),
  'unmount-failed': retriable('path', 'detail'),
  'image-journal-dirty': failure('path'),
  'image-recovery-failed': failure('detail'),

  // The program itself
  'engine-gone': retriable('reason'),
  'thread-ended': retriable('reason'),
  'output-failed': retriable('reason'),
  cancelled: notice(),
  unexpected: failure('detail'),
} as const satisfies Record<string, ProblemKind>;

export type ProblemCode = keyof typeof problemKinds;

/** The parameters that a problem of code `C` carries; sizes and offsets are bytes. */
export type ProblemParams<C extends ProblemCode> = Readonly<
  Record<(typeof problemKinds)[C]['params'][number], string | number>
>;

/** One thing that went wrong, as a value that crosses every wire and lands in every report. */
export type Problem = {
  readonly [C in ProblemCode]: { readonly code: C; readonly params: ProblemParams<C> };
}[ProblemCode];

export const problemCodes = Object.keys(problemKinds) as readonly ProblemCode[];

/** The parameters as a last argument, which a code without parameters does not take. */
type ParamsArgument<C extends ProblemCode> = (typeof problemKinds)[C]['params'] extends readonly []
  ? []
  : [ProblemParams<C>];

/** Makes the problem `code`. */
export function problem<C extends ProblemCode>(code: C, ...params: ParamsArgument<C>): Problem {
  return { code, params: params[0] ?? {} } as unknown as Problem;
}

/** The command by which a person can do by hand what was not done, where a problem carries one. */
export function commandOf({ params }: Problem): string | null {
  return 'command' in params ? String(params.command) : null;
}

export function severityOf(value: Problem): Severity {
  return problemKinds[value.code].severity;
}

/** Whether any of these means a loss, or work that was not done: what has one is never right. */
export function hasFailure(problems: readonly Problem[]): boolean {
  return problems.some((value) => severityOf(value) === 'failure');
}

/** The one exception of the library: carries a catalogued problem, and the cause for a developer's eyes. */
export class RecoveryError extends Error {
  readonly problem: Problem;

  constructor(value: Problem, options?: ErrorOptions) {
    super(value.code, options);
    this.name = 'RecoveryError';
    this.problem = value;
  }
}

/** Throws the problem `code` as a `RecoveryError`. */
export function fail<C extends ProblemCode>(code: C, ...params: ParamsArgument<C>): never {
  throw new RecoveryError(problem(code, ...params));
}

/** The problem that any thrown value stands for: its own, or `unexpected`. */
export function problemOf(thrown: unknown): Problem {
  if (thrown instanceof RecoveryError) return thrown.problem;
  return problem('unexpected', { detail: thrown instanceof Error ? thrown.message : String(thrown) });
}
