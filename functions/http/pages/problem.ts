import { html } from 'hono/html';
import { document } from './document.ts';

/** Something a person in a browser meets when a sign-in cannot go on. */
export type Problem = {
  readonly title: string;
  readonly happened: string;
  /** The value it is about, shown as it came. Never as a link. */
  readonly value?: string | undefined;
  readonly advice: string;
};

/** A page that says what happened, which value, and what to do. It leads nowhere: the way back is not ours to offer. */
export async function problemPage(problem: Problem, requestId: string): Promise<string> {
  return document(
    problem.title,
    html`<h1>${problem.title}</h1>
<p>${problem.happened}</p>
${problem.value === undefined ? '' : html`<p class="value"><code>${problem.value}</code></p>`}
<p>${problem.advice}</p>
<p class="quiet">Request id <code>${requestId}</code></p>`,
  );
}
