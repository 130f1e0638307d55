import * as z from 'zod';

import type { Requirement } from '#core/permissions.ts';
import { must } from '#lib/assert.ts';

import { errorAnswer } from './answers.ts';
import type { ApiOperation } from './operation.ts';
import { OPERATIONS } from './operations.ts';

/** A route of /api/v1 as it was registered. */
export interface ApiRoute {
  readonly method: string;
  /** Behind /api/v1: `/runs/:id`. */
  readonly path: string;
  /** Null: open to everybody. */
  readonly requirement: Requirement | null;
}

type Json = Readonly<Record<string, unknown>>;

const ERRORS: Readonly<Record<number, string>> = {
  400: 'The request is none: the message names what of it.',
  401: 'The token is missing, expired or none.',
  403: 'The token has none of the permissions.',
  404: 'There is no such object.',
  409: 'The state of the object does not allow it now; the message says what to do.',
  413: 'The body is too large.',
  429: 'The application has asked for more than its limit; Retry-After says when to go on.',
};

/** The OpenAPI 3.1 document of these routes. Schemas with a name stand among the components once. */
export function apiDocument(routes: readonly ApiRoute[], version: string, serverUrl: string): Json {
  const components: Record<string, unknown> = {};
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    const operation = must(OPERATIONS[`${route.method} ${route.path}`], `${route.method} ${route.path}`);
    const path = route.path.replaceAll(/:(\w+)/gu, '{$1}');
    (paths[path] ??= {})[route.method.toLowerCase()] = operationJson(route, operation, components);
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Rollbook: its own API',
      version,
      description:
        'What Graph has no operation for. Profiles, schools, classes and users are read and written with the operations of Microsoft Graph under /v1.0 and /beta.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: serverUrl }],
    paths,
    components: {
      schemas: components,
      securitySchemes: { token: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
    },
  };
}

function operationJson(route: ApiRoute, operation: ApiOperation, components: Record<string, unknown>): Json {
  const { body, bodyTypes = [], query } = operation;
  const schemaOf = (schema: z.ZodType, io: 'input' | 'output'): unknown =>
    jsonSchemaOf(schema, io, components);
  const statuses = route.requirement === null ? [] : [401, 403, 429];
  const errors = [...statuses, ...(operation.errors ?? [])].toSorted((a, b) => a - b);
  return {
    operationId: operationId(route),
    tags: [route.path.split('/')[1]],
    summary: operation.summary,
    ...describe(route, operation),
    parameters: [
      ...[...route.path.matchAll(/:(\w+)/gu)].map(([, name = '']) => ({
        name,
        in: 'path',
        required: true,
        schema: { type: 'string' },
      })),
      ...Object.entries((query?.shape ?? {}) as Record<string, z.ZodType>).map(([name, schema]) => ({
        name,
        in: 'query',
        required: false,
        ...(schema.description === undefined ? {} : { description: schema.description }),
        schema: schemaOf(schema, 'input'),
      })),
    ],
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: !body.safeParse(undefined).success,
            content: {
              'application/json': { schema: schemaOf(body, 'input') },
              ...Object.fromEntries(bodyTypes.map((type) => [type, { schema: { type: 'string' } }])),
            },
          },
        }),
    responses: {
      ...Object.fromEntries(
        Object.entries(operation.answers).map(([status, answer]) => [
          status,
          {
            description: answer === null ? 'Done; without a body.' : 'Done.',
            ...(answer === null
              ? {}
              : {
                  content:
                    typeof answer === 'string'
                      ? { [answer]: { schema: { type: 'string' } } }
                      : { 'application/json': { schema: schemaOf(answer, 'output') } },
                }),
          },
        ]),
      ),
      ...Object.fromEntries(
        errors.map((status) => [
          String(status),
          {
            description: must(ERRORS[status]),
            content: { 'application/json': { schema: schemaOf(errorAnswer, 'output') } },
          },
        ]),
      ),
    },
    security: route.requirement === null ? [] : [{ token: [] }],
  };
}

function describe({ requirement }: ApiRoute, { description }: ApiOperation): Json {
  if (requirement === null)
    return { description: [description, 'Open to everybody.'].filter(Boolean).join('\n\n') };
  const delegated =
    requirement.delegated.length === 0
      ? 'None of a signed-in person.'
      : `Of a signed-in person: one of ${requirement.delegated.join(', ')}.`;
  const needs = `Permission of an application: one of ${requirement.application.join(', ')}. ${delegated}`;
  return {
    description: [description, needs].filter(Boolean).join('\n\n'),
    'x-permissions': { application: requirement.application, delegated: requirement.delegated },
  };
}

/** `GET /runs/:id/plan/items.csv` is `getRunsIdPlanItemsCsv`. */
function operationId({ method, path }: ApiRoute): string {
  const words = path.split(/[^A-Za-z0-9]+/u).filter((word) => word !== '');
  return method.toLowerCase() + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
}

function jsonSchemaOf(
  schema: z.ZodType,
  io: 'input' | 'output',
  components: Record<string, unknown>,
): unknown {
  const {
    $schema: _version,
    $defs,
    ...made
  } = z.toJSONSchema(schema, {
    io,
    unrepresentable: 'any',
  }) as Record<string, unknown>;
  for (const [name, definition] of Object.entries(($defs ?? {}) as Record<string, unknown>))
    components[name] ??= relink(definition);
  return relink(made);
}

/** References to definitions of the schema are references to components of the document. */
function relink(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(relink);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) =>
      name === '$ref' && typeof inner === 'string'
        ? [name, inner.replace('#/$defs/', '#/components/schemas/')]
        : [name, relink(inner)],
    ),
  );
}
