/** PUBLIC_URL: links lead there, and whoever comes by another address is served all the same. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { startTestRollbook, type TestRollbook } from '#test/helpers/rollbook.ts';
import { runCliHere } from '#test/helpers/cli-run.ts';

const PUBLIC_URL = 'https://roster.contoso.example/sds';

let rollbook: TestRollbook;
before(async () => {
  rollbook = await startTestRollbook({ settings: { PUBLIC_URL } });
});
after(() => rollbook.stop());

async function tokenFor(scope: string): Promise<number> {
  const { tenantId, clientId, clientSecret } = rollbook;
  const response = await fetch(`${rollbook.baseUrl}/${tenantId}/oauth2/v2.0/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: clientId,
      client_secret: clientSecret,
      scope,
    }),
  });
  await response.body?.cancel();
  return response.status;
}

test('a scope may name the service as the client reached it, or as PUBLIC_URL does', async () => {
  const { host } = new URL(rollbook.baseUrl);
  for (const origin of [rollbook.baseUrl, `https://${host}`, PUBLIC_URL, 'https://roster.contoso.example'])
    assert.equal(await tokenFor(`${origin}/.default`), 200, origin);
  assert.equal(await tokenFor('https://fabrikam.example/.default'), 400);
});

test('commands on the machine of the service sign in at its own address', async () => {
  const listed = await runCliHere(['profile', 'list', '--data-dir', rollbook.dataDir]);
  assert.equal(listed.exitCode, 0, listed.stderr);
});

test('links begin with it, those of the items of a batch too', async () => {
  const batch = await rollbook.api('/v1.0/$batch', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      requests: [
        { id: '1', method: 'GET', url: '/education/schools' },
        { id: '2', method: 'GET', url: '/education/users/delta?$deltatoken=latest' },
      ],
    }),
  });
  const { responses } = (await batch.json()) as { responses: { body: Record<string, string> }[] };
  assert.equal(responses[0]?.body['@odata.context'], `${PUBLIC_URL}/v1.0/$metadata#education/schools`);
  assert.ok(responses[1]?.body['@odata.deltaLink']?.startsWith(`${PUBLIC_URL}/v1.0/education/users/delta?`));
});
