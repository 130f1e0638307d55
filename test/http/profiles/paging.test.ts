/** Profiles page by key: what comes and goes while a client reads moves nothing else. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { realSystem } from '#lib/system.ts';
import { profileServer, type Answer, type ProfileServer } from '#test/helpers/profile-server.ts';

const P = '/synchronizationProfiles';
const NAMES = ['delta', 'Alpha', 'charlie', 'Bravo', 'echo', 'Foxtrot', 'alpha'];

let server: ProfileServer;
const ids: string[] = [];
before(async () => {
  server = await profileServer();
  for (const name of NAMES) ids.push(await server.newProfile(name));
});
after(() => server.close());

interface Shown {
  readonly id: string;
  readonly displayName: string;
}

const get = async (path: string, headers: Record<string, string> = {}): Promise<Answer> => {
  const answer = await server.call('GET', path, undefined, { headers });
  assert.equal(answer.status, 200, `${path}: ${answer.text}`);
  return answer;
};
/** The path of the next page, as `call` takes it. */
const nextOf = ({ body }: Answer): string | undefined =>
  body['@odata.nextLink']?.slice(`${server.baseUrl}/beta/education`.length);

/** All profiles of a query, page by page; `between` pages things may happen. */
async function readAll(query: string, between?: (pages: number) => Promise<void>): Promise<Shown[]> {
  const seen: Shown[] = [];
  let path: string | undefined = `${P}?${query}`;
  for (let pages = 1; path !== undefined; pages += 1) {
    assert.ok(pages < 50, 'the pages do not end');
    const page: Answer = await get(path);
    seen.push(...page.body.value);
    path = nextOf(page);
    await between?.(pages);
  }
  return seen;
}

async function remove(id: string): Promise<void> {
  assert.equal((await server.call('DELETE', `${P}/${id}`)).status, 202);
  for (let attempt = 0; attempt < 400; attempt += 1) {
    if ((await server.call('GET', `${P}/${id}`)).status === 404) return;
    await realSystem.sleep(10);
  }
  throw new Error(`the profile ${id} is not deleted`);
}

test('pages hold the same as one page, in every order', async () => {
  for (const order of [
    '',
    'displayName',
    'displayName desc',
    'state,displayName desc',
    'handleSpecialCharacterConstraint desc,displayName',
    'expirationDate',
    'id desc',
  ]) {
    const query = order === '' ? '' : `&$orderby=${order}`;
    const whole: Shown[] = (await get(`${P}?$top=1000${query}`)).body.value;
    assert.equal(whole.length, NAMES.length);
    for (const size of [1, 2, 3]) assert.deepEqual(await readAll(`$top=${size}${query}`), whole, order);
  }
  assert.deepEqual(
    (await readAll('$top=3&$orderby=displayName desc')).map(({ displayName }) => displayName.toLowerCase()),
    ['foxtrot', 'echo', 'delta', 'charlie', 'bravo', 'alpha', 'alpha'],
  );
  assert.deepEqual(
    (await readAll('$top=2')).map(({ id }) => id),
    ids,
    'the oldest first',
  );
});

test('$skip passes profiles over once, at the beginning; the pages behind it need none', async () => {
  const whole = await readAll('$orderby=displayName');
  const page = await get(`${P}?$orderby=displayName&$skip=2&$top=3&$select=id,displayName&$count=true`);
  assert.deepEqual(
    page.body.value.map(({ id }: Shown) => id),
    whole.slice(2, 5).map(({ id }) => id),
  );
  assert.equal(page.body['@odata.count'], NAMES.length);
  assert.equal(
    page.body['@odata.context'],
    `${server.baseUrl}/beta/$metadata#education/synchronizationProfiles(id,displayName)`,
  );
  const link = new URL(page.body['@odata.nextLink']);
  assert.deepEqual([...link.searchParams.keys()], ['$orderby', '$top', '$select', '$count', '$skiptoken']);
  const rest = await get(nextOf(page) ?? '');
  assert.deepEqual(
    rest.body.value,
    whole.slice(5).map(({ id, displayName }) => ({ displayName, id })),
  );
  assert.equal('@odata.count' in rest.body, false, 'counted on the first page alone');
  assert.deepEqual((await get(`${P}?$skip=100`)).body.value, []);
  const both = await server.call('GET', `${nextOf(page)}&$skip=1`);
  assert.deepEqual([both.status, both.body.error.target], [400, '$skip']);
});

test('filters and the size that a client prefers hold on every page', async () => {
  const filter = "$filter=contains(displayName,'a')";
  const all: string[] = [];
  let path: string | undefined = `${P}?${filter}`;
  for (let pages = 1; path !== undefined; pages += 1) {
    assert.ok(pages < 50, 'the pages do not end');
    const page: Answer = await get(path, { prefer: 'odata.maxpagesize=2' });
    assert.ok(page.body.value.length <= 2);
    assert.equal(page.headers.get('preference-applied'), 'odata.maxpagesize=2');
    all.push(...page.body.value.map(({ displayName }: Shown) => displayName));
    path = nextOf(page);
  }
  assert.deepEqual(all, ['delta', 'Alpha', 'charlie', 'Bravo', 'alpha']);
  assert.equal((await get(`${P}/$count?${filter}`)).text, '5');
});

test('a token of another query, another tenant, another collection, or none of ours is refused', async () => {
  const page = await get(`${P}?$top=2&$orderby=displayName`);
  const path = nextOf(page) ?? '';
  const token = new URL(page.body['@odata.nextLink']).searchParams.get('$skiptoken') ?? '';
  assert.equal((await get(path.replace('displayName', 'DISPLAYNAME'))).status, 200);
  const [id] = ids;
  await server.rows(
    `insert into record_error (tenant_id, profile_id, id, run_id, entry_type, error_code, error_message)
     select current_tenant(), $1, gen_random_uuid(), $1, 'Student', 'X', n::text from generate_series(1, 3) n`,
    id,
  );
  const errors = await get(`${P}/${id}/errors?$top=1`);
  const ofErrors = new URL(errors.body['@odata.nextLink']).searchParams.get('$skiptoken') ?? '';
  const changed = `${token.slice(0, -4)}${token.endsWith('AAAA') ? 'BBBB' : 'AAAA'}`;
  const refused: [path: string, tenantId?: string][] = [
    [`${P}?$skiptoken=${token}`],
    [`${P}?$orderby=displayName desc&$skiptoken=${token}`],
    [`${P}?$orderby=displayName&$filter=id ne null&$skiptoken=${token}`],
    [`${P}/${id}/errors?$skiptoken=${token}`],
    [`${P}?$skiptoken=${ofErrors}`],
    [path, realSystem.newId()],
    ...[
      changed,
      'YWZ0ZXI6Mg',
      Buffer.from(JSON.stringify({ for: 'skiptoken', id })).toString('base64url'),
      realSystem.newId(),
      'A'.repeat(8_000),
      'A'.repeat(9_000),
      '',
      '%00',
      '..%2F..',
    ].map((forged): [string] => [path.replace(token, forged)]),
  ];
  for (const [address, tenantId] of refused) {
    const answer = await server.call('GET', address, undefined, tenantId === undefined ? {} : { tenantId });
    assert.deepEqual([answer.status, answer.body.error.code], [400, 'BadRequest'], address.slice(0, 200));
    assert.match(answer.body.error.message, /\$skiptoken is not one that this query gave/u);
    assert.ok(answer.body.error.innerError['request-id']);
  }
  assert.equal(Buffer.from(token, 'base64url').toString('latin1').toLowerCase().includes('alpha'), false);
});

// Last: the others count on the profiles that are there.
for (const order of ['', '&$orderby=displayName', '&$orderby=displayName desc'])
  test(`each profile that stays comes once, while others come and go${order}`, async () => {
    const before = (await readAll(`$top=100${order}`)).map(({ id }) => id);
    const [first = ''] = before;
    const made: string[] = [];
    const seen = await readAll(`$top=2${order}`, async (pages) => {
      // Gone from a page that was read, it would pull the next ones forward; made there, it would push them back.
      if (pages === 1) await remove(first);
      if (pages === 2) made.push(await server.newProfile('aab'), await server.newProfile('zzy'));
    });
    const ids = seen.map(({ id }) => id);
    assert.deepEqual(
      ids.filter((id) => !made.includes(id)),
      before,
    );
    assert.equal(new Set(ids).size, ids.length);
    for (const id of made) await remove(id);
  });
