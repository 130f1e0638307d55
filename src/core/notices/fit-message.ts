import type { Message } from './notice-json.ts';

/** Of one message in UTF-8: receivers of webhooks take as much, and nobody reads more in a mail. */
export const MAX_MESSAGE_BYTES = 256 * 1024;

/** A message with as much of it as is told. */
export interface ToldMessage extends Message {
  /** Of each notice the first so many; the rest is counted. */
  readonly reasonsOfEach: number;
  readonly noticesLeftOut: number;
}

const REASONS_OF_EACH = [50, 10, 3, 0];

/**
 * Writes a message within MAX_MESSAGE_BYTES. A digest of many notices tells fewer reasons of each; only if that is not enough, the first
 * notices alone. Whatever is left out stays in the list of notices.
 */
export function fitMessage(message: Message, write: (told: ToldMessage) => string): string {
  const { notices } = message;
  let text = '';
  for (const reasonsOfEach of REASONS_OF_EACH) {
    text = write({ ...message, reasonsOfEach, noticesLeftOut: 0 });
    if (fits(text)) return text;
  }
  for (let told = notices.length; told > 1 && !fits(text);) {
    told = Math.floor(told / 2);
    text = write({
      ...message,
      notices: notices.slice(0, told),
      reasonsOfEach: 0,
      noticesLeftOut: notices.length - told,
    });
  }
  return text;
}

function fits(text: string): boolean {
  return Buffer.byteLength(text) <= MAX_MESSAGE_BYTES;
}
