/** The style of the page. Paper is always light; bars differ by the numbers beside them, not by colour alone. */
export const PAGE_STYLE = `
:root {
  color-scheme: light dark;
  --text: #1b1f24; --quiet: #4d5561; --page: #ffffff; --panel: #f4f6f8; --edge: #c9cfd6; --link: #0b57b0;
  --good: #2e7d32; --warned: #a35f00; --waiting: #5a4fc4; --bad: #b3261e; --information: #4d6378; --ground: #e3e7eb; --hover: #eef1f4;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --text: #e8eaed; --quiet: #b4bcc6; --page: #15181c; --panel: #1e2329; --edge: #434c56; --link: #8ab8f5;
    --good: #6cc070; --warned: #f0b04f; --waiting: #a9a2f7; --bad: #f2877f; --information: #9db2c7; --ground: #2c333b; --hover: #262c33;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 1.5rem; max-width: 68rem; background: var(--page); color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif;
}
h1 { margin: 0; font-size: 1.6rem; }
h2 { margin: 2.2rem 0 0.4rem; font-size: 1.25rem; }
h3 { margin: 0 0 0.4rem; font-size: 1.05rem; }
p { margin: 0.3rem 0; }
a { color: var(--link); }
code { padding: 0 0.3em; border: 1px solid var(--edge); border-radius: 3px; font: 0.85em ui-monospace, monospace; }
.where { font-weight: 600; overflow-wrap: anywhere; }
.note { color: var(--quiet); }
.verdict, article { padding: 0.8rem 1rem; border: 1px solid var(--edge); border-left: 0.4rem solid var(--edge); background: var(--panel); }
article { margin: 1rem 0; }
.verdict.good { border-left-color: var(--good); }
.verdict.warning, article.warning { border-left-color: var(--warned); }
.verdict.fatal, article.fatal, article.error { border-left-color: var(--bad); }
article.information { border-left-color: var(--information); }
table { margin: 0.7rem 0 0; border-collapse: collapse; }
caption { padding-bottom: 0.2rem; text-align: left; font-weight: 600; white-space: nowrap; }
th, td { padding: 0.25rem 0.8rem 0.25rem 0; border-bottom: 1px solid var(--edge); text-align: left; vertical-align: top; }
thead th { color: var(--quiet); font-size: 0.9rem; }
tbody th { font-weight: 400; }
.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
table.chart { width: 100%; }
td.chart { width: 13rem; vertical-align: middle; }
tbody tr:hover { background: var(--hover); }
.examples { width: 100%; font-size: 0.92rem; }
.examples td, .examples th { max-width: 26rem; overflow-wrap: anywhere; }
.places th { overflow-wrap: anywhere; }
td.value { font-family: ui-monospace, monospace; white-space: pre-wrap; }
.tiles { display: flex; flex-wrap: wrap; gap: 0.6rem; margin: 0.8rem 0 0; padding: 0; list-style: none; }
.tiles li { flex: 1 1 8.5rem; padding: 0.6rem 0.8rem; border: 1px solid var(--edge); border-top: 0.3rem solid var(--edge); }
.tiles strong { display: block; font-size: 1.5rem; line-height: 1.2; font-variant-numeric: tabular-nums; }
.tiles .note { font-size: 0.9rem; white-space: nowrap; }
.total { font-weight: 600; }
.tiles .good { border-top-color: var(--good); }
.tiles .warned { border-top-color: var(--warned); }
.tiles .waiting { border-top-color: var(--waiting); }
.tiles .bad { border-top-color: var(--bad); }
.filter { display: flex; flex-wrap: wrap; gap: 0.3rem 1.2rem; margin: 2.2rem 0 0; padding: 0.5rem 0.8rem; border: 1px solid var(--edge); }
.filter legend { padding: 0 0.3rem; font-weight: 600; }
.filter input { width: 1.05rem; height: 1.05rem; margin: 0 0.25rem 0 0; vertical-align: -0.15rem; accent-color: var(--link); }
main:has(#show-fatal:checked) .findings:not(.of-fatal), main:has(#show-error:checked) .findings:not(.of-error),
main:has(#show-warning:checked) .findings:not(.of-warning), main:has(#show-information:checked) .findings:not(.of-information) { display: none; }
:focus-visible { outline: 0.15rem solid var(--link); outline-offset: 0.15rem; }
article:target { outline: 0.15rem solid var(--link); }
.back { margin-top: 0.8rem; font-size: 0.9rem; }
.key { display: inline-block; width: 0.75em; height: 0.75em; margin-right: 0.35em; }
svg { display: block; width: 100%; height: 0.75rem; }
.ground { fill: var(--ground); }
rect.good { fill: var(--good); } .key.good { background: var(--good); }
rect.warned, rect.warning { fill: var(--warned); } .key.warned { background: var(--warned); }
rect.waiting { fill: var(--waiting); } .key.waiting { background: var(--waiting); }
rect.bad, rect.error, rect.fatal { fill: var(--bad); } .key.bad { background: var(--bad); }
rect.information { fill: var(--information); }
@media screen and (max-width: 44rem) {
  body { padding: 1rem; }
  .verdict, article { padding: 0.6rem 0.7rem; }
  table, tbody, tr, tbody th, td, caption { display: block; }
  table { width: 100%; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
  tr { padding: 0.4rem 0; border-bottom: 1px solid var(--edge); }
  caption { white-space: normal; }
  tbody th, td, td.number, td.chart { width: auto; max-width: none; padding: 0.05rem 0; border: 0; text-align: left; overflow-wrap: anywhere; }
  tbody th { font-weight: 600; }
  td:empty { display: none; }
  td[data-label]:not([data-label=""])::before { content: attr(data-label) ": "; color: var(--quiet); font-family: system-ui, sans-serif; }
  td.chart { padding: 0.3rem 0; }
}
@media print {
  body { padding: 0; max-width: none; font-size: 10pt; }
  h2, h3, caption { break-after: avoid; }
  tr, .verdict, .tiles { break-inside: avoid; }
  .filter, .back { display: none; }
  svg, .key { print-color-adjust: exact; }
}
`;
