import assert from 'node:assert/strict';
import { test } from 'node:test';

import { printableValue, resolveSettings } from './resolve-settings.ts';

const resolve = (env: Record<string, string>) => resolveSettings({ flags: {}, env });

test('the store of uploads that is chosen has what it needs', () => {
  const ACCOUNT = 'DefaultEndpointsProtocol=https;AccountName=a;AccountKey=hunter2';
  const refused: [Record<string, string>, RegExp][] = [
    [{ UPLOAD_STORE: 's3' }, /needs S3_BUCKET/],
    [{ UPLOAD_STORE: 's3', S3_BUCKET: 'No Bucket' }, /S3_BUCKET.*3 to 63 small letters/],
    [{ S3_ACCESS_KEY_ID: 'a' }, /belong together/],
    [{ UPLOAD_STORE: 'azure', AZURE_CONTAINER: 'uploads' }, /needs AZURE_CONNECTION/],
    [{ UPLOAD_STORE: 'azure', AZURE_CONNECTION: ACCOUNT }, /AZURE_CONTAINER names the container/],
    [
      {
        UPLOAD_STORE: 'azure',
        AZURE_CONNECTION: 'https://a.example/uploads?sig=hunter2',
        AZURE_CONTAINER: 'uploads',
      },
      /a URL names it itself/,
    ],
    [{ UPLOAD_STORE: 'ftp' }, /one of local, s3, azure/],
    [{ UPLOAD_PREFIX: '../up' }, /UPLOAD_PREFIX/],
  ];
  for (const [env, words] of refused) assert.throws(() => resolve(env), words, JSON.stringify(env));
  assert.equal(resolve({}).values.uploadStore, 'local');
  resolve({ UPLOAD_STORE: 's3', S3_BUCKET: 'uploads', UPLOAD_PREFIX: 'schools/rollbook/' });
  const { values } = resolve({
    UPLOAD_STORE: 'azure',
    AZURE_CONNECTION: ACCOUNT,
    AZURE_CONTAINER: 'uploads',
  });
  assert.equal(printableValue('azureConnection', values.azureConnection).includes('hunter2'), false);
});
