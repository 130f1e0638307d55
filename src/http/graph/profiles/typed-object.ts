import * as z from 'zod';

import { fullTypeName, invalidTypeMessage, plainTypeName } from './odata-type.ts';

/** Anything that knows how to read itself: a zod schema of any input. */
type Shape<T> = z.ZodType<T>;

/**
 * A value of an abstract OData type: `@odata.type` says which of the shapes it has. Keys are Graph's names, for instance
 * `educationCsvDataProvider`.
 */
export function abstractType<T>(shapes: Readonly<Record<string, Shape<T>>>): Shape<T> {
  const names = Object.keys(shapes);
  return z.unknown().transform((value, context): T => {
    const refuse = (message: string, ...path: PropertyKey[]): never => {
      context.addIssue({ code: 'custom', message, path, input: undefined });
      return z.NEVER;
    };
    if (!isObject(value)) return refuse('Expected an object.');
    const { '@odata.type': type, ...properties } = value;
    if (type === undefined || type === null)
      return refuse(`Say which type it is: ${names.map(fullTypeName).join(', or ')}.`, '@odata.type');
    if (typeof type !== 'string') return refuse('Expected a string.', '@odata.type');
    const name = names.find((candidate) => plainTypeName(candidate) === plainTypeName(type));
    const shape = name === undefined ? undefined : shapes[name];
    if (shape === undefined) return refuse(invalidTypeMessage(type, names), '@odata.type');
    return readInto(context, shape, properties);
  });
}

/** A value of a concrete OData type: `@odata.type` may be there and must then be this one. */
export function concreteType<T>(name: string, shape: Shape<T>): Shape<T> {
  return z.unknown().transform((value, context): T => {
    if (!isObject(value)) {
      context.addIssue({ code: 'custom', message: 'Expected an object.', input: undefined });
      return z.NEVER;
    }
    const { '@odata.type': type, ...properties } = value;
    if (typeof type === 'string' && plainTypeName(type) !== plainTypeName(name)) {
      context.addIssue({
        code: 'custom',
        message: invalidTypeMessage(type, [name]),
        path: ['@odata.type'],
        input: undefined,
      });
      return z.NEVER;
    }
    return readInto(context, shape, properties);
  });
}

function readInto<T>(context: z.core.$RefinementCtx, shape: Shape<T>, value: unknown): T {
  const read = shape.safeParse(value);
  if (read.success) return read.data;
  for (const issue of read.error.issues)
    for (const problem of plainIssues(issue))
      context.addIssue({
        code: 'custom',
        message: problem.message,
        path: [...problem.path],
        input: undefined,
      });
  return z.NEVER;
}

export interface PlainIssue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** An issue in words for a client; unknown properties each by their own name. */
export function plainIssues(issue: z.core.$ZodIssue): readonly PlainIssue[] {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({
      path: [...issue.path, key],
      message: 'There is no such property. Check its spelling, or leave it out.',
    }));
  if (issue.code === 'invalid_type' && issue.input === undefined)
    return [{ path: issue.path, message: issue.message.replace('Invalid input: expected', 'Expected') }];
  return [{ path: issue.path, message: issue.message }];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
