/** The pieces of which arguments of the wizard's contract are made. */
import * as z from 'zod/mini';

/** What the backend hands out in place of a path or a handle. */
export const id = z.string().check(z.maxLength(64));

/** A name that the wizard gives a piece of work, so that no word of it can overtake its name. */
export const task = z.string().check(z.minLength(1), z.maxLength(64));

export const qubeName = z.string().check(z.maxLength(256));
