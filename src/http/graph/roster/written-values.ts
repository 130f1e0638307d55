import { isDeepStrictEqual } from 'node:util';

import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { InvalidRequestError } from '#lib/errors.ts';
import type { HandColumns, HandValues } from '#storage/directory/hand-columns.ts';
import { allLeaves, type View, type ViewRow } from '#storage/views/view.ts';

import { shapeObject } from '../../odata/shape-object.ts';

type Body = Readonly<Record<string, unknown>>;

/** A body with an object. Annotations are left out: they say nothing but the type, which the schemas check. Links to bind stay and are refused. */
export function readBody(request: FastifyRequest): Body {
  const body = request.body ?? {};
  if (!isObject(body)) throw new InvalidRequestError('The body has to be a JSON object.');
  return withoutAnnotations(body);
}

function withoutAnnotations(body: Body): Body {
  return Object.fromEntries(
    Object.entries(body)
      .filter(([key]) => !key.includes('@odata.') || key === '@odata.type' || key.endsWith('@odata.bind'))
      .map(([key, value]) => [key, isObject(value) ? withoutAnnotations(value) : value]),
  );
}

/**
 * The body without what says nothing new: properties, and parts of complex ones, that have the value which the object has. So an object
 * that was read can be sent back, with all that Rollbook does not keep. `row`: of the view; {} for an object that is to be made.
 * Throws InvalidRequestError for a property of the view that the schema does not take.
 */
export function whatDiffers(body: Body, view: View, row: ViewRow, schema: z.ZodObject): Body {
  const current = shapeObject(view, allLeaves(view), row);
  const rest: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(body)) {
    const there = current[key];
    if (key in current && isDeepStrictEqual(value, there)) continue;
    if (key in view.properties && !(key in schema.shape)) throw notTaken(key);
    rest[key] = value;
    if (view.properties[key]?.type !== 'complex' || !isObject(value)) continue;
    const parts = Object.entries(value).filter(
      ([part, given]) =>
        !(`${key}/${part}` in view.properties) ||
        !isDeepStrictEqual(given, isObject(there) ? there[part] : null),
    );
    if (parts.length > 0) rest[key] = Object.fromEntries(parts);
    else delete rest[key];
  }
  return rest;
}

/** What a body, already checked, writes: values by path. A complex property that is null clears all its parts. */
export function valuesOf(body: Body, columns: HandColumns): HandValues {
  const values: Record<string, string | boolean | null> = {};
  for (const [key, value] of Object.entries(body)) {
    if (key in columns) {
      if (value !== undefined) values[key] = value as string | boolean | null;
      continue;
    }
    for (const path of Object.keys(columns).filter((other) => other.startsWith(`${key}/`))) {
      const part = isObject(value) ? value[path.slice(key.length + 1)] : value;
      if (part !== undefined) values[path] = part as string | null;
    }
  }
  return values;
}

/** For an update: values by path that differ from those of the object. */
export function changesOf(
  body: Body,
  schema: z.ZodObject,
  { view, columns }: { view: View; columns: HandColumns },
): (row: ViewRow) => HandValues {
  return (row) => {
    const values = valuesOf(schema.parse(whatDiffers(body, view, row, schema)), columns);
    return Object.fromEntries(Object.entries(values).filter(([path, value]) => row[path] !== value));
  };
}

function notTaken(property: string): InvalidRequestError {
  return new InvalidRequestError(
    `The property "${property}" cannot be written: Rollbook does not keep it, or makes it itself. Leave it out.`,
    property,
  );
}

function isObject(value: unknown): value is Body {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
