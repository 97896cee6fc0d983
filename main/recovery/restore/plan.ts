/** The plan of a restore: which stored files are read, in which order, and where each one goes. */
import { fail, problem, type Problem } from '../../../shared/problems.ts';
import type { CatalogedQube } from '../catalog/inventory.ts';
import type { StoredFile } from '../catalog/stored-files.ts';
import { checksumsName, qubesXmlName, reportName } from './account.ts';
import { isUnfinishedName } from '../writing/partial-names.ts';
import { journalName } from './journal.ts';
import { longestGrowingName, NameRegister, portableNames } from '../writing/output-names.ts';

/** One stored file with its place in the destination. */
export interface PlannedFile {
  readonly qube: string;
  /** Name within the qube, as `private.img`. */
  readonly name: string;
  readonly stored: StoredFile;
  /** Where it goes: path components below the destination. */
  readonly output: readonly string[];
  /** Bytes once restored, where the list of qubes says. */
  readonly virtualSize: number | null;
}

export interface RestorePlan {
  /** Names of the qubes that were asked for, in the order of the list. */
  readonly qubes: readonly string[];
  /** In the order in which they lie in the container, so that a disk reads forward. */
  readonly files: readonly PlannedFile[];
  /** What is known to be missing before anything is read. */
  readonly problems: readonly Problem[];
}

/**
 * Plans the restore of the qubes named, or of all that the backup holds when `names` is null.
 *
 * @throws RecoveryError `qube-unknown`, `qube-not-included`
 */
export function planRestore(catalog: readonly CatalogedQube[], names: readonly string[] | null): RestorePlan {
  const wanted = names === null ? null : new Set(names);
  const byName = new Map(catalog.map(({ qube }) => [qube.name, qube]));
  for (const name of wanted ?? []) {
    const found = byName.get(name) ?? fail('qube-unknown', { qube: name });
    if (!found.included) fail('qube-not-included', { qube: name });
  }
  const chosen = catalog.filter(({ qube }) => (wanted ? wanted.has(qube.name) : qube.included));
  // Folder names are claimed over the whole list, so that they do not depend on what was chosen.
  const folders = new NameRegister(planned);
  for (const name of ownNames) folders.claim(name);
  const folderOf = new Map(
    catalog
      .filter(({ qube }) => qube.included)
      .map((entry) => [entry, folders.claim(finishedName(entry.qube.name))]),
  );
  return {
    qubes: chosen.map(({ qube }) => qube.name),
    files: chosen
      .flatMap((entry) => plannedFiles(entry, folderOf.get(entry) ?? ''))
      .toSorted((a, b) => positionOf(a.stored) - positionOf(b.stored)),
    problems:
      chosen.length === 0
        ? [problem('qubes-none')]
        : // What is wrong with a file is told by its own report.
          chosen.flatMap(({ qube }) => qube.problems).filter(({ params }) => !('file' in params)),
  };
}

/** Names that are read by people and carried to other systems; those within a tree stay what they were. */
const planned = { ...portableNames, longest: longestGrowingName };

/** What Lifeboat itself writes beside the qubes' folders. */
const ownNames = [qubesXmlName, checksumsName, reportName, journalName];

/** A name that differs from those at which unfinished files grow: one file would replace the other there. */
function finishedName(name: string): string {
  return isUnfinishedName(name.toLowerCase()) ? `${name}_` : name;
}

function plannedFiles({ qube, files }: CatalogedQube, folder: string): PlannedFile[] {
  const names = new NameRegister(planned);
  const sizes = new Map(qube.files.map((file) => [file.name, file.virtualSize]));
  return [...files].map(([name, stored]) => ({
    qube: qube.name,
    name,
    stored,
    // Format 3 stored some templates as one archive of their whole folder, which then is the qube's folder.
    output: name === '.' && files.size === 1 ? [folder] : [folder, names.claim(finishedName(name))],
    virtualSize: sizes.get(name) ?? null,
  }));
}

function positionOf(stored: StoredFile): number {
  return stored.chunks[0]?.member.offset ?? 0;
}
