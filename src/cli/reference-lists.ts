import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';

import * as z from 'zod';

import { foldCase, type ListChanges, listChangesOf } from '#core/roster/reference-list.ts';
import {
  EXTENDABLE_LISTS,
  REFERENCE_LIST_NAMES,
  type ReferenceListName,
} from '#core/roster/reference-lists.ts';

import type { ApiClient } from './client/api-client.ts';
import { UsageError } from './exit-codes.ts';
import { jsonOf } from './json-file.ts';
import { nearestWord } from './nearest-word.ts';

export const LISTS_PATH = '/api/v1/referenceLists';

export const valueAnswer = z.object({
  code: z.string(),
  title: z.string(),
  origin: z.string(),
  enabled: z.boolean(),
});
export const listAnswer = z.object({
  id: z.string(),
  title: z.string(),
  extendable: z.boolean(),
  values: z.array(valueAnswer),
});
export type ListAnswer = z.infer<typeof listAnswer>;
export type ValueAnswer = z.infer<typeof valueAnswer>;

export function valuePath(list: string, code: string): string {
  return `${LISTS_PATH}/${list}/values/${encodeURIComponent(code)}`;
}

/** The value of a list with this code, in any letter case. */
export async function findValue(
  client: ApiClient,
  list: ReferenceListName,
  code: string,
): Promise<ValueAnswer | undefined> {
  const { values } = await client.get(`${LISTS_PATH}/${list}`, listAnswer);
  return values.find((value) => foldCase(value.code) === foldCase(code));
}

/** Throws UsageError. */
export function listNamed(
  name: string,
  known: readonly ReferenceListName[] = REFERENCE_LIST_NAMES,
): ReferenceListName {
  const found = known.find((one) => one.toLowerCase() === name.toLowerCase());
  if (found !== undefined) return found;
  const near = nearestWord(name, known);
  if (REFERENCE_LIST_NAMES.some((one) => one.toLowerCase() === name.toLowerCase()))
    throw new UsageError(`The list ${name} is fixed. Lists that can be changed: ${known.join(', ')}.`);
  throw new UsageError(
    `There is no list '${name}'. ${near === null ? `Lists: ${known.join(', ')}.` : `Did you mean ${near}?`}`,
  );
}

const fileShape = z.object({
  lists: z.array(
    z.object({
      id: z.string(),
      values: z.array(z.object({ code: z.string().min(1), enabled: z.boolean().default(true) })),
    }),
  ),
});

/** What a file says otherwise than the lists: as `rollbook lists --json` writes it. Throws UsageError. */
export async function readListsFile(given: string): Promise<ListChanges | null> {
  const path = resolve(given);
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new UsageError(`${path} cannot be read: ${String((error as NodeJS.ErrnoException).code)}.`);
  });
  const { data, error } = fileShape.safeParse(jsonOrNothing(text));
  if (data === undefined) {
    const place = error?.issues[0]?.path.join('.') ?? '';
    throw new UsageError(
      `${path} holds no lists${place === '' ? '' : ` (${place})`}: write it with rollbook lists --json.`,
    );
  }
  return listChangesOf(
    data.lists.flatMap(({ id, values }) => {
      const list = listNamed(id);
      const changed = values.map(({ code, enabled }) => ({ list, code, enabled }));
      const extendable = EXTENDABLE_LISTS.includes(list);
      if (!extendable && listChangesOf(changed) !== null)
        throw new UsageError(`${path}: The list ${list} is fixed, and has other values.`);
      return changed;
    }),
  );
}

function jsonOrNothing(text: string): unknown {
  try {
    return jsonOf(text);
  } catch {
    return undefined;
  }
}
