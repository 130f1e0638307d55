import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';

export interface Api {
  readonly baseUrl: string;
  /** One that is valid for a while yet. */
  token(): Promise<string>;
}

const TOKEN_LASTS_MS = 30 * 60_000;

/** Tokens live an hour; a first sync of a state may take longer. */
export function keepToken(fetchToken: () => Promise<string>): () => Promise<string> {
  let token = '';
  let until = -Infinity;
  return async () => {
    if (performance.now() >= until) {
      token = await fetchToken();
      until = performance.now() + TOKEN_LASTS_MS;
    }
    return token;
  };
}

/** A call of the API with a JSON answer; throws with the answer's text when the status is an error. */
export async function call<T>(api: Api, method: string, path: string, body?: unknown): Promise<T> {
  const response = await fetch(path.startsWith('http') ? path : api.baseUrl + path, {
    method,
    headers: {
      authorization: `Bearer ${await api.token()}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return (text === '' ? undefined : JSON.parse(text)) as T;
}

/** Puts every CSV file of a folder into the container of an upload URL. */
export async function uploadFolder(uploadUrl: string, folder: string): Promise<void> {
  const url = new URL(uploadUrl);
  for (const name of (await readdir(folder)).filter((file) => file.toLowerCase().endsWith('.csv'))) {
    const path = join(folder, name);
    const { size } = await stat(path);
    const target = new URL(url);
    target.pathname = `${url.pathname}/${basename(path)}`;
    const response = await fetch(target, {
      method: 'PUT',
      headers: { 'x-ms-blob-type': 'BlockBlob', 'content-length': String(size) },
      body: createReadStream(path),
      duplex: 'half',
    });
    if (response.status !== 201)
      throw new Error(`upload of ${name}: ${response.status} ${await response.text()}`);
  }
}
