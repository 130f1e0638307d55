import { html, type Html, type HtmlContent } from './html.ts';

interface Column {
  /** Stands beside each of its cells where the page is too narrow for columns. */
  readonly label: string;
  /** The head of the column, where it is more than the label. */
  readonly head?: Html;
  readonly kind?: 'number' | 'value' | 'chart';
}

interface DataTable {
  readonly caption?: string;
  readonly className?: string;
  /** The first names the row. */
  readonly columns: readonly [Column, ...Column[]];
  readonly rows: readonly (readonly HtmlContent[])[];
}

/**
 * A table whose rows become blocks of lines where the page is narrow. The roles say what the elements are anyway: a browser forgets it once
 * their `display` is another one.
 */
export function dataTable({ caption, className = '', columns, rows }: DataTable): Html {
  return html`<table role="table" class="${className}">
    ${
      caption === undefined
        ? ''
        : html`<caption>
            ${caption}
          </caption>`
    }
    <thead role="rowgroup">
      <tr role="row">
        ${columns.map(({ label, head, kind }) => html`<th scope="col" role="columnheader" class="${kind ?? ''}">${head ?? label}</th> `)}
      </tr>
    </thead>
    <tbody role="rowgroup">
      ${rows.map(
        (cells) =>
          html`<tr role="row">
            ${columns.map((column, index) => cellOf(column, cells[index] ?? '', index === 0))}
          </tr> `,
      )}
    </tbody>
  </table> `;
}

function cellOf({ label, kind }: Column, content: HtmlContent, isName: boolean): Html {
  return isName
    ? html`<th scope="row" role="rowheader" class="${kind ?? ''}">${content}</th> `
    : html`<td role="cell" class="${kind ?? ''}" data-label="${label}">${content}</td> `;
}
