import { InvalidRequestError } from '#lib/errors.ts';

export const MOST_ITEMS = 20;
const LONGEST_ID = 256;

/** An item as it was sent; what it asks for is not judged yet. */
export interface SentItem {
  readonly id: string;
  readonly method: string;
  readonly url: string;
  /** By lower-case name. */
  readonly headers: ReadonlyMap<string, string>;
  /** Undefined: without one. */
  readonly body: unknown;
  /** Ids of other items of the batch in lower case, each once. */
  readonly dependsOn: readonly string[];
}

/** Properties of OData's own batches that change what an item means; Graph has neither. */
const REFUSED = ['atomicityGroup', 'if'];

/**
 * The items of `{"requests":[…]}`. A fault of the shape is one of the whole batch: then nobody could tell which answer belongs to
 * what. Errors: InvalidRequestError.
 */
export function parseBatch(body: unknown): SentItem[] {
  if (!isObject(body) || !Array.isArray(body['requests']))
    throw new InvalidRequestError(
      'requests: Send {"requests":[{"id":"1","method":"GET","url":"/education/schools"}]}, with Content-Type: application/json.',
      'requests',
    );
  const requests = body['requests'] as unknown[];
  if (requests.length === 0) throw new InvalidRequestError('requests: It holds no request.', 'requests');
  if (requests.length > MOST_ITEMS)
    throw new InvalidRequestError(
      `requests: A batch holds ${MOST_ITEMS} requests at most, this one ${requests.length}. Send several batches.`,
      'requests',
    );
  const items = requests.map((request, index) => parseItem(request, `requests[${index}]`));
  const seen = new Set<string>();
  for (const [index, { id }] of items.entries()) {
    const path = `requests[${index}].id`;
    if (seen.has(id.toLowerCase()))
      throw new InvalidRequestError(
        `${path}: The id "${id}" appears twice; ids are compared without regard to case.`,
        path,
      );
    seen.add(id.toLowerCase());
  }
  return items;
}

function parseItem(sent: unknown, path: string): SentItem {
  if (!isObject(sent)) throw new InvalidRequestError(`${path}: Expected an object.`, path);
  for (const name of REFUSED)
    if (sent[name] !== undefined && sent[name] !== null)
      throw new InvalidRequestError(
        `${path}.${name}: There is no such property here. Leave it out; dependsOn puts requests into an order.`,
        `${path}.${name}`,
      );
  const body = sent['body'];
  return {
    id: readId(sent['id'], `${path}.id`),
    method: readText(sent['method'], `${path}.method`),
    url: readText(sent['url'], `${path}.url`),
    headers: readHeaders(sent['headers'], `${path}.headers`),
    body: body === null ? undefined : body,
    dependsOn: readDependsOn(sent['dependsOn'], `${path}.dependsOn`),
  };
}

/** A text; scripts send whole numbers too. */
function readId(value: unknown, path: string): string {
  if (Number.isSafeInteger(value)) return String(value);
  const id = readText(value, path);
  if (id === '' || id.length > LONGEST_ID)
    throw new InvalidRequestError(`${path}: It has to have 1 to ${LONGEST_ID} characters.`, path);
  return id;
}

function readText(value: unknown, path: string): string {
  if (typeof value !== 'string') throw new InvalidRequestError(`${path}: Expected a string.`, path);
  return value;
}

function readHeaders(value: unknown, path: string): ReadonlyMap<string, string> {
  if (value === undefined || value === null) return new Map();
  if (!isObject(value)) throw new InvalidRequestError(`${path}: Expected an object of strings.`, path);
  const headers = new Map<string, string>();
  for (const [name, text] of Object.entries(value)) {
    const header = `${path}.${name.slice(0, 64)}`;
    if (typeof text !== 'string') throw new InvalidRequestError(`${header}: Expected a string.`, header);
    if (headers.has(name.toLowerCase()))
      throw new InvalidRequestError(`${header}: The header appears twice.`, header);
    headers.set(name.toLowerCase(), text);
  }
  return headers;
}

function readDependsOn(value: unknown, path: string): string[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new InvalidRequestError(`${path}: Expected an array of ids.`, path);
  const ids = value.map((id: unknown, index) => readId(id, `${path}[${index}]`).toLowerCase());
  return [...new Set(ids)];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
