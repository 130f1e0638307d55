/** Markup that is safe to stand in a page. Only `html` makes it. */
export interface Html {
  readonly markup: string;
}

export type HtmlContent = string | number | Html | readonly HtmlContent[];

/** A template: what is put in is text, and escaped, unless it was made by `html` itself. Attributes stand in double quotes. */
export function html(strings: TemplateStringsArray, ...contents: readonly HtmlContent[]): Html {
  return {
    markup: strings
      .map((part, index) => `${index === 0 ? '' : markupOf(contents[index - 1])}${part}`)
      .join(''),
  };
}

function markupOf(content: HtmlContent | undefined): string {
  if (content === undefined) return '';
  if (typeof content === 'string') return escapeHtml(content);
  if (typeof content === 'number') return String(content);
  return 'markup' in content ? content.markup : content.map(markupOf).join('');
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text for content and attributes alike. What cannot be seen, or turns the text around, is named: [U+202E]. */
export function escapeHtml(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(
      /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cn}]/gu,
      (character) => `[U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`,
    )
    .replaceAll(/[&<>"']/gu, (character) => ENTITIES[character] ?? '');
}
