/** What can be wrong with an archive, before anybody who knows the file makes a catalogued problem of it. */

export type ArchiveFaultKind = 'malformed' | 'sparse-map' | 'unfinished' | 'overlong';

/** Why an archive cannot be read on; the pipeline, which knows the file, makes a catalogued problem of it. */
export class ArchiveFault extends Error {
  readonly kind: ArchiveFaultKind;

  constructor(kind: ArchiveFaultKind, detail: string) {
    super(detail);
    this.name = 'ArchiveFault';
    this.kind = kind;
  }
}
