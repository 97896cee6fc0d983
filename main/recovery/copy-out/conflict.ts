/** What to do where the destination of a copy has something of the same name. */

/** `refuse` reports it and copies the rest. */
export const conflictChoices = ['keep-both', 'replace', 'skip', 'refuse'] as const;
export type ConflictChoice = (typeof conflictChoices)[number];
