/** The unmodified Kiota client: the request adapter and the models of @microsoft/msgraph-beta-sdk, by http on the local host. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import {
  HttpMethod,
  RequestInformation,
  type Parsable,
  type ParsableFactory,
} from '@microsoft/kiota-abstractions';
import { AzureIdentityAuthenticationProvider } from '@microsoft/kiota-authentication-azure';
import { GraphBetaRequestAdapter } from '@microsoft/msgraph-beta-sdk';
import {
  createEducationClassCollectionResponseFromDiscriminatorValue,
  createEducationSchoolCollectionResponseFromDiscriminatorValue,
  createEducationSchoolFromDiscriminatorValue,
  createEducationUserCollectionResponseFromDiscriminatorValue,
  type EducationClassCollectionResponse,
  type EducationSchool,
  type EducationSchoolCollectionResponse,
  type EducationUserCollectionResponse,
} from '@microsoft/msgraph-beta-sdk/models/index.js';
import {
  createODataErrorFromDiscriminatorValue,
  type ODataError,
} from '@microsoft/msgraph-beta-sdk/models/oDataErrors/index.js';

import { must } from '#lib/assert.ts';
import { startTestRollbook, type TestRollbook } from '#test/helpers/rollbook.ts';
import { csvFiles, smallRoster } from '#test/helpers/small-roster.ts';
import { syncClient } from '#test/helpers/sync-client.ts';

const roster = smallRoster();
let rollbook: TestRollbook;
let adapter: GraphBetaRequestAdapter;
before(async () => {
  rollbook = await startTestRollbook({ retryDelaySeconds: 0.1 });
  const client = syncClient(rollbook);
  const status = await client.sync(await client.createProfile(), csvFiles(roster));
  assert.equal(status.status, 'success');
  const credential = {
    getToken: async () => ({ token: await rollbook.token(), expiresOnTimestamp: Date.now() + 3_600_000 }),
  };
  adapter = new GraphBetaRequestAdapter(
    new AzureIdentityAuthenticationProvider(credential, [], undefined, new Set(['localhost'])),
  );
  adapter.baseUrl = `http://localhost:${new URL(rollbook.baseUrl).port}/beta`;
});
after(() => rollbook.stop());

/** A request as a generated request builder makes it. */
async function get<T extends Parsable>(
  template: string,
  factory: ParsableFactory<T>,
  parameters: Record<string, unknown> = {},
): Promise<T> {
  const request = new RequestInformation(HttpMethod.GET, template, { baseurl: adapter.baseUrl });
  for (const [name, value] of Object.entries(parameters)) request.queryParameters[name] = value as string;
  request.headers.tryAdd('Accept', 'application/json');
  return must(await adapter.send(request, factory, { XXX: createODataErrorFromDiscriminatorValue }));
}

test('reads, with query options and with links as they came', async () => {
  const page = await get<EducationUserCollectionResponse>(
    '{+baseurl}/education/users{?%24count,%24filter,%24orderby,%24select,%24top}',
    createEducationUserCollectionResponseFromDiscriminatorValue,
    {
      '%24count': true,
      '%24filter': "primaryRole eq 'student'",
      '%24orderby': ['displayName'],
      '%24select': ['id', 'displayName', 'student'],
      '%24top': 5,
    },
  );
  assert.equal(page.odataCount, roster.student.length);
  assert.equal(page.value?.length, 5);
  assert.equal(typeof page.value[0]?.student?.grade, 'string');
  const names = page.value.map(({ displayName }) => displayName);
  let link = page.odataNextLink;
  while (link !== undefined && link !== null) {
    const next = await get<EducationUserCollectionResponse>(
      link,
      createEducationUserCollectionResponseFromDiscriminatorValue,
    );
    names.push(...(next.value ?? []).map(({ displayName }) => displayName));
    link = next.odataNextLink;
  }
  assert.deepEqual(names.length, roster.student.length);
  assert.deepEqual(
    names,
    names.toSorted((a, b) => (String(a) < String(b) ? -1 : 1)),
  );
});

test('one object by its id', async () => {
  const schools = await get<EducationSchoolCollectionResponse>(
    '{+baseurl}/education/schools',
    createEducationSchoolCollectionResponseFromDiscriminatorValue,
  );
  const [first] = must(schools.value);
  const school = await get<EducationSchool>(
    `{+baseurl}/education/schools/${must(first?.id)}`,
    createEducationSchoolFromDiscriminatorValue,
  );
  assert.equal(school.displayName, first?.displayName);
  assert.equal(school.address?.city, 'Contoso');
});

test('delta, in the form that request builders call it', async () => {
  const first = await get<EducationClassCollectionResponse>(
    '{+baseurl}/education/classes/delta(){?%24select}',
    createEducationClassCollectionResponseFromDiscriminatorValue,
    { '%24select': ['displayName'] },
  );
  assert.equal(first.value?.length, roster.section.length);
  assert.ok(first.value.every(({ id, displayName }) => id && displayName));
  const link = (first.additionalData as Record<string, unknown>)['@odata.deltaLink'];
  const next = await get<EducationClassCollectionResponse>(
    String(link),
    createEducationClassCollectionResponseFromDiscriminatorValue,
  );
  assert.deepEqual(next.value, []);
});

test('errors are ODataErrors', async () => {
  for (const [template, status, code] of [
    ['{+baseurl}/education/users?$filter=nickname eq 1', 400, 'BadRequest'],
    [`{+baseurl}/education/users/${rollbook.tenantId}`, 404, 'Request_ResourceNotFound'],
  ] as const) {
    await assert.rejects(
      get(template, createEducationUserCollectionResponseFromDiscriminatorValue),
      (error: ODataError) => {
        assert.equal(error.responseStatusCode, status);
        assert.equal(error.errorEscaped?.code, code);
        assert.match(must(error.errorEscaped?.innerError?.requestId ?? ''), /^[0-9a-f-]{36}$/);
        return true;
      },
    );
  }
});
