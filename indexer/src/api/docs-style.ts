/**
 * The style of the API's page; its hash stands in the page's content policy.
 * It doesn't know what the page says.
 */
export const DOCS_STYLE = `
:root { color-scheme: light dark; --line: #8886; --soft: #8882; }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 60rem; font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; margin: 0 0 .5rem; }
h2 { font-size: 1.25rem; margin: 2rem 0 .25rem; text-transform: capitalize; }
h4 { margin: 1rem 0 .25rem; }
p { margin: .25rem 0 .75rem; }
nav { display: flex; flex-wrap: wrap; gap: .5rem 1rem; padding: .5rem 0; border-block: 1px solid var(--line); }
nav a { padding: .25rem 0; }
code, pre { font: .875rem/1.45 ui-monospace, monospace; }
details { border: 1px solid var(--line); border-radius: .5rem; margin: .5rem 0; padding: 0 .75rem; }
details[open] { padding-bottom: .75rem; }
summary { cursor: pointer; padding: .6rem 0; }
summary code { font-weight: 600; }
summary span { display: block; }
.alias { margin: .25rem 0; padding-left: .75rem; }
pre, .wide { overflow-x: auto; background: var(--soft); border-radius: .375rem; padding: .75rem; }
pre { margin: 0; white-space: pre; max-height: 28rem; }
table { border-collapse: collapse; width: 100%; overflow-wrap: normal; }
th, td { text-align: left; vertical-align: top; padding: .25rem .5rem; border-bottom: 1px solid var(--line); }
ul { margin: .25rem 0; padding-left: 1.25rem; }
:focus-visible { outline: 2px solid; outline-offset: 2px; }
@media (max-width: 40rem) {
  tr { display: block; padding: .4rem 0; border-bottom: 1px solid var(--line); }
  th, td { display: block; border: 0; padding: .1rem 0; }
}
`;
