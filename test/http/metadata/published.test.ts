/** $metadata beside what Graph published: the same types, nullability and numbers. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { csdlXml } from '#http/odata/metadata/csdl-xml.ts';
import { servedModel } from '#http/odata/metadata/served-model.ts';
import { parseCsdl, propertyOf, type CsdlProperty } from '#test/helpers/csdl.ts';

/** The folder with lists of Graph's types as published (`csdl-*.txt`): one declaration a line, members indented. */
const samples = process.env['ROLLBOOK_SAMPLES'] ?? '';
const folder = process.env['ROLLBOOK_REFERENCE'] ?? (samples === '' ? '' : join(samples, '..', 'reference'));

const LISTS = [
  { version: 'v1.0', file: 'csdl-education-roster-v1.0-2026-08.txt' },
  { version: 'beta', file: 'csdl-education-roster-beta-2021-06.txt' },
  { version: 'beta', file: 'csdl-education-sync-beta-2020-12.txt' },
] as const;

/** Documented later than the list of 2020 was made. */
const LATER = new Set([
  'educationSynchronizationProfileStatus/errorCount',
  'educationSynchronizationProfileStatus/statusMessage',
  'educationSynchronizationStatus/extracting',
  'educationSynchronizationStatus/validating',
]);

interface Published {
  readonly base: string | undefined;
  readonly properties: ReadonlyMap<string, CsdlProperty>;
  readonly navigation: ReadonlyMap<string, CsdlProperty>;
  readonly members: ReadonlyMap<string, string>;
}

/** By name; operations and annotations are passed over. */
function readList(text: string): Map<string, Published> {
  const published = new Map<string, Published>();
  let current:
    | {
        [Name in keyof Published]: Published[Name] extends ReadonlyMap<string, infer V>
          ? Map<string, V>
          : string | undefined;
      }
    | undefined;
  for (const line of text.split('\n')) {
    const [tag = '', ...pairs] = line.trim().split(' ');
    const attributes = Object.fromEntries(pairs.map((pair) => pair.split('=', 2) as [string, string]));
    const name = attributes['Name'] ?? '';
    if (!line.startsWith(' ')) {
      current = undefined;
      if (!/^(?:Enum|Entity|Complex)Type$/.test(tag)) continue;
      const base = attributes['BaseType']?.replace(/^graph\./, '');
      current = { base, properties: new Map(), navigation: new Map(), members: new Map() };
      published.set(name, current);
    } else if (tag === 'Property') current?.properties.set(name, propertyOf(attributes));
    else if (tag === 'NavigationProperty') current?.navigation.set(name, propertyOf(attributes));
    else if (tag === 'Member') current?.members.set(name, attributes['Value'] ?? '');
  }
  return published;
}

for (const { version, file } of LISTS) {
  const path = join(folder, file);
  if (folder === '' || !existsSync(path)) {
    test(
      `${file}: not compared, since ROLLBOOK_REFERENCE names no folder that has it`,
      { todo: 'set ROLLBOOK_REFERENCE' },
      () => undefined,
    );
    continue;
  }
  test(`${version} is as published (${file})`, async () => {
    const csdl = parseCsdl(csdlXml(servedModel(version)));
    const published = readList(await readFile(path, 'utf8'));
    assert.ok(published.size >= 14);
    for (const [name, theirs] of published) {
      if (theirs.members.size > 0) {
        const ours = [...(csdl.enums.get(name) ?? [])].filter(([member]) => !LATER.has(`${name}/${member}`));
        assert.deepEqual(new Map(ours), theirs.members, name);
        continue;
      }
      const ours = csdl.types.get(name);
      assert.ok(ours, `${name} is not declared`);
      assert.equal(ours.base, theirs.base, name);
      const properties = [...ours.properties].filter(([property]) => !LATER.has(`${name}/${property}`));
      assert.deepEqual(new Map(properties), theirs.properties, name);
      // Not everything that Graph navigates to is served; what is, is the same.
      for (const [navigation, property] of ours.navigation) {
        const isOthers = !theirs.navigation.has(navigation) && name === 'educationRoot';
        if (!isOthers) assert.deepEqual(property, theirs.navigation.get(navigation), `${name}/${navigation}`);
      }
    }
  });
}
