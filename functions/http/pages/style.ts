import { createHash } from 'node:crypto';

/**
 * The style of every page, inline and allowed by its hash: a page here loads nothing. Colours are pairs that keep a
 * contrast of 4.5 to 1 or better in both schemes (WCAG 2.2, 1.4.3); `test/http/pages.test.ts` computes them.
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
body{margin:0;padding:1.5rem 1rem;background:var(--ground);color:var(--text);font:1rem/1.5 system-ui,sans-serif}
main{max-width:34rem;margin:0 auto;padding:1.5rem;background:var(--card);border:1px solid var(--line);border-radius:.75rem}
h1{margin:0 0 .75rem;font-size:1.375rem;line-height:1.3;font-weight:650;overflow-wrap:anywhere}
p{margin:0 0 .75rem;overflow-wrap:anywhere}
.quiet,dt{color:var(--quiet)}
.name{display:inline-block;max-width:100%;overflow:hidden;vertical-align:bottom;overflow-wrap:anywhere}
.tag{display:inline-block;margin-right:.25em;padding:0 .5em;border:1px solid var(--line);border-radius:1em;color:var(--quiet);font-size:.875rem}
.warn{padding:.75rem 1rem;border-radius:.5rem;background:var(--warnGround);color:var(--warnText)}
fieldset{margin:0;padding:0;border:0}
legend{padding:0;font-weight:650}
label{display:flex;gap:.75rem;align-items:flex-start;padding:.625rem 0;border-bottom:1px solid var(--line)}
input[type=checkbox]{flex:none;width:1.25rem;height:1.25rem;margin:.125rem 0 0;accent-color:var(--action)}
code{font:.875rem/1.4 ui-monospace,monospace;overflow-wrap:anywhere}
label code{display:block;color:var(--quiet)}
dl{margin:1.25rem 0;font-size:.9375rem}
dt{margin-top:.5rem}
dd{margin:0;overflow-wrap:anywhere}
.buttons{display:flex;flex-wrap:wrap;gap:.75rem;margin-top:1.25rem}
button{flex:1 1 9rem;min-height:2.75rem;padding:.5rem 1rem;border:1px solid var(--quiet);border-radius:.5rem;background:transparent;color:var(--text);font:inherit;font-weight:600;cursor:pointer}
button.primary{border-color:var(--action);background:var(--action);color:var(--onAction)}
:focus-visible{outline:3px solid var(--focus);outline-offset:2px}
`;

/** The style's hash as a Content-Security-Policy source (CSP level 3, section 2.3.1). */
export const STYLE_SOURCE = `'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`;
