import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';

import type { ObjectBucket } from './object-bucket.ts';
import { openS3Bucket } from './s3-bucket.ts';

const UNFINISHED = `<?xml version="1.0" encoding="UTF-8"?><ListMultipartUploadsResult><Bucket>uploads</Bucket><IsTruncated>false</IsTruncated>
<Upload><Key>rollbook/archive/of-another-program.tar</Key><UploadId>3</UploadId><Initiated>2026-01-01T00:00:00.000Z</Initiated></Upload>
<Upload><Key>rollbook/old</Key><UploadId>1</UploadId><Initiated>2026-01-01T00:00:00.000Z</Initiated></Upload>
<Upload><Key>rollbook/young</Key><UploadId>2</UploadId><Initiated>2026-03-01T00:00:00.000Z</Initiated></Upload></ListMultipartUploadsResult>`;

/** A bucket behind a server that answers GET with what `answer` says of the address; it notes what it is asked. */
async function withBucket(
  answer: (url: string) => string,
  work: (bucket: ObjectBucket, seen: readonly string[]) => Promise<void>,
): Promise<void> {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    response.setHeader('content-type', 'application/xml');
    response.statusCode = request.method === 'DELETE' ? 204 : 200;
    response.end(request.method === 'DELETE' ? undefined : answer(request.url ?? ''));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  try {
    const address = server.address();
    assert.ok(typeof address === 'object' && address !== null);
    const bucket = await openS3Bucket({
      bucket: 'uploads',
      endpoint: `http://127.0.0.1:${address.port}`,
      region: 'eu-central-1',
      accessKeyId: 'a',
      secretAccessKey: 'b',
      prefix: 'rollbook/',
    });
    await work(bucket, seen);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

// The S3 server of the other tests does not list what is unfinished.
test('parts of ours that nobody finished are taken back once they are old, and nobody else loses any', async () => {
  await withBucket(
    () => UNFINISHED,
    async (bucket, seen) => {
      assert.equal(await bucket.removeUnfinished(new Date('2026-02-01'), (name) => !name.includes('/')), 1);
      assert.equal(seen.length, 2);
      assert.match(seen[0] ?? '', /^GET \/uploads\/?\?.*uploads/);
      assert.match(seen[1] ?? '', /^DELETE \/uploads\/rollbook\/old\?.*uploadId=1/);
    },
  );
});

/** One page of a list, and what leads to the next one. */
function pageOf(name: string, next: string | null): string {
  return `<?xml version="1.0" encoding="UTF-8"?><ListBucketResult><Name>uploads</Name><IsTruncated>${next !== null}</IsTruncated>
<Contents><Key>rollbook/${name}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified><Size>5</Size></Contents>
${next === null ? '' : `<NextContinuationToken>${next}</NextContinuationToken>`}</ListBucketResult>`;
}

test('a list of more than a page is read to its end', async () => {
  await withBucket(
    (url) =>
      url.includes('continuation-token=t2')
        ? pageOf('c', null)
        : url.includes('continuation-token=t1')
          ? pageOf('b', 't2')
          : pageOf('a', 't1'),
    async (bucket) => {
      const names: string[] = [];
      for await (const { objectName } of bucket.list(() => true)) names.push(objectName);
      assert.deepEqual(names, ['a', 'b', 'c']);
    },
  );
});
