/**
 * The JSON Schema of what `restore --json` and `verify --json` print. `node test/support/report-schema.ts` writes it anew
 * into `docs/report.schema.json`.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { restoreReport } from '../../shared/backup.ts';

export const reportSchemaPath = join(import.meta.dirname, '../../docs/report.schema.json');

/** The text of the schema. Codes of problems are many and grow: it takes any. */
export function reportSchema(): string {
  const schema = z.toJSONSchema(restoreReport, {
    override: ({ path, jsonSchema }) => {
      if (path.at(-1) === 'code') delete jsonSchema.enum;
    },
  });
  return `${JSON.stringify({ title: 'Report of lifeboat restore and verify', ...schema }, null, 2)}\n`;
}

if (import.meta.main) await writeFile(reportSchemaPath, reportSchema());
