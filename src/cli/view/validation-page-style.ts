/** The style of the page. Paper is always light; bars differ by the numbers beside them, not by colour alone. */
export const PAGE_STYLE = `
:root {
  color-scheme: light dark;
  --text: #1b1f24; --quiet: #4d5561; --page: #ffffff; --panel: #f4f6f8; --edge: #c9cfd6; --link: #0b57b0;
  --good: #2e7d32; --warned: #a35f00; --waiting: #5a4fc4; --bad: #b3261e; --information: #4d6378; --ground: #e3e7eb;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --text: #e8eaed; --quiet: #b4bcc6; --page: #15181c; --panel: #1e2329; --edge: #434c56; --link: #8ab8f5;
    --good: #6cc070; --warned: #f0b04f; --waiting: #a9a2f7; --bad: #f2877f; --information: #9db2c7; --ground: #2c333b;
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
caption { padding-bottom: 0.2rem; text-align: left; font-weight: 600; }
th, td { padding: 0.25rem 0.8rem 0.25rem 0; border-bottom: 1px solid var(--edge); text-align: left; vertical-align: top; }
thead th { color: var(--quiet); font-size: 0.9rem; }
tbody th { font-weight: 400; }
.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.wide { overflow-x: auto; }
.examples { width: 100%; font-size: 0.92rem; }
.examples td { max-width: 26rem; overflow-wrap: anywhere; }
.value { font-family: ui-monospace, monospace; white-space: pre-wrap; }
.key { display: inline-block; width: 0.75em; height: 0.75em; margin-right: 0.35em; }
svg { display: block; margin-top: 0.35rem; max-width: 100%; }
.ground { fill: var(--ground); }
rect.good { fill: var(--good); } .key.good { background: var(--good); }
rect.warned, rect.warning { fill: var(--warned); } .key.warned { background: var(--warned); }
rect.waiting { fill: var(--waiting); } .key.waiting { background: var(--waiting); }
rect.bad, rect.error, rect.fatal { fill: var(--bad); } .key.bad { background: var(--bad); }
rect.information { fill: var(--information); }
@media print {
  body { padding: 0; max-width: none; font-size: 10pt; }
  h2, h3, caption { break-after: avoid; }
  tr, .verdict { break-inside: avoid; }
  .wide { overflow: visible; }
  svg, .key { print-color-adjust: exact; }
}
`;
