import { InvalidRequestError, OperationalError } from '#lib/errors.ts';

/** A `$filter` that is not one. `position` counts characters from 1. Answered with 400 `BadRequest`. */
export function invalidFilter(position: number, expected: string): InvalidRequestError {
  return new InvalidRequestError(`Invalid filter clause: at position ${position} ${expected}`, '$filter');
}

/** The query is valid OData that Rollbook does not answer. Answered with 400. */
export class UnsupportedQueryError extends OperationalError {
  override readonly name = 'UnsupportedQueryError';
  constructor(message: string) {
    super('Request_UnsupportedQuery', message);
  }
}

/** At most this much of a client's text is quoted back. */
const QUOTED_CHARACTERS = 60;

/** A client's text, shortened, for a message. */
export function quote(text: string): string {
  return text.length <= QUOTED_CHARACTERS ? `"${text}"` : `"${text.slice(0, QUOTED_CHARACTERS)}..."`;
}

/** `option` names a property that the type does not have. */
export function unknownProperty(option: string, name: string, typeName: string): InvalidRequestError {
  return new InvalidRequestError(
    `${option}: there is no property named ${quote(name)} on type ${quote(typeName)}.`,
    option,
  );
}
