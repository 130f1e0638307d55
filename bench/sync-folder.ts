import { type Api, call, uploadFolder } from './http-client.ts';
import { quantile } from './quantile.ts';

/** What one sync took, as its caller saw it. */
export interface SyncMeasure {
  /** From the call of start to the end of the run; the upload is not in it. */
  readonly seconds: number;
  readonly status: string;
  /** It was held, and resumed at once. */
  readonly wasHeld: boolean;
  readonly items: number;
  /** Milliseconds per stage, as the run recorded them. */
  readonly timings: Readonly<Record<string, number>>;
  readonly statusRequests: number;
  readonly statusP50Ms: number;
  readonly statusP99Ms: number;
  /** By how much the event loop of the service was late from start to the end, in milliseconds. */
  readonly loopP99Ms: number;
  readonly loopMaxMs: number;
}

/** Often enough to see each stage; a request costs the service about a millisecond, which the sync lacks. */
const STATUS_PAUSE_MS = 25;
const PROFILES = '/beta/education/synchronizationProfiles';

/** A CSV profile that creates users; returns its id once it is provisioned. No two may have users of one name in one domain. */
export async function createProfile(
  api: Api,
  displayName: string,
  domain = 'bench.example',
): Promise<string> {
  const { id } = await call<{ id: string }>(api, 'POST', PROFILES, {
    displayName,
    dataProvider: { '@odata.type': '#microsoft.graph.educationCsvDataProvider' },
    identitySynchronizationConfiguration: {
      '@odata.type': '#microsoft.graph.educationIdentityCreationConfiguration',
      userDomains: [
        { appliesTo: 'student', name: `students.${domain}` },
        { appliesTo: 'teacher', name: domain },
      ],
    },
  });
  for (;;) {
    const { state } = await call<{ state: string }>(api, 'GET', `${PROFILES}/${id}`);
    if (state === 'provisioned') return id;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/**
 * Uploads, starts, and asks for the status all the while, as an impatient administrator would, who accepts at once what is held.
 * Throws when the sync ends as something else than `ends`.
 */
export async function syncFolder(
  api: Api,
  profileId: string,
  folder: string,
  ends: 'success' | 'error' = 'success',
): Promise<SyncMeasure> {
  const { value } = await call<{ value: string }>(api, 'GET', `${PROFILES}/${profileId}/uploadUrl`);
  await uploadFolder(value, folder);
  await readLoopDelay(api);
  const started = performance.now();
  let startEnded = false;
  const starting = call<unknown>(api, 'POST', `${PROFILES}/${profileId}/start`).finally(() => {
    startEnded = true;
  });
  starting.catch(() => undefined);
  const waits: number[] = [];
  let status = 'paused';
  let statusMessage = '';
  let wasHeld = false;
  for (;;) {
    // Before start has answered, the status may still be that of the run before.
    const mayEnd = startEnded;
    const asked = performance.now();
    ({ status, statusMessage } = await call<ProfileStatus>(
      api,
      'GET',
      `${PROFILES}/${profileId}/profileStatus`,
    ));
    waits.push(performance.now() - asked);
    if (mayEnd && status === 'validationError' && !wasHeld) {
      wasHeld = true;
      await call<unknown>(api, 'POST', `${PROFILES}/${profileId}/resume`);
    } else if (mayEnd && status !== 'inProgress') break;
    await new Promise((resolve) => setTimeout(resolve, STATUS_PAUSE_MS));
  }
  await starting;
  if (status !== ends) throw new Error(`the sync ended as ${status}: ${statusMessage}`);
  const seconds = (performance.now() - started) / 1000;
  const loop = await readLoopDelay(api);
  const runs = await call<{ value: { id: string }[] }>(api, 'GET', `/api/v1/profiles/${profileId}/runs`);
  const run = await call<{
    counts?: { timings?: Record<string, number>; kinds?: Record<string, Record<string, number>> };
  }>(api, 'GET', `/api/v1/runs/${runs.value[0]?.id ?? ''}`);
  const changed = ['created', 'linked', 'updated', 'reactivated', 'ended'];
  const items = Object.values(run.counts?.kinds ?? {})
    .flatMap((kind) => changed.map((name) => kind[name] ?? 0))
    .reduce((sum, count) => sum + count, 0);
  return {
    seconds,
    status,
    wasHeld,
    items,
    timings: run.counts?.timings ?? {},
    statusRequests: waits.length,
    statusP50Ms: quantile(waits, 0.5),
    statusP99Ms: quantile(waits, 0.99),
    loopP99Ms: loop.p99Ms,
    loopMaxMs: loop.maxMs,
  };
}

/** How long the status takes when no run is under way. */
export async function measureIdleStatus(
  api: Api,
  profileId: string,
): Promise<{ p50Ms: number; p99Ms: number }> {
  const waits: number[] = [];
  for (let request = 0; request < 400; request += 1) {
    const asked = performance.now();
    await call<ProfileStatus>(api, 'GET', `${PROFILES}/${profileId}/profileStatus`);
    waits.push(performance.now() - asked);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return { p50Ms: quantile(waits, 0.5), p99Ms: quantile(waits, 0.99) };
}

interface ProfileStatus {
  readonly status: string;
  readonly statusMessage: string;
}

/** Of the metrics, since the last time. */
async function readLoopDelay(api: Api): Promise<{ p99Ms: number; maxMs: number }> {
  const text = await (await fetch(`${api.baseUrl}/metrics`)).text();
  const ms = (name: string): number =>
    Number(new RegExp(`^rollbook_event_loop_delay_${name}_seconds (.+)$`, 'm').exec(text)?.[1]) * 1_000;
  return { p99Ms: ms('p99'), maxMs: ms('max') };
}
