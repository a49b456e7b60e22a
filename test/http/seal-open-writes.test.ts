import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { anEvent } from '../core/audit/builders.ts';
import { type AuditStand, startAuditStand } from '../support/audit-log.ts';
import { type Sealing, sealingOf } from '../support/sealing.ts';

/** Writes that began and whose end is not on record, as the scheduled sealing tells them. */

let stand: AuditStand;
beforeEach(async () => {
  stand = await startAuditStand();
});
afterEach(() => stand.close());

const LATER = '2025-11-22T12:16:00.000Z';
const intent = (requestId: string) => anEvent({ phase: 'intent', requestId, tool: 'add_ticket_note' });
const outcome = (requestId: string) => anEvent({ phase: 'outcome', requestId, tool: 'add_ticket_note' });

async function appended(...events: ReturnType<typeof anEvent>[]): Promise<void> {
  const log = stand.environment();
  log.clock.set('2025-11-22T12:00:00.000Z');
  for (const event of events) await log.append(event);
}

function told({ lines }: Sealing): unknown[] {
  return lines.filter(({ message }) => message === 'audit intent open').map(({ fields }) => fields.request_id);
}

describe('a write without an end', () => {
  test('is told after a quarter of an hour, by every run, and a finished one never', async () => {
    await appended(intent('finished'), outcome('finished'), intent('open'), anEvent());
    const sealing = await sealingOf(stand);
    await sealing.run();
    expect(told(sealing)).toEqual([]);
    sealing.clock.set(LATER);
    await sealing.run();
    await sealing.run();
    expect(told(sealing)).toEqual(['open', 'open']);
  });

  test('is told by an environment that began after it was sealed', async () => {
    await appended(intent('open'), intent('finished'), outcome('finished'));
    await (await sealingOf(stand)).run();
    const another = await sealingOf(stand);
    another.clock.set(LATER);
    await another.run();
    expect(told(another)).toEqual(['open']);
  });

  test('is over when its end comes late, in another stream', async () => {
    await appended(intent('slow'));
    const sealing = await sealingOf(stand);
    await sealing.run();
    await appended(outcome('slow'));
    sealing.clock.set(LATER);
    await sealing.run();
    expect(told(sealing)).toEqual([]);
  });

  test('is told once when the run that first saw it failed half way', async () => {
    let failing = false;
    const sealing: Sealing = await sealingOf(stand, {
      sign: async (note) => {
        if (failing) throw new Error('no key');
        return sealing.sign(note);
      },
    });
    await sealing.run();
    await appended(intent('open'), intent('finished'), outcome('finished'));
    failing = true;
    await expect(sealing.run()).rejects.toThrow('no key');
    failing = false;
    sealing.clock.set(LATER);
    await sealing.run();
    expect(told(sealing)).toEqual(['open']);
  });

  test('that there is no time to look back for is left out, and said', async () => {
    await appended(intent('open'));
    await (await sealingOf(stand)).run();
    const hurried = await sealingOf(stand, { bounds: { millis: -2, leaves: 10 } });
    hurried.clock.set(LATER);
    await hurried.run();
    expect(told(hurried)).toEqual([]);
    expect(hurried.lines.map(({ message }) => message)).toContain(
      'writes that were left open earlier were not all looked for',
    );
  });
});
