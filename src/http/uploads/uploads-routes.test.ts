import assert from 'node:assert/strict';
import { test } from 'node:test';

import fastify from 'fastify';

import { openTelemetry } from '#core/telemetry/telemetry.ts';
import type { FileStore } from '#files/file-store.ts';
import { realSystem } from '#lib/system.ts';
import type { Database } from '#storage/database.ts';
import { testSecretBox } from '#test/helpers/secret-box.ts';
import { registerUploads } from './register-uploads.ts';

const TENANT = '0198e000-0000-7000-8000-00000000000a';

test('container URLs at the root shadow no route of the token issuer and keep to their own scope', async () => {
  const server = fastify();
  // What is refused reaches neither store nor database.
  const nothing = {} as unknown as Database & FileStore;
  registerUploads(server, {
    db: nothing,
    files: nothing,
    secretBox: testSecretBox,
    system: realSystem,
    telemetry: openTelemetry(),
  });
  server.get('/:tenant/v2.0/.well-known/openid-configuration', () => ({ ok: true }));
  server.get('/:tenant/discovery/v2.0/keys', () => ({ ok: true }));
  server.post('/:tenant/oauth2/v2.0/token', (request) => ({ ok: request.body }));
  server.get('/healthz', () => ({ ok: true }));

  for (const path of ['v2.0/.well-known/openid-configuration', 'discovery/v2.0/keys']) {
    assert.deepEqual((await server.inject(`/${TENANT}/${path}`)).json(), { ok: true });
  }
  const token = { method: 'POST', url: `/${TENANT}/oauth2/v2.0/token`, payload: { a: 1 } } as const;
  assert.deepEqual((await server.inject(token)).json(), { ok: { a: 1 } }, 'JSON is still parsed elsewhere');
  assert.deepEqual((await server.inject('/healthz')).json(), { ok: true });
  assert.match((await server.inject('/nothing')).body, /"statusCode":404/);

  // Over the wire: an injected HEAD has a body in some versions of the tool that injects.
  const origin = await server.listen({ port: 0, host: '127.0.0.1' });
  const head = await fetch(`${origin}/${TENANT}/School.csv`, { method: 'HEAD' });
  assert.deepEqual(
    [head.status, head.headers.get('x-ms-error-code'), await head.text()],
    [403, 'AuthenticationFailed', ''],
  );
  await server.close();
});
