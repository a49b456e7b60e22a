import { createHash } from 'node:crypto';

/**
 * The style of every page, inline and allowed by its hash: a page here loads nothing. Colours are pairs that keep a
 * contrast of 4.5 to 1 or better in both schemes (WCAG 2.2, 1.4.3); `test/http/authorize-page.test.ts` computes them.
 */
export const PALETTE = {
  light: {
    ground: '#f3f4f6',
    card: '#ffffff',
    text: '#14181f',
    quiet: '#4d5765',
    line: '#c9ced6',
    warnGround: '#fff4d6',
    warnText: '#5c3d00',
    action: '#1d4f91',
    onAction: '#ffffff',
    focus: '#1d4f91',
  },
  dark: {
    ground: '#0e1116',
    card: '#171b22',
    text: '#e8ebf0',
    quiet: '#a6b0be',
    line: '#3a424e',
    warnGround: '#332a12',
    warnText: '#f5dc9a',
    action: '#8ab8f5',
    onAction: '#0b1624',
    focus: '#8ab8f5',
  },
} as const;

function variables(colours: Readonly<Record<string, string>>): string {
  return Object.entries(colours)
    .map(([name, value]) => `--${name}:${value}`)
    .join(';');
}

export const STYLE = `
:root{color-scheme:light dark;${variables(PALETTE.light)}}
@media (prefers-color-scheme:dark){:root{${variables(PALETTE.dark)}}}
*{box-sizing:border-box}
body{margin:0;padding:3rem 1rem;background:var(--ground);color:var(--text);font:1rem/1.5 system-ui,sans-serif}
main{max-width:35rem;margin:0 auto;padding:2rem;background:var(--card);border:1px solid var(--line);border-radius:.75rem}
h1{margin:0 0 1rem;font-size:1.375rem;line-height:1.35;font-weight:500;overflow-wrap:anywhere}
p{margin:0 0 1rem;overflow-wrap:anywhere}
p:last-child{margin-bottom:0}
strong{font-weight:650}
.quiet,dt{color:var(--quiet)}
.name{display:inline-block;max-width:100%;overflow:hidden;vertical-align:bottom;overflow-wrap:anywhere}
.tag{display:inline-block;margin-right:.375em;padding:0 .625em;border:1px solid var(--quiet);border-radius:1em;color:var(--quiet);font-size:.8125rem;line-height:1.25rem}
.warn{padding:.75rem 1rem;border-radius:.5rem;background:var(--warnGround);color:var(--warnText)}
.value{padding:.75rem 1rem;border:1px solid var(--line);border-radius:.5rem;background:var(--ground)}
fieldset{min-width:0;margin:1.5rem 0;padding:0;border:0}
legend{margin-bottom:.5rem;padding:0;font-weight:650}
.scopes{border:1px solid var(--line);border-radius:.5rem}
label{display:flex;gap:.75rem;align-items:flex-start;padding:.75rem 1rem;cursor:pointer}
label+label{border-top:1px solid var(--line)}
label span{min-width:0;overflow-wrap:anywhere}
input[type=checkbox]{flex:none;width:1.25rem;height:1.25rem;margin:.125rem 0 0;accent-color:var(--action)}
code{font:.875rem/1.5 ui-monospace,monospace;overflow-wrap:anywhere}
label code{display:block;color:var(--quiet);font-size:.8125rem}
dl{margin:1.5rem 0;font-size:.9375rem}
dt{margin-top:.75rem}
dd{margin:0;overflow-wrap:anywhere}
.next{margin:1.5rem 0 1rem;padding-top:1.5rem;border-top:1px solid var(--line)}
.buttons{display:flex;flex-wrap:wrap;gap:.75rem}
button{flex:1 1 11.5rem;min-height:2.75rem;padding:.5rem .75rem;border:1px solid var(--quiet);border-radius:.5rem;background:transparent;color:var(--text);font:inherit;font-weight:600;cursor:pointer}
button.primary{border-color:var(--action);background:var(--action);color:var(--onAction)}
:focus-visible{outline:3px solid var(--focus);outline-offset:2px}
@media (min-width:32rem){
dl{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:.625rem 1.5rem}
dt{margin:0}
}
@media (max-width:32rem){
body{padding:0;background:var(--card)}
main{padding:1.5rem 1rem;border:0;border-radius:0}
}
`;

/** The style's hash as a Content-Security-Policy source (CSP level 3, section 2.3.1). */
export const STYLE_SOURCE = `'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`;
