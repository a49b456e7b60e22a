import { beforeEach } from 'vitest';
import { lacking, whyNot } from '../deploy/gaps.ts';

/** Skips, by name and with the reason, what the target of this run cannot do. Nothing is skipped on the local stack. */
const lacks = lacking(process.env.E2E_LACKS);

if (lacks.length > 0) {
  beforeEach((context) => {
    const reason = whyNot(context.task.fullName, lacks);
    if (reason !== undefined) context.skip(reason);
  });
}
