import assert from 'node:assert/strict';
import { test } from 'node:test';

import { TooManyRequestsError } from '#access/access-errors.ts';
import { realSystem } from '#lib/system.ts';

import { EVENT_LIMITS, eventHub, type EventHub, type FeedEvent, type Snapshot } from './event-hub.ts';

const limits = { ...EVENT_LIMITS, perTenant: 2, inAll: 3, pollMs: 1, closestMs: 1 };

function listener() {
  const seen: string[] = [];
  return {
    seen,
    send: (event: FeedEvent): void => void seen.push(event.data),
    end: (): void => void seen.push('end'),
  };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await realSystem.sleep(1);
}

function hubWith(onFailure: (error: unknown) => void = (error) => assert.ifError(error)): EventHub {
  return eventHub(realSystem, limits, onFailure);
}

test('however many listen to the same, it is read once per look, and not at all when nobody listens', async () => {
  const hub = hubWith();
  let reads = 0;
  let reading = 0;
  const read = async (): Promise<Snapshot> => {
    reads += 1;
    reading += 1;
    await realSystem.sleep(1);
    assert.equal(reading, 1, 'two looks at once');
    reading -= 1;
    return { event: 'run', json: Math.floor(reads / 10), ends: false };
  };
  const many = Array.from({ length: 40 }, () => {
    const one = listener();
    return { one, leave: hub.watch('run 1', read, one) };
  });
  await until(() => reads >= 35);
  for (const { one } of many) assert.deepEqual(one.seen.slice(0, 3), ['0', '1', '2']);
  for (const { leave } of many) leave();
  await realSystem.sleep(5);
  const before = reads;
  await realSystem.sleep(20);
  assert.equal(reads, before);
});

test('who comes later is told what is now, at once; the end ends all and forgets the feed', async () => {
  const hub = hubWith();
  let now: Snapshot | null = { event: 'run', json: 'first', ends: false };
  const read = (): Promise<Snapshot | null> => Promise.resolve(now);
  const early = listener();
  hub.watch('run 1', read, early);
  await until(() => early.seen.length > 0);
  const late = listener();
  hub.watch('run 1', read, late);
  assert.deepEqual(late.seen, ['"first"']);
  now = { event: 'run', json: 'last', ends: true };
  await until(() => late.seen.includes('end'));
  assert.deepEqual(early.seen, ['"first"', '"last"', 'end']);
  assert.deepEqual(late.seen, ['"first"', '"last"', 'end']);
  now = null;
  const gone = listener();
  hub.watch('run 1', read, gone);
  await until(() => gone.seen.length > 0);
  assert.deepEqual(gone.seen, ['end'], 'what is gone has no event');
});

test('a read that fails is repeated, and reported once', async () => {
  const failures: unknown[] = [];
  const hub = hubWith((error) => failures.push(error));
  let reads = 0;
  const one = listener();
  hub.watch(
    'run 1',
    () => {
      reads += 1;
      return reads < 4
        ? Promise.reject(new Error('away'))
        : Promise.resolve({ event: 'run', json: 1, ends: true });
    },
    one,
  );
  await until(() => one.seen.includes('end'));
  assert.deepEqual(one.seen, ['1', 'end']);
  assert.equal(failures.length, 1);
});

test('told of a change it looks at once; one that comes while it reads is looked at again', async () => {
  const hour = { ...limits, toldPollMs: 3_600_000 };
  const hub = eventHub(
    realSystem,
    hour,
    (error) => assert.ifError(error),
    () => true,
  );
  let now = 0;
  let meanwhile = (): void => undefined;
  const read = (): Promise<Snapshot> => {
    const json = now;
    meanwhile();
    return Promise.resolve({ event: 'run', json, ends: false });
  };
  const one = listener();
  hub.watch('run 1', read, one);
  await until(() => one.seen.includes('0'));
  now = 1;
  hub.wake('run 2');
  hub.wake('run 1');
  await until(() => one.seen.includes('1'));
  meanwhile = () => {
    meanwhile = () => undefined;
    now = 3;
    hub.wake(null);
  };
  now = 2;
  hub.wake(null);
  await until(() => one.seen.includes('3'));
  assert.deepEqual(one.seen, ['0', '1', '2', '3']);
  hub.close();
});

test('connections are counted by tenant and in all, and given back once', () => {
  const hub = hubWith();
  const leave = [hub.admit('a'), hub.admit('a')];
  assert.throws(() => hub.admit('a'), TooManyRequestsError);
  leave.push(hub.admit('b'));
  assert.throws(() => hub.admit('c'), TooManyRequestsError);
  leave[0]?.();
  leave[0]?.();
  hub.admit('c');
  assert.throws(() => hub.admit('a'), TooManyRequestsError);
});

test('closed: all are ended, and so is who comes later', () => {
  const hub = hubWith();
  const before = listener();
  hub.watch('run 1', () => new Promise(() => undefined), before);
  hub.close();
  assert.deepEqual(before.seen, ['end']);
  const later = listener();
  hub.watch('run 1', () => new Promise(() => undefined), later);
  assert.deepEqual(later.seen, ['end']);
});

test('who leaves what has ended takes nothing from those who watch the same anew', async () => {
  const hub = hubWith();
  const first = listener();
  const leave = hub.watch('run 1', () => Promise.resolve({ event: 'run', json: 1, ends: true }), first);
  await until(() => first.seen.includes('end'));
  const second = listener();
  const leaveSecond = hub.watch(
    'run 1',
    () => Promise.resolve({ event: 'run', json: 2, ends: false }),
    second,
  );
  await until(() => second.seen.length > 0);
  leave();
  hub.close();
  leaveSecond();
  assert.deepEqual(second.seen, ['2', 'end'], 'the hub still knows of it');
});
