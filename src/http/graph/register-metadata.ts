import type { FastifyInstance } from 'fastify';

import { openToAll } from '../auth/require-permission.ts';
import { csdlXml } from '../odata/metadata/csdl-xml.ts';
import { servedModel } from '../odata/metadata/served-model.ts';
import type { GraphVersion } from '../scopes.ts';

/** GET /$metadata: what the version serves, as CSDL. GET / of a version: its service document. Open to everybody, as Graph's are. */
export function registerMetadata(scope: FastifyInstance, version: GraphVersion): void {
  const model = servedModel(version);
  const csdl = csdlXml(model);
  scope.get('/$metadata', { onRequest: openToAll }, (_request, reply) =>
    reply.type('application/xml').send(csdl),
  );
  scope.get('', { onRequest: openToAll }, (request) => ({
    '@odata.context': `${request.baseUrl}/${version}/$metadata`,
    value: Object.entries(model.containers).map(([name, { kind }]) => ({ name, kind, url: name })),
  }));
}
