import { open } from 'node:fs/promises';

import { OperationalError } from '#lib/errors.ts';

import { sendRequest, type HttpScope } from './send-request.ts';

/** Blob service version whose Put Blob, Put Block and Put Block List are spoken here. */
const BLOB_VERSION = '2021-12-02';
const BLOCK_BYTES = 16 * 1024 * 1024;

export interface LocalFile {
  readonly name: string;
  readonly path: string;
  readonly sizeBytes: number;
}

/**
 * Uploads a file to a container URL: one Put Blob up to 16 MiB, else blocks of 16 MiB and a Put Block List. Memory is bounded by
 * one block; every request may be repeated. Throws when the file changes meanwhile: half of an old and half of a new export is nobody's roster.
 */
export async function uploadFile(
  scope: HttpScope,
  uploadUrl: string,
  file: LocalFile,
  onBytes: (sentBytes: number) => void,
): Promise<void> {
  const target = new URL(uploadUrl);
  target.pathname = `${target.pathname.replace(/\/+$/u, '')}/${encodeURIComponent(file.name)}`;
  const handle = await open(file.path, 'r');
  try {
    const before = await handle.stat();
    if (file.sizeBytes <= BLOCK_BYTES) {
      const bytes = await readRange(handle, 0, file.sizeBytes);
      await put(scope, target, { 'x-ms-blob-type': 'BlockBlob', 'content-type': 'text/csv' }, bytes);
      onBytes(bytes.length);
    } else {
      await uploadBlocks(scope, target, handle, file.sizeBytes, onBytes);
    }
    const after = await handle.stat();
    if (after.size !== file.sizeBytes || after.mtimeMs !== before.mtimeMs)
      throw new OperationalError(
        'FileChanged',
        `${file.path} changed while it was uploaded. Wait until the export is complete and sync again.`,
      );
  } finally {
    await handle.close();
  }
}

type Handle = Awaited<ReturnType<typeof open>>;

async function uploadBlocks(
  scope: HttpScope,
  target: URL,
  handle: Handle,
  sizeBytes: number,
  onBytes: (sentBytes: number) => void,
): Promise<void> {
  const ids: string[] = [];
  for (let start = 0; start < sizeBytes; start += BLOCK_BYTES) {
    const bytes = await readRange(handle, start, Math.min(BLOCK_BYTES, sizeBytes - start));
    const id = Buffer.from(String(ids.length).padStart(8, '0')).toString('base64');
    await put(scope, withQuery(target, { comp: 'block', blockid: id }), {}, bytes);
    ids.push(id);
    onBytes(bytes.length);
  }
  const list = ids.map((id) => `<Latest>${id}</Latest>`).join('');
  const xml = `<?xml version="1.0" encoding="utf-8"?><BlockList>${list}</BlockList>`;
  await put(
    scope,
    withQuery(target, { comp: 'blocklist' }),
    { 'content-type': 'application/xml', 'x-ms-blob-content-type': 'text/csv' },
    new Uint8Array(Buffer.from(xml)),
  );
}

async function readRange(handle: Handle, start: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(bytes, filled, length - filled, start + filled);
    if (bytesRead === 0) return bytes.slice(0, filled);
    filled += bytesRead;
  }
  return bytes;
}

/** Appends; the query of the signed URL itself stays as it is, byte for byte. */
function withQuery(target: URL, query: Record<string, string>): URL {
  const url = new URL(target);
  url.search = `${url.search}&${new URLSearchParams(query).toString()}`;
  return url;
}

async function put(
  scope: HttpScope,
  url: URL,
  headers: Record<string, string>,
  body: Uint8Array<ArrayBuffer>,
): Promise<void> {
  const answer = await sendRequest(scope, {
    method: 'PUT',
    url: url.href,
    headers: { 'x-ms-version': BLOB_VERSION, ...headers },
    body,
    repeatable: true,
  });
  if (answer.status === 201) return;
  const code = /<Code>([^<]*)<\/Code>/u.exec(answer.text)?.[1] ?? `Http${answer.status}`;
  const message = /<Message>([^<]*)<\/Message>/u.exec(answer.text)?.[1] ?? 'no message';
  throw new OperationalError(
    code,
    `The upload was refused: ${message} (${code}, request ${answer.headers.get('x-ms-request-id') ?? 'unknown'})`,
  );
}
