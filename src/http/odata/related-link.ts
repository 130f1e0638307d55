import type { FastifyRequest } from 'fastify';
import type { SecretBox } from '#lib/secret-box.ts';
import type { PageKey } from '#storage/views/read-view.ts';

import { sealSkipToken } from './skip-token.ts';

/** Where the objects go on that `$expand` cut off: at their own address, behind the last one that is shown. */
export function relatedLink(
  request: FastifyRequest,
  secretBox: Pick<SecretBox, 'seal'>,
  related: {
    /** Path of their own address, with the version. */
    readonly path: string;
    readonly select: readonly string[] | undefined;
    readonly last: PageKey;
  },
): string {
  const { path, select, last } = related;
  const paged = { tenantId: request.caller.tenantId, path, filter: undefined, orderBy: [] };
  const selected = select === undefined ? '' : `$select=${select.map(encodeURIComponent).join(',')}&`;
  return `${request.baseUrl}${path}?${selected}$skiptoken=${sealSkipToken(secretBox, paged, last)}`;
}
