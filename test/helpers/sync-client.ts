import { setTimeout as wait } from 'node:timers/promises';

import { ContainerClient } from '@azure/storage-blob';

/** What a script of the retired service does, step by step, over HTTP and with the real Azure client. */
export interface SyncClient {
  /** Any call; the answer's body is parsed when it is JSON. */
  call<T = unknown>(method: string, path: string, body?: unknown): Promise<{ status: number; body: T }>;
  /** A call that must succeed. */
  ok<T = unknown>(method: string, path: string, body?: unknown): Promise<T>;
  /** Creates a profile and waits until it is provisioned. */
  createProfile(options?: ProfileOptions): Promise<string>;
  /** Waits until a profile that was created or changed is provisioned. */
  provisioned(profileId: string): Promise<void>;
  /** Uploads the files (name to text) to a fresh uploadUrl. */
  upload(profileId: string, files: Readonly<Record<string, string | Buffer>>): Promise<void>;
  start(profileId: string): Promise<{ status: number; messages: VerificationMessage[]; body: unknown }>;
  /** Waits until the profile is not in progress any more. */
  settled(profileId: string, timeoutMs?: number): Promise<ProfileStatusAnswer>;
  status(profileId: string): Promise<ProfileStatusAnswer>;
  /** Upload, start, wait. */
  sync(profileId: string, files: Readonly<Record<string, string | Buffer>>): Promise<ProfileStatusAnswer>;
  /** All pages of a collection. */
  all<T = Record<string, unknown>>(path: string): Promise<T[]>;
  /** The newest run of a profile with its counts. */
  latestRun(profileId: string): Promise<RunAnswer>;
}

export interface ProfileOptions {
  readonly displayName?: string;
  readonly match?: { property: string; source: string; domain?: string | null };
  readonly more?: Record<string, unknown>;
}

export interface ProfileStatusAnswer {
  readonly status: string;
  readonly statusMessage: string;
  readonly errorCount: number;
  readonly lastSynchronizationDateTime: string | null;
  readonly lastActivityDateTime: string | null;
}

export interface VerificationMessage {
  readonly type: string;
  readonly fileName: string;
  readonly description: string;
}

export interface RunAnswer {
  readonly id: string;
  readonly state: string;
  readonly counts: { readonly kinds: Readonly<Record<string, Readonly<Record<string, number>>>> } | null;
}

const PROFILES = '/beta/education/synchronizationProfiles';

export function syncClient(server: { baseUrl: string; token(): Promise<string> }): SyncClient {
  const client: SyncClient = {
    async call<T>(method: string, path: string, body?: unknown) {
      const response = await fetch(path.startsWith('http') ? path : server.baseUrl + path, {
        method,
        headers: {
          authorization: `Bearer ${await server.token()}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      return { status: response.status, body: (text === '' ? undefined : JSON.parse(text)) as T };
    },
    async ok<T>(method: string, path: string, body?: unknown) {
      const answer = await client.call<T>(method, path, body);
      if (answer.status >= 300) {
        throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
      }
      return answer.body;
    },
    async createProfile(options = {}) {
      const { match } = options;
      const identity =
        match === undefined
          ? {
              '@odata.type': '#microsoft.graph.educationIdentityCreationConfiguration',
              userDomains: [
                { appliesTo: 'student', name: 'students.contoso.example' },
                { appliesTo: 'teacher', name: 'contoso.example' },
              ],
            }
          : {
              '@odata.type': '#microsoft.graph.educationIdentityMatchingConfiguration',
              matchingOptions: ['student', 'teacher'].map((appliesTo) => ({
                appliesTo,
                sourcePropertyName: match.source,
                targetPropertyName: match.property,
                targetDomain: match.domain ?? null,
              })),
            };
      const { id } = await client.ok<{ id: string }>('POST', PROFILES, {
        displayName: options.displayName ?? 'Contoso',
        dataProvider: { '@odata.type': '#microsoft.graph.educationCsvDataProvider' },
        identitySynchronizationConfiguration: identity,
        ...options.more,
      });
      await client.provisioned(id);
      return id;
    },
    async provisioned(id) {
      for (let attempt = 0; attempt < 200; attempt++) {
        const { state } = await client.ok<{ state: string }>('GET', `${PROFILES}/${id}`);
        if (state === 'provisioned') return;
        await wait(25);
      }
      throw new Error('the profile was not provisioned in time');
    },
    async upload(profileId, files) {
      const { value } = await client.ok<{ value: string }>('GET', `${PROFILES}/${profileId}/uploadUrl`);
      const container = new ContainerClient(value);
      for (const [name, content] of Object.entries(files)) {
        await container.getBlockBlobClient(name).uploadData(Buffer.from(content));
      }
    },
    async start(profileId) {
      const { status, body } = await client.call<{ value?: VerificationMessage[] }>(
        'POST',
        `${PROFILES}/${profileId}/start`,
      );
      return { status, messages: body?.value ?? [], body };
    },
    status: (profileId) => client.ok('GET', `${PROFILES}/${profileId}/profileStatus`),
    async settled(profileId, timeoutMs = 60_000) {
      const deadline = Date.now() + timeoutMs;
      for (;;) {
        const answer = await client.status(profileId);
        if (answer.status !== 'inProgress') return answer;
        if (Date.now() > deadline) throw new Error(`still in progress: ${answer.statusMessage}`);
        await wait(25);
      }
    },
    async sync(profileId, files) {
      await client.upload(profileId, files);
      const started = await client.start(profileId);
      if (started.status !== 200) throw new Error(`start: ${started.status} ${JSON.stringify(started.body)}`);
      return client.settled(profileId);
    },
    async all<T>(path: string) {
      const found: T[] = [];
      let next: string | undefined = path;
      while (next !== undefined) {
        const page: { value: T[]; '@odata.nextLink'?: string } = await client.ok('GET', next);
        found.push(...page.value);
        next = page['@odata.nextLink'];
      }
      return found;
    },
    async latestRun(profileId) {
      const runs = await client.ok<{ value: { id: string }[] }>('GET', `/api/v1/profiles/${profileId}/runs`);
      return client.ok('GET', `/api/v1/runs/${runs.value[0]?.id ?? 'none'}`);
    },
  };
  return client;
}

/** What the newest run changed, per kind: only the counts that are not zero. */
export async function changesOf(
  client: SyncClient,
  profileId: string,
): Promise<Record<string, Record<string, number>>> {
  const run = await client.latestRun(profileId);
  const changes: Record<string, Record<string, number>> = {};
  for (const [kind, counts] of Object.entries(run.counts?.kinds ?? {})) {
    for (const name of ['created', 'linked', 'updated', 'reactivated', 'ended']) {
      const count = counts[name] ?? 0;
      if (count > 0) (changes[kind] ??= {})[name] = count;
    }
  }
  return changes;
}
