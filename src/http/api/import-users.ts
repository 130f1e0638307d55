import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { WRITE_ROSTER } from '#core/permissions.ts';
import { EXTENSION_ATTRIBUTES } from '#core/users/extension-attributes.ts';
import { readImportRow, type ImportRow, type RefusedRow } from '#core/users/import-row.ts';
import { MAX_IMPORT_ROWS, readUsersCsv } from '#core/users/read-users-csv.ts';
import { importUsers, type ImportedRow, type ImportResult } from '#directory/import-users.ts';
import { InvalidRequestError } from '#lib/errors.ts';

import { requirePermission } from '../auth/require-permission.ts';
import { refuseCompressed } from '../body-parsers.ts';
import type { HttpContext } from '../context.ts';

/** What POST /api/v1/users/import answers with: counts, and one result per row in the order of the rows. */
export type UserImportAnswer = Readonly<Record<ImportResult, number>> & {
  readonly rows: readonly ImportedRow[];
};

/** A hundred thousand rows with all columns, generously. */
const BODY_LIMIT_BYTES = 32 * 1024 * 1024;
const UTF8 = new TextDecoder('utf-8', { fatal: true });

const cell = z.string().nullish();
export const importRows = z.array(
  z.strictObject({
    userPrincipalName: cell,
    displayName: cell,
    givenName: cell,
    surname: cell,
    mail: cell,
    mailNickname: cell,
    employeeId: cell,
    accountEnabled: z.union([z.boolean(), z.string()]).nullish(),
    ...Object.fromEntries(EXTENSION_ATTRIBUTES.map((name) => [name, cell])),
  }),
);

/**
 * POST /api/v1/users/import: accounts made by hand, many at once, by user name. The body is CSV (text/csv, a header of column names) or a
 * JSON array; `rollbook users import` sends the first. A body at fault as a whole: 400, and nothing is imported.
 */
export function registerUserImport(scope: FastifyInstance, context: HttpContext): void {
  void scope.register((inner, _options, done) => {
    inner.addContentTypeParser<Buffer>('text/csv', { parseAs: 'buffer' }, (_request, body, parsed) => {
      parsed(null, body);
    });
    inner.post(
      '/users/import',
      { onRequest: requirePermission(context, WRITE_ROSTER), bodyLimit: BODY_LIMIT_BYTES },
      async (request): Promise<UserImportAnswer> => {
        const rows = await importUsers(context, request.caller, readRows(request));
        const counts = { created: 0, updated: 0, unchanged: 0, refused: 0 };
        for (const { result } of rows) counts[result] += 1;
        return { ...counts, rows };
      },
    );
    done();
  });
}

function readRows(request: FastifyRequest): (ImportRow | RefusedRow)[] {
  const { body } = request;
  if (Buffer.isBuffer(body)) {
    refuseCompressed(request);
    return readUsersCsv(decode(body));
  }
  if (!Array.isArray(body)) {
    throw new InvalidRequestError('Send CSV with Content-Type: text/csv, or a JSON array of users.');
  }
  if (body.length > MAX_IMPORT_ROWS) {
    throw new InvalidRequestError(`The array has more than ${MAX_IMPORT_ROWS} users. Send them in parts.`);
  }
  return importRows.parse(body).map((row, index) => {
    const cells = Object.entries(row).flatMap(([column, value]) =>
      value === null || value === undefined ? [] : [[column, String(value)]],
    );
    return readImportRow(index + 1, Object.fromEntries(cells) as Record<string, string>);
  });
}

function decode(body: Buffer): string {
  try {
    return UTF8.decode(body);
  } catch {
    throw new InvalidRequestError(
      'The file is not UTF-8. Save it as "CSV UTF-8"; nothing of it was imported.',
    );
  }
}
